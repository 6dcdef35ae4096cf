import { once } from 'node:events';
import { Socket } from 'node:net';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type Arrivals, createArrivals } from '../../src/server/body-admission.ts';
import { createBudget } from '../../src/server/budget.ts';
import type { Connection } from '../../src/server/connection.ts';
import type { MakeRoom } from '../../src/server/receive-body.ts';
import { connectionOn } from './connection.ts';

const KIB = 1024;

beforeEach(() => void vi.useFakeTimers({ toFake: ['performance'] }));
afterEach(() => void vi.useRealTimers());

interface Body {
  readonly connection: Connection;
  readonly makeRoom: MakeRoom;
  readonly hasRoom: boolean;
}

function begin(arrivals: Arrivals, address: string, bytes = 64 * KIB): Body {
  const connection = connectionOn(new Socket(), address);
  const makeRoom = arrivals.begin(connection);
  return { connection, makeRoom, hasRoom: makeRoom(bytes) !== undefined };
}

/** Nothing is left of 8 MiB for bodies of up to 64 KiB. */
function crowded(): { readonly arrivals: Arrivals; readonly bodies: readonly Body[] } {
  const arrivals = createArrivals(createBudget());
  const shares = { a: 64, b: 32, c: 16, d: 8, e: 4, f: 2, g: 1, h: 1 };
  const bodies = Object.entries(shares).flatMap(([address, count]) =>
    Array.from({ length: count }, () => begin(arrivals, address)),
  );
  expect(bodies.every(({ hasRoom }) => hasRoom)).toBe(true);
  return { arrivals, bodies };
}

const ended = (bodies: readonly Body[]): string =>
  bodies
    .flatMap(({ connection }, index) => (connection.socket.destroyed ? `${connection.address}${index}` : []))
    .join(' ');

test('a body that has been coming for a second makes room for one of an address that holds less', () => {
  const { arrivals, bodies } = crowded();
  vi.advanceTimersByTime(999);
  expect(begin(arrivals, 'z', 10 * KIB).hasRoom).toBe(false);
  vi.advanceTimersByTime(1);
  expect(begin(arrivals, 'z', 10 * KIB).hasRoom).toBe(true);
  expect(ended(bodies)).toBe('a0');
});

test('a body that grows has more room in the same way', () => {
  const { arrivals, bodies } = crowded();
  vi.advanceTimersByTime(1000);
  const { makeRoom } = begin(arrivals, 'z', 32 * KIB);
  expect(makeRoom(32 * KIB)).toBeDefined();
  expect(ended(bodies)).toBe('a0 a1');
});

test('the address with the most bytes gets nothing from addresses with fewer', () => {
  const { arrivals, bodies } = crowded();
  vi.advanceTimersByTime(5000);
  expect(begin(arrivals, 'a').hasRoom).toBe(false);
  expect(ended(bodies)).toBe('');
});

test('one that is whole or rejected is not ended, however long it takes to decide', () => {
  const { arrivals, bodies } = crowded();
  for (const { connection } of bodies.slice(0, 80)) arrivals.end(connection);
  vi.advanceTimersByTime(5000);
  expect(begin(arrivals, 'z').hasRoom).toBe(true);
  expect(ended(bodies)).toBe('b80');
});

test('one whose connection has ended gives its room back, and is forgotten', () => {
  const { arrivals, bodies } = crowded();
  for (const { connection } of bodies) for (const give of connection.leases.splice(0)) give();
  vi.advanceTimersByTime(5000);
  expect(begin(arrivals, 'z').hasRoom).toBe(true);
  expect(ended(bodies)).toBe('');
});

test('a connection is known once for all its bodies, and not after its end', async () => {
  const arrivals = createArrivals(createBudget());
  const connection = connectionOn(new Socket());
  const { socket } = connection;
  for (let bodies = 0; bodies < 20; bodies += 1) {
    arrivals.begin(connection)(KIB);
    arrivals.end(connection);
  }
  expect([socket.listenerCount('close'), connection.leases.length]).toEqual([1, 0]);
  arrivals.begin(connection)(KIB);
  socket.destroy();
  await once(socket, 'close');
  // A body that is rejected late, and a request that was read late.
  arrivals.end(connection);
  arrivals.begin(connection);
  expect(socket.listenerCount('close')).toBe(0);
});
