/** Connections of a plain server, with a clock of our own: places, the line, and what ends. */
import { once } from 'node:events';
import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import type { Connection } from '../../src/server/connection.ts';
import { type ConnectionLimits, type Connections, createConnections } from '../../src/server/connections.ts';

interface Scene {
  readonly connections: Connections;
  /** The connections that the server has begun, in order. */
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

/** Waits until events from the kernel arrive. */
async function settle(): Promise<void> {
  for (let turns = 0; turns < 20; turns += 1) await turn();
}

const only = ({ connections }: Scene): Connection => {
  const [connection] = connections.all;
  if (connection === undefined) throw new Error('no connection');
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

const QUIET_MS = 5000;
const answered = { writableFinished: true };
const open = async (scene: Scene, count: number, from: string): Promise<readonly Client[]> => {
  const opened: Client[] = [];
  for (let index = 0; index < count; index += 1) opened.push(await scene.open(from));
  return opened;
};
/** Addresses of the connections that there are. */
const present = ({ connections }: Scene): string =>
  [...connections.all].map(({ address }) => address.replace('127.0.0.', '.')).join(' ');

describe('one more than there are places for', () => {
  test('waits, and begins when another one of its address ends', async () => {
    const scene = await listen({ open: 4, waiting: 8 });
    const [first] = await open(scene, 3, '127.0.0.1');
    expect(scene.begun).toHaveLength(2);
    first?.socket.destroy();
    await scene.pass(0);
    expect(scene.begun).toHaveLength(3);
  });

  test('waits for ten seconds', async () => {
    const scene = await listen({ open: 2, waiting: 8 });
    const [, late] = await open(scene, 2, '127.0.0.1');
    await scene.pass(9000);
    expect(late?.isOver()).toBe(false);
    await scene.pass(3000);
    expect(late?.isOver()).toBe(true);
    expect(scene.begun).toHaveLength(1);
  });

  test('ends at once where as many wait as may', async () => {
    const scene = await listen({ open: 2, waiting: 4 });
    const all = await open(scene, 5, '127.0.0.1');
    expect(all.map(({ isOver }) => isOver())).toEqual([false, false, false, true, true]);
  });

  test('that has gone while it waited begins nothing', async () => {
    const scene = await listen({ open: 2, waiting: 8 });
    const [first, second] = await open(scene, 3, '127.0.0.1');
    second?.socket.destroy();
    await scene.pass(0);
    first?.socket.destroy();
    await scene.pass(0);
    expect(scene.begun.map(({ destroyed }) => destroyed)).toEqual([true, false]);
  });

  test('ends with the server', async () => {
    const scene = await listen({ open: 2, waiting: 8 });
    const [first, late] = await open(scene, 2, '127.0.0.1');
    scene.connections.endWaiting();
    await scene.pass(0);
    expect([first?.isOver(), late?.isOver()]).toEqual([false, true]);
  });
});

test('a connection with more than a few requests without an answer ends', async () => {
  const scene = await listen({ open: 4, waiting: 8 });
  const client = await scene.open();
  const connection = only(scene);
  const response = { writableFinished: false };
  for (let round = 0; round < 2; round += 1) {
    response.writableFinished = true;
    for (let count = 0; count < 9; count += 1) {
      scene.connections.begin(connection, response);
      response.writableFinished = false;
    }
  }
  await scene.pass(0);
  expect(client.isOver()).toBe(false);
  scene.connections.begin(connection, response);
  await scene.pass(0);
  expect(client.isOver()).toBe(true);
});

test('when the server stops, those that wait, that come, and that have used nothing end; a review is answered', async () => {
  const scene = await listen({ open: 4, waiting: 8 });
  const [used, silent, waiting] = await open(scene, 3, '127.0.0.1');
  const [connection] = scene.connections.all;
  if (connection !== undefined) scene.connections.begin(connection, { writableFinished: false });
  scene.connections.close();
  await scene.pass(0);
  const [late] = await open(scene, 1, '127.0.0.2');
  await scene.pass(0);
  expect([used, silent, waiting, late].map((client) => client?.isOver())).toEqual([false, true, true, true]);
  expect(scene.begun).toHaveLength(2);
});

describe('beside addresses that hold more', () => {
  /** 127.0.0.11 holds 8 of 16 places, the next ones 4, 2, and 1: without an end to any of them the last one is left. */
  const crowded = async (): Promise<Scene> => {
    const scene = await listen({ open: 16, waiting: 64 });
    for (const [count, from] of [
      [8, 11],
      [4, 12],
      [2, 13],
      [1, 14],
    ] as const)
      await open(scene, count, `127.0.0.${from}`);
    expect(scene.begun).toHaveLength(15);
    return scene;
  };
  const connectionsOf = ({ connections }: Scene, address: string): number =>
    [...connections.all].filter((one) => one.address === address && !one.socket.destroyed).length;

  test('one that has used nothing for a second makes room, of the address that holds most', async () => {
    const scene = await crowded();
    await scene.pass(1000);
    await open(scene, 4, '127.0.0.9');
    expect(['9', '11', '12', '13', '14'].map((last) => connectionsOf(scene, `127.0.0.${last}`))).toEqual([
      3, 4, 4, 2, 1,
    ]);
  });

  test('one that was answered makes room after five seconds, the one that is quiet for longest', async () => {
    const scene = await crowded();
    const largest = [...scene.connections.all].filter(({ address }) => address === '127.0.0.11');
    for (const connection of scene.connections.all) scene.connections.begin(connection, answered);
    await open(scene, 1, '127.0.0.9');
    await scene.pass(1000);
    const [first] = largest;
    if (first !== undefined) scene.connections.begin(first, answered);
    await scene.pass(QUIET_MS - 2000);
    expect(connectionsOf(scene, '127.0.0.11')).toBe(8);
    await open(scene, 1, '127.0.0.9');
    await scene.pass(1000);
    expect(connectionsOf(scene, '127.0.0.9')).toBe(2);
    // An address gets another place if at least as many are free.
    expect(largest.map(({ socket }) => socket.destroyed).slice(0, 4)).toEqual([false, true, true, false]);
  });

  test('one with a review under way stays, and ends with its answer', async () => {
    const scene = await crowded();
    for (const connection of scene.connections.all) scene.connections.begin(connection, { writableFinished: false });
    await open(scene, 2, '127.0.0.9');
    for (let second = 0; second < 8; second += 1) await scene.pass(1000);
    expect(connectionsOf(scene, '127.0.0.9')).toBe(1);
    const needed = [...scene.connections.all].filter((one) => scene.connections.isNeeded(one));
    expect([...new Set(needed.map(({ address }) => address))]).toEqual(['127.0.0.11', '127.0.0.12', '127.0.0.9']);
  });

  test('an address that holds as many as all others makes no room for them', async () => {
    const scene = await listen({ open: 4, waiting: 8 });
    await open(scene, 2, '127.0.0.11');
    await open(scene, 1, '127.0.0.12');
    await scene.pass(1000);
    await open(scene, 1, '127.0.0.13');
    await open(scene, 2, '127.0.0.12');
    await scene.pass(1000);
    expect(present(scene)).toBe('.11 .11 .12 .13');
  });
});
