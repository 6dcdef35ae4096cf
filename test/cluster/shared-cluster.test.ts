/** The parts of a server share one client of the API server. */
import { writeFileSync } from 'node:fs';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { loadConfig } from '../../src/config/config.ts';
import { sharedCluster } from '../../src/wiring.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import { base64, kubeconfigText, respond, startTlsApiServer, type TlsApiServer } from '../support/tls-api-server.ts';

inOwnFolders('shared-cluster');

let server: TlsApiServer;
beforeAll(async () => {
  server = await startTlsApiServer();
  server.handler = respond(200, {});
});
afterAll(async () => server.close());

const GET = { path: '/api' };

test('share its connections, and the last that closes it ends it', async () => {
  const cluster = { server: server.url, 'certificate-authority-data': base64(server.authority.cert) };
  writeFileSync('config', kubeconfigText({ cluster }));
  const { config } = await loadConfig({ kubeconfig: 'config' }, {});
  const open = sharedCluster(config);
  const users = await Promise.all(Array.from({ length: 5 }, async () => open()));
  for (const api of users) expect(await api?.request(GET)).toEqual({});
  expect(server.handshakes.length).toBeLessThan(users.length);
  const [first, last, ...others] = users;
  await Promise.all([...others, first, first].map(async (api) => api?.close()));
  expect(await last?.request(GET)).toEqual({});
  await last?.close();
  await expect(last?.request(GET)).rejects.toThrow('the client is closed');
  const again = await open();
  expect(await again?.request(GET)).toEqual({});
  await again?.close();
});

test('is none if no cluster is used', async () => {
  const { config } = await loadConfig({ cluster: 'off' }, {});
  expect(await sharedCluster(config)()).toBeUndefined();
});
