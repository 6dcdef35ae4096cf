/** A kubeconfig of one context with a token, for example of a ServiceAccount. */
import { writeFileSync } from 'node:fs';
import path from 'node:path';

export function writeKubeconfig(
  folder: string,
  { url, ca }: { readonly url: string; readonly ca: string },
  token: string,
): string {
  const file = path.join(folder, 'kubeconfig.json');
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      { name: 'c', cluster: { server: url, 'certificate-authority-data': Buffer.from(ca).toString('base64') } },
    ],
    users: [{ name: 'u', user: { token } }],
    contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace: 'tidewaiter' } }],
    'current-context': 'x',
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
}
