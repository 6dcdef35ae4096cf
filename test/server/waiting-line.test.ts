/** The order of waiting connections, without a network. */
import { Socket } from 'node:net';
import { expect, test, vi } from 'vitest';
import { createPool } from '../../src/server/pool.ts';
import { createWaitingLine } from '../../src/server/waiting-line.ts';

function socketFrom(address: string): Socket {
  return Object.defineProperty(new Socket(), 'remoteAddress', { value: address });
}

/** `a1` is the first one of the address `a`. */
function lineOf(...names: readonly string[]) {
  const room = createPool(1000);
  const line = createWaitingLine(room);
  const begun: string[] = [];
  const sockets = new Map(names.map((name) => [name, socketFrom(name.slice(0, 1))]));
  for (const [name, socket] of sockets) expect(line.add(socket, () => begun.push(name))).toBe(true);
  const admit = (_socket: Socket, begin: () => void): boolean => {
    begin();
    return true;
  };
  return { room, line, begun, sockets, admit };
}

test('each address has its turn, however many of one wait', () => {
  const { room, line, begun, admit } = lineOf('a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1');
  for (let place = 0; place < 9; place += 1) line.next(admit);
  expect(begun).toEqual(['a1', 'b1', 'c1', 'a2', 'b2', 'a3', 'a4']);
  expect(room.used).toBe(0);
});

test('an address that gets no place holds up no other, and keeps its first one', () => {
  const { line, begun, admit } = lineOf('a1', 'a2', 'b1', 'b2');
  const onlyB = (socket: Socket, begin: () => void): boolean => socket.remoteAddress === 'b' && admit(socket, begin);
  for (let place = 0; place < 3; place += 1) line.next(onlyB);
  expect(begun).toEqual(['b1', 'b2']);
  line.next(admit);
  expect(begun).toEqual(['b1', 'b2', 'a1']);
});

test('those that have gone are passed over, and take no turn', () => {
  const { room, line, begun, sockets, admit } = lineOf('a1', 'a2', 'a3', 'b1');
  sockets.get('a1')?.destroy();
  sockets.get('a2')?.destroy();
  line.next(admit);
  expect([begun, room.used]).toEqual([['a3'], 1]);
  sockets.get('b1')?.destroy();
  line.next(admit);
  expect([begun, room.used, [...line.addresses()]]).toEqual([['a3'], 0, []]);
});

test('those that came before a moment end, and give back their room', () => {
  vi.useFakeTimers({ toFake: ['performance'] });
  const { room, line, sockets } = lineOf('a1', 'b1');
  vi.advanceTimersByTime(1000);
  const late = socketFrom('a');
  line.add(late, () => undefined);
  line.endThoseBefore(performance.now());
  expect([...sockets.values(), late].map(({ destroyed }) => destroyed)).toEqual([true, true, false]);
  expect([room.used, [...line.addresses()]]).toEqual([1, ['a']]);
  vi.useRealTimers();
});

test('one address can fill half of the line', () => {
  const line = createWaitingLine(createPool(8));
  const added = Array.from({ length: 6 }, () => line.add(socketFrom('a'), () => undefined));
  expect(added).toEqual([true, true, true, true, false, false]);
  expect(line.add(socketFrom('b'), () => undefined)).toBe(true);
});
