/** Reads configuration values from TIDEWAITER_* variables. */
import { UserError } from '../error/user-error.ts';
import { didYouMean } from '../image/suggestion.ts';
import type { Attempt } from './faults.ts';
import { variableOf } from './key.ts';
import { ROWS } from './keys.ts';
import { someOf } from '../image/or-list.ts';
import { parseTexts } from './text-value.ts';
import type { Value } from './values.ts';

/** Keys by the names of their variables. */
const KEY_OF: ReadonlyMap<string, string> = new Map(
  [...ROWS].flatMap(([key, { variable }]) => (variable === undefined ? [] : [[variableOf(key), key]])),
);

const PREFIX = 'TIDEWAITER_';

/** Kubernetes sets TIDEWAITER_SERVICE_HOST, TIDEWAITER_PORT, and similar variables for a Service named tidewaiter. */
const SERVICE_LINK = /^TIDEWAITER_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$/;

export function variableLayer(env: NodeJS.ProcessEnv, attempt: Attempt): ReadonlyMap<string, Value> {
  const layer = new Map<string, Value>();
  const unknown: string[] = [];
  for (const [name, text] of Object.entries(env)) {
    if (!isOurs(name) || text === undefined || text === '') continue;
    const key = KEY_OF.get(name);
    if (key === undefined) unknown.push(name);
    const value = key && attempt(() => parse(key, text, name));
    if (key !== undefined && value !== undefined) layer.set(key, { value, from: name });
  }
  if (unknown.length > 0) attempt(() => rejectVariables(unknown));
  return layer;
}

function isOurs(name: string): boolean {
  return name.startsWith(PREFIX) && name !== 'TIDEWAITER_CONFIG' && !SERVICE_LINK.test(name);
}

/** Lists variables once, and only if there is a name without a suggestion. */
function rejectVariables(names: readonly string[]): never {
  const known = [...KEY_OF.keys(), 'TIDEWAITER_CONFIG'];
  const ends = known.map((one) => one.slice(PREFIX.length));
  let list = ` (expected ${someOf(known)})`;
  const lines = names.map((name) => {
    const suggestion = didYouMean(name.slice(PREFIX.length), ends, PREFIX);
    const line = `unknown environment variable ${name}${suggestion === '' ? list : suggestion}`;
    if (suggestion === '') list = '';
    return line;
  });
  throw new UserError(lines.join('\n'));
}

function parse(key: string, text: string, from: string): unknown {
  const row = ROWS.get(key);
  if (row === undefined) return text;
  const { schema, variable } = row;
  const texts = typeof variable === 'string' ? text.split(variable).filter((part) => part !== '') : text;
  return parseTexts(schema, texts, from);
}
