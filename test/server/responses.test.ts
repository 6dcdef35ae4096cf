/** Unread responses on real sockets; they are large, because the kernel buffers a part. */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server } from 'node:http';
import { type AddressInfo, connect, type Socket } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createAnswers, type SendAnswer } from '../../src/server/responses.ts';
import type { Connection } from '../../src/server/connection.ts';
import { connectionOn } from './connection.ts';

const MIB = 1024 * 1024;
/** More than the kernel takes for a client that does not read. */
const LARGE = 8 * MIB;

let server: Server;
let clients: Client[];

beforeEach(() => void (clients = []));
afterEach(() => {
  for (const { socket } of clients) socket.destroy();
  server.close();
});

interface Client {
  readonly socket: Socket;
  /** Its other end. */
  readonly served: Socket;
}

/** A server that answers with so many bytes as the path says. */
async function listen(sendAnswer: SendAnswer): Promise<void> {
  const connections = new WeakMap<Socket, Connection>();
  server = createServer((request, response) => {
    const connection = connections.get(request.socket) ?? connectionOn(request.socket);
    connections.set(request.socket, connection);
    const text = 'x'.repeat(Number(request.url?.slice(1)));
    sendAnswer(response, connection, { code: 200, text, isLast: false });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
}

/** Requests responses of this size one after the other, and does not read them. */
async function ask(...sizes: readonly number[]): Promise<Client> {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1');
  socket.on('error', () => undefined);
  await once(socket, 'connect');
  socket.pause();
  const requested = once(server, 'request');
  socket.write(sizes.map((size) => `GET /${size} HTTP/1.1\r\nhost: a\r\n\r\n`).join(''));
  const [{ socket: served }] = (await requested) as [IncomingMessage];
  const client = { socket, served };
  clients.push(client);
  await soon();
  return client;
}

const soon = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 50));

/** Whose connection has ended. */
const over = (): readonly boolean[] => clients.map(({ served }) => served.destroyed);

test('beyond the limit the connections end that have left an answer unread for longest', async () => {
  await listen(createAnswers(2.5 * LARGE));
  for (let count = 0; count < 4; count += 1) await ask(LARGE);
  expect(over()).toEqual([true, true, false, false]);
});

test('one answer that is larger than all that there is room for is sent', async () => {
  await listen(createAnswers(MIB));
  await ask(LARGE);
  expect(over()).toEqual([false]);
});

test('responses that were read, or whose connection has ended, are no longer counted', async () => {
  await listen(createAnswers(2.5 * LARGE));
  const reading = await ask(LARGE);
  reading.socket.resume();
  const ending = await ask(LARGE);
  ending.socket.destroy();
  await soon();
  await ask(LARGE);
  await ask(LARGE);
  expect(over()).toEqual([false, true, false, false]);
});

test('a small answer does not count where it is the only one on its connection', async () => {
  await listen(createAnswers(32 * 1024));
  for (let count = 0; count < 5; count += 1) await ask(15_000);
  expect(over()).toEqual([false, false, false, false, false]);
});

test('the connection of a client that sends requests without reading ends, even below the limit', async () => {
  await listen(createAnswers(100 * LARGE));
  await ask(...Array.from({ length: 30 }, () => 15_000));
  await ask(...Array.from({ length: 3 }, () => 15_000));
  await ask(LARGE);
  expect(over()).toEqual([true, false, false]);
});
