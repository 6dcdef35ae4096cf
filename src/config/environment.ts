/** TIDEWAITER_* variables -> values of the configuration. */
import path from 'node:path';
import { type Attempt } from './error.ts';
import type { Value } from './server.ts';
import { portOf, timeoutOf } from './values.ts';
import { didYouMean } from '../image/suggestion.ts';
import { UserError } from '../error/user-error.ts';

const VARIABLES: Readonly<Record<string, string>> = {
  TIDEWAITER_LISTEN: 'listen',
  TIDEWAITER_OPERATIONS_PORT: 'operationsPort',
  TIDEWAITER_OPERATIONS_LISTEN: 'operationsListen',
  TIDEWAITER_POLICIES: 'policies',
  TIDEWAITER_PLUGINS: 'plugins',
  TIDEWAITER_PLUGIN_TIMEOUT_MS: 'pluginTimeoutMs',
  TIDEWAITER_CERT: 'cert',
  TIDEWAITER_KEY: 'key',
  TIDEWAITER_CERTS_DIR: 'certsDir',
  TIDEWAITER_CLIENT_CA: 'clientCa',
  TIDEWAITER_CLIENT_NAMES: 'clientNames',
  TIDEWAITER_LOG_LEVEL: 'logLevel',
};

/** Kubernetes sets TIDEWAITER_SERVICE_HOST, TIDEWAITER_PORT and the like for a Service of our name. */
const SERVICE_LINK = /^TIDEWAITER_(SERVICE_(HOST|PORT)(_\w+)?|PORT(_\d+_(TCP|UDP)(_(PROTO|PORT|ADDR))?)?)$/;

export function envLayer(env: NodeJS.ProcessEnv, attempt: Attempt): ReadonlyMap<string, Value> {
  const layer = new Map<string, Value>();
  for (const [name, text] of Object.entries(env)) {
    if (!isOurs(name) || text === undefined || text === '') continue;
    const key = VARIABLES[name] ?? attempt(() => unknownVariable(name));
    const value = key && attempt(() => parsed(key, text, name));
    if (key !== undefined && value !== undefined) layer.set(key, { value, from: name });
  }
  return layer;
}

function isOurs(name: string): boolean {
  return name.startsWith('TIDEWAITER_') && name !== 'TIDEWAITER_CONFIG' && !SERVICE_LINK.test(name);
}

function unknownVariable(name: string): never {
  const names = [...Object.keys(VARIABLES), 'TIDEWAITER_CONFIG'];
  throw new UserError(`unknown variable ${name}${didYouMean(name, names)} (accepted: ${names.join(', ')})`);
}

function parsed(key: string, text: string, from: string): unknown {
  if (key === 'operationsPort') return portOf(text, from);
  if (key === 'pluginTimeoutMs') return timeoutOf(text, from);
  // Names of users of Kubernetes have colons in them.
  if (key === 'clientNames') return text.split(',').filter((name) => name !== '');
  if (key === 'policies' || key === 'plugins') return text.split(path.delimiter).filter((part) => part !== '');
  return text;
}
