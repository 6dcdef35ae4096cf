/** Connections of a plain server, with a clock of our own: places, the line, and what ends. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import {
  type Connection,
  type ConnectionLimits,
  type Connections,
  createConnections,
} from '../../src/server/connections.ts';

interface Scene {
  readonly connections: Connections;
  /** What the server does: in the order in which they began. */
  readonly begun: readonly Socket[];
  /** From an address of this machine; resolves when TCP has it. */
  open(from?: string): Promise<Client>;
  /** Lets time pass, and then the network. */
  pass(ms: number): Promise<void>;
}

interface Client {
  readonly socket: Socket;
  readonly isOver: () => boolean;
}

let server: Server;
const clients: Socket[] = [];

beforeEach(() => void vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] }));

afterEach(async () => {
  for (const client of clients.splice(0)) client.destroy();
  server.close();
  await once(server, 'close');
  vi.useRealTimers();
});

async function listen(limits: ConnectionLimits): Promise<Scene> {
  const connections = createConnections(limits);
  const begun: Socket[] = [];
  server = createServer((socket) => {
    socket.on('error', () => undefined);
    begun.push(socket);
  });
  connections.guard(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    connections,
    begun,
    async open(from = '127.0.0.1') {
      const socket = connect({ port, host: '127.0.0.1', localAddress: from });
      clients.push(socket);
      let over = false;
      socket.on('error', () => undefined).on('close', () => (over = true));
      await once(socket, 'connect');
      await settle();
      return { socket, isOver: () => over };
    },
    async pass(ms) {
      vi.advanceTimersByTime(ms);
      await settle();
    },
  };
}

/** What has happened in the kernel gets here. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await turn();
}

const only = ({ connections }: Scene): Connection => {
  const [connection] = connections.all;
  if (connection === undefined) throw new Error('there is no connection');
  return connection;
};

/** More than the kernel takes for a client that does not read. */
const LARGE = Buffer.alloc(16 * 1024 * 1024);

test('an answer that is not read for ten seconds ends its connection', async () => {
  const scene = await listen({ open: 4, waiting: 4 });
  const client = await scene.open();
  client.socket.pause();
  only(scene).top.write(LARGE);
  for (let second = 0; second < 10; second += 1) await scene.pass(1000);
  expect(scene.connections.all.size).toBe(1);
  await scene.pass(2000);
  expect(scene.connections.all.size).toBe(0);
});

test('a connection that has another answer on its way at every look goes on', async () => {
  const scene = await listen({ open: 4, waiting: 4 });
  const client = await scene.open();
  client.socket.pause();
  const { top } = only(scene);
  top.write(LARGE);
  for (let second = 0; second < 30; second += 1) {
    top.write('{}');
    expect(top.writableLength).toBeGreaterThan(0);
    await scene.pass(1000);
  }
  expect(scene.connections.all.size).toBe(1);
});
