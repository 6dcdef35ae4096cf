/** Reads configuration values from TIDEWAITER_* variables. */
import { UserError } from '../error/user-error.ts';
import { didYouMean } from '../image/suggestion.ts';
import type { Attempt } from './faults.ts';
import { variableOf } from './key.ts';
import { ROWS } from './keys.ts';
import { parseTexts } from './text-value.ts';
import type { Value } from './values.ts';

/** Keys by the names of their variables. */
const KEY_OF: ReadonlyMap<string, string> = new Map(
  [...ROWS].flatMap(([key, { variable }]) => (variable === undefined ? [] : [[variableOf(key), key]])),
);

/** Kubernetes sets TIDEWAITER_SERVICE_HOST, TIDEWAITER_PORT, and similar variables for a Service named tidewaiter. */
const SERVICE_LINK = /^TIDEWAITER_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$/;

export function variableLayer(env: NodeJS.ProcessEnv, attempt: Attempt): ReadonlyMap<string, Value> {
  const layer = new Map<string, Value>();
  for (const [name, text] of Object.entries(env)) {
    if (!isOurs(name) || text === undefined || text === '') continue;
    const key = KEY_OF.get(name) ?? attempt(() => unknownVariable(name));
    const value = key && attempt(() => parse(key, text, name));
    if (key !== undefined && value !== undefined) layer.set(key, { value, from: name });
  }
  return layer;
}

function isOurs(name: string): boolean {
  return name.startsWith('TIDEWAITER_') && name !== 'TIDEWAITER_CONFIG' && !SERVICE_LINK.test(name);
}

function unknownVariable(name: string): never {
  const names = [...KEY_OF.keys(), 'TIDEWAITER_CONFIG'];
  throw new UserError(`unknown environment variable ${name}${didYouMean(name, names)} (accepted: ${names.join(', ')})`);
}

function parse(key: string, text: string, from: string): unknown {
  const row = ROWS.get(key);
  if (row === undefined) return text;
  const { schema, variable } = row;
  const texts = typeof variable === 'string' ? text.split(variable).filter((part) => part !== '') : text;
  return parseTexts(schema, texts, from);
}
