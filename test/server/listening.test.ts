import { connect, type Socket } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { createOperationsServer } from '../../src/server/http.ts';
import { type Listening, listenOn } from '../../src/server/listening.ts';

const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0).toReversed()) await close();
});

const HOST = '127.0.0.1';
const isLinux = process.platform === 'linux';
const nextTurn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

async function listeningApp(): Promise<Listening & { readonly accepted: () => number }> {
  const app = createOperationsServer();
  app.get('/', () => 'ok');
  let accepted = 0;
  app.server.on('connection', () => (accepted += 1));
  const listening = await listenOn(app, { host: HOST, port: 0 }, false);
  closing.push(async () => {
    await app.close();
    await listening.close();
  });
  return { ...listening, accepted: () => accepted };
}

function connected(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ host: HOST, port }, () => resolve(socket)).once('error', reject);
    closing.push(() => socket.destroy());
  });
}

test.runIf(isLinux)('accepts many connections in one turn of the loop', async () => {
  const { port, accepted } = await listeningApp();
  const sockets = Array.from({ length: 64 }, () => connected(port));
  let most = 0;
  for (let before = accepted(); before < 64; before = accepted()) {
    await nextTurn();
    most = Math.max(most, accepted() - before);
  }
  await Promise.all(sockets);
  expect(most).toBeGreaterThan(4);
});

test('answers on each of its sockets', async () => {
  const { port } = await listeningApp();
  const responses = await Promise.all(
    Array.from({ length: 40 }, async () => (await fetch(`http://${HOST}:${port}/`)).text()),
  );
  expect(new Set(responses)).toEqual(new Set(['ok']));
});

test('does not share a port with another one', async () => {
  const { port } = await listeningApp();
  const second = createOperationsServer();
  closing.push(() => second.close());
  await expect(listenOn(second, { host: HOST, port }, false)).rejects.toMatchObject({ code: 'EADDRINUSE' });
});

test('gives the port back', async () => {
  const { port } = await listeningApp();
  await connected(port);
  for (const close of closing.splice(0).toReversed()) await close();
  await expect(connected(port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
});
