/** Finds out whether this process runs in a Pod that has a ServiceAccount token. */
import { existsSync } from 'node:fs';

/** Where the kubelet mounts the token, the namespace, and the CA of the API server. */
export const SERVICE_ACCOUNT_DIR = '/var/run/secrets/kubernetes.io/serviceaccount';

export function isInPod(env: Readonly<Record<string, string | undefined>>, directory = SERVICE_ACCOUNT_DIR): boolean {
  const host = env['KUBERNETES_SERVICE_HOST'];
  return host !== undefined && host !== '' && existsSync(`${directory}/token`);
}
