/** Pull secrets from the JSON in them. */
import { type PullSecret, pullSecret } from '../../src/credential/pull-secret.ts';

export const JSON_TYPE = 'kubernetes.io/dockerconfigjson';

export function secretOf(name: string, file: string | Uint8Array, type = JSON_TYPE): PullSecret {
  const key = type === 'kubernetes.io/dockercfg' ? '.dockercfg' : '.dockerconfigjson';
  const bytes = typeof file === 'string' ? new TextEncoder().encode(file) : file;
  return pullSecret({ name, type, data: new Map([[key, bytes]]) });
}

/** A `dockerconfigjson` with an entry for each of these servers; the user is called like the server. */
export function secretFor(name: string, ...servers: readonly string[]): PullSecret {
  const auths = Object.fromEntries(servers.map((server) => [server, { username: server, password: 'p4ss' }]));
  return secretOf(name, JSON.stringify({ auths }));
}
