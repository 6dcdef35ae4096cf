/** Rarer connections of the client: IPv6, rotation under a watch, and the end of the client. */
import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import { networkInterfaces } from 'node:os';
import { afterEach, expect, test } from 'vitest';
import type { ClusterApi } from '../../src/cluster/api.ts';
import { podConnection } from '../../src/cluster/in-pod.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import { base64, kubeconfigText, openKubeconfig, serverForTests } from '../support/tls-api-server.ts';
import { createAuthority } from './certificates.ts';

inOwnFolders('client-users');

const GET = { path: '/api/v1/namespaces/shop' };

const server = await serverForTests({});
let opened: ClusterApi | undefined;
afterEach(async () => opened?.close());

function client(user: object, now?: () => number): ClusterApi {
  const cluster = { server: server.url, 'certificate-authority-data': base64(server.authority.cert) };
  writeFileSync('config', kubeconfigText({ cluster, user: { ...user } }));
  opened = openKubeconfig('config', {}, now);
  return opened;
}

const message = async (work: Promise<unknown>): Promise<string> => work.then(String, (error: Error) => error.message);

const hasIpv6 = Object.values(networkInterfaces()).some((each) => each?.some(({ address }) => address === '::1'));

test.skipIf(!hasIpv6)('reaches an IPv6 address, whose certificate has it', async () => {
  const authority = await createAuthority();
  const secure = createServer(await authority.serverCertificate(['::1']), (_request, response) => response.end('{}'));
  await new Promise<void>((resolve) => void secure.listen(0, '::1', resolve));
  const { port } = secure.address() as AddressInfo;
  const cluster = { server: `https://[::1]:${port}`, 'certificate-authority-data': base64(authority.cert) };
  writeFileSync('config', kubeconfigText({ cluster }));
  opened = openKubeconfig('config');
  expect(await opened.request(GET)).toEqual({});
  secure.close();
});

test('writes an IPv6 address of a Pod in brackets', () => {
  const env = { KUBERNETES_SERVICE_HOST: 'fd00::1', KUBERNETES_SERVICE_PORT: '6443' };
  expect(podConnection(env, '.').server.shown).toBe('https://[fd00::1]:6443');
});

test('keeps a watch when the certificate is replaced, and ends it with the client', async () => {
  const write = async (name: string): Promise<void> => {
    const { cert, key } = await server.authority.clientCertificate(name, 'team');
    writeFileSync('cert.pem', cert);
    writeFileSync('key.pem', key);
  };
  await write('ann');
  let ms = 0;
  const api = client({ 'client-certificate': 'cert.pem', 'client-key': 'key.pem' }, () => ms);
  const send = Promise.withResolvers<void>();
  server.handler = ({ url }, response) => {
    if (url !== '/watched?watch=1') {
      response.end('{}');
      return;
    }
    response.write('{"type":"ADDED","object":{}}\n');
    void send.promise.then(() => response.write('{"type":"MODIFIED","object":{}}\n'));
  };
  const events = api.watch({ path: '/watched', idleMs: 10_000 }, new AbortController().signal)[Symbol.asyncIterator]();
  expect(await events.next()).toMatchObject({ value: { type: 'ADDED' } });
  await write('bea');
  ms = 10_000;
  await api.request(GET);
  expect(server.handshakes.at(-1)).toBe('bea');
  send.resolve();
  expect(await events.next()).toMatchObject({ value: { type: 'MODIFIED' } });
  const last = message(events.next());
  await api.close();
  expect(await last).toBe('the client is closed');
  expect(await message(api.request(GET))).toBe('the client is closed');
});

test('reads a token only from a file, because a pipe would block', async () => {
  execFileSync('mkfifo', ['pipe']);
  expect(await message(client({ tokenFile: 'pipe' }).request(GET))).toMatch(
    /cannot read ".*pipe": expected a file of at most 1 MiB$/,
  );
  writeFileSync('empty', '\n');
  expect(await message(client({ tokenFile: 'empty' }).request(GET))).toMatch(/empty" contains no token$/);
});
