/** The client of a scripted API server, through a kubeconfig. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ClusterApi } from '../../src/cluster/api.ts';
import { openClusterApi } from '../../src/cluster/client.ts';

export function apiClient(server: string): ClusterApi {
  const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-kubeconfig-'));
  const file = path.join(folder, 'config');
  writeFileSync(file, kubeconfigFor(server));
  try {
    const settings = { mode: 'on', from: 'the test', kubeconfig: file, context: undefined } as const;
    return openClusterApi(settings, { env: {}, originOf: () => '' });
  } finally {
    rmSync(folder, { recursive: true });
  }
}

export function kubeconfigFor(server: string, user: object = {}, certificateAuthority?: string): string {
  const trust =
    certificateAuthority === undefined
      ? { 'insecure-skip-tls-verify': true }
      : { 'certificate-authority-data': Buffer.from(certificateAuthority).toString('base64') };
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [{ name: 'test', cluster: { server, ...trust } }],
    users: [{ name: 'test', user }],
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
    'current-context': 'test',
  });
}
