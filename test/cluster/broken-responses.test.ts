/** Whatever a server sends, the client returns an object or rejects with an ApiOutage or ApiError in time, and goes on. */
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import type { ClusterApi } from '../../src/cluster/api.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import { kubeconfigText, openKubeconfig } from '../support/tls-api-server.ts';

inOwnFolders('broken-responses');

type React = (socket: Socket) => void;

let react: React = () => undefined;
let api: ClusterApi;
const server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.once('data', () => react(socket));
});
beforeAll(async () => new Promise<void>((resolve) => void server.listen(0, '127.0.0.1', resolve)));
afterAll(() => void server.close());
beforeEach(() => {
  const { port } = server.address() as AddressInfo;
  writeFileSync('config', kubeconfigText({ cluster: { server: `http://127.0.0.1:${port}` } }));
  api = openKubeconfig('config');
  return async () => api.close();
});

const send =
  (text: string): React =>
  (socket) =>
    void socket.end(text);

/** `start`, then `more` again and again, until the client closes the connection. */
const flood =
  (start: string, more: string): React =>
  (socket) => {
    socket.write(start);
    const timer = setInterval(() => void socket.write(more), 1);
    socket.once('close', () => clearInterval(timer));
  };

const OK = 'HTTP/1.1 200 OK\r\n';

const INVALID = /^ApiOutage: .*it sent an invalid HTTP response \(\w+\)$/;
const LATE = /^ApiOutage: .*it did not respond within 0.4 s$/;
const LARGE = /^ApiOutage: .*it sent too many headers \(\w+\)$/;
const CLOSED = /^ApiOutage: .*it closed the connection \(\w+\)$/;

async function firstEvent(): Promise<unknown> {
  for await (const event of api.watch({ path: '/x', idleMs: 400 }, new AbortController().signal)) return event;
  return undefined;
}

test.each<readonly [string, React, RegExp]>([
  ['another protocol', send('SSH-2.0-OpenSSH\r\n'), INVALID],
  ['the status 000', send('HTTP/1.1 000 x\r\ncontent-length: 2\r\n\r\n{}'), INVALID],
  [
    'what a server with TLS sends to a client without it',
    send('HTTP/1.0 400 Bad Request\r\n\r\nClient sent an HTTP request to an HTTPS server.\n'),
    /returned HTTP 400 without a Status; if it uses TLS, start "server" with https:\/\/$/,
  ],
  ['no content', send('HTTP/1.1 204 x\r\n\r\n'), /returned HTTP 204 without a Status$/],
  ['an upgrade', send('HTTP/1.1 101 x\r\nupgrade: x\r\nconnection: upgrade\r\n\r\n'), CLOSED],
  ['hints without end', flood('', 'HTTP/1.1 103 Early\r\nlink: x\r\n\r\n'), LATE],
  ['a header without end', flood(`${OK}x: `, 'y'.repeat(10_000)), LARGE],
  ['headers without end', flood(OK, 'a: b\r\n'.repeat(1000)), LARGE],
  ['a slow header', flood(`${OK}x: `, 'y'), LATE],
  ['a chunk extension without end', flood(`${OK}transfer-encoding: chunked\r\n\r\n2;`, 'y'.repeat(1000)), LATE],
  ['a broken chunk', send(`${OK}transfer-encoding: chunked\r\n\r\nzz\r\n`), INVALID],
  ['two lengths', send(`${OK}content-length: 2\r\ncontent-length: 3\r\n\r\n{}x`), INVALID],
  ['a negative length', send(`${OK}content-length: -5\r\n\r\n{}`), INVALID],
  [
    'two encodings',
    send(`${OK}content-encoding: identity\r\ncontent-encoding: gzip\r\n\r\n{}`),
    /a compressed response/,
  ],
  ['a reset', (socket) => socket.resetAndDestroy(), CLOSED],
  ['nothing', (socket) => void socket.end(), CLOSED],
  ['HTTP 401 without a body', send('HTTP/1.1 401 x\r\ncontent-length: 0\r\n\r\n'), /^ApiError: .*user "ann".*HTTP 401/],
])('%s', async (_what, reaction, message) => {
  react = reaction;
  await expect(api.request({ path: '/x', timeoutMs: 400 }).catch(String)).resolves.toMatch(message);
  await expect(firstEvent().catch(String)).resolves.toMatch(message);
  react = send(`${OK}content-length: 2\r\n\r\n{}`);
  expect(await api.request({ path: '/x' })).toEqual({});
});
