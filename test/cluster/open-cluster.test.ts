/** Which cluster the settings select, and how errors name the settings. */
import { writeFileSync } from 'node:fs';
import { beforeEach, expect, test } from 'vitest';
import { type Flags, loadConfig } from '../../src/config/config.ts';
import { openCluster } from '../../src/wiring.ts';
import { inOwnFolders } from '../support/own-folders.ts';

inOwnFolders('open-cluster');

const KUBECONFIG = `apiVersion: v1
kind: Config
current-context: shop
clusters: [{name: one, cluster: {server: 'https://one.example.com:6443'}}]
users: [{name: ann, user: {token: t}}]
contexts:
  - {name: shop, context: {cluster: one, user: ann, namespace: shop}}
  - {name: bare, context: {cluster: one, user: ann}}
`;

beforeEach(() => writeFileSync('config', KUBECONFIG));

async function open(flags: Flags, env: NodeJS.ProcessEnv = {}): ReturnType<typeof openCluster> {
  return openCluster((await loadConfig(flags, env)).config);
}

test('uses no cluster outside a Pod, and none with --cluster off', async () => {
  expect(await open({}, { KUBECONFIG: 'config' })).toBeUndefined();
  expect(await open({ cluster: 'off', kubeconfig: 'config' })).toBeUndefined();
});

test.each<readonly [Flags, NodeJS.ProcessEnv, string]>([
  [{ cluster: 'on' }, { KUBECONFIG: 'config' }, 'shop'],
  [{ kubeconfig: 'config' }, {}, 'shop'],
  [{ context: 'bare' }, { KUBECONFIG: 'config' }, 'default'],
  [{}, { TIDEWAITER_KUBECONFIG: 'config', TIDEWAITER_CONTEXT: 'bare' }, 'default'],
])('%j %j selects the API server of the kubeconfig', async (flags, env, namespace) => {
  const cluster = await open(flags, env);
  expect([cluster?.server, cluster?.namespace]).toEqual(['https://one.example.com:6443', namespace]);
});

test('reports the setting of a file that cannot be read, and of a context that is not there', async () => {
  await expect(open({ kubeconfig: 'absent' })).rejects.toThrow(
    /cannot read kubeconfig "absent".* \(set by --kubeconfig\)/,
  );
  await expect(open({ kubeconfig: 'config', context: 'shpo' })).rejects.toThrow(
    '--context: kubeconfig "config" has no context "shpo"',
  );
});
