/** The API server of the Pod in which this process runs, with the token of its ServiceAccount. */
import { existsSync, readFileSync } from 'node:fs';
import { UserError } from '../error/user-error.ts';
import type { Environment } from '../go/http-proxy.ts';
import { isIPv6 } from '../go/ip.ts';
import type { Connection } from './connection.ts';

/** Where the kubelet mounts the token, the namespace, and the CA of the API server. */
const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

export function isInPod(env: Environment, directory = SERVICE_ACCOUNT_DIR): boolean {
  const host = env['KUBERNETES_SERVICE_HOST'];
  return host !== undefined && host !== '' && existsSync(`${directory}/token`);
}

export function podConnection(env: Environment, directory = SERVICE_ACCOUNT_DIR): Connection {
  const host = env['KUBERNETES_SERVICE_HOST'] ?? '';
  const url = URL.parse(`https://${isIPv6(host) ? `[${host}]` : host}:${env['KUBERNETES_SERVICE_PORT'] ?? 443}`);
  if (url === null) throw new UserError('KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not a valid address');
  const title = `the ServiceAccount in ${directory}`;
  const [ca, namespace] = [`${directory}/ca.crt`, `${directory}/namespace`];
  return {
    server: {
      url,
      shown: url.origin,
      ca: existsSync(ca) ? { file: ca } : undefined,
      skipsTlsVerification: false,
      tlsServerName: undefined,
      proxyUrl: undefined,
      title,
      entry: { server: url.origin },
    },
    user: {
      title,
      certificate: undefined,
      credential: { kind: 'tokenFile', file: `${directory}/token` },
      impersonation: [],
    },
    namespace: existsSync(namespace) ? readFileSync(namespace, 'utf8').trim() : 'default',
  };
}
