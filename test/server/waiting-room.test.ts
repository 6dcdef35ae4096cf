/** Who gives way when the memory of waiting reviews is used up. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { Lease } from '../../src/server/pool.ts';
import { createWaitingRoom } from '../../src/server/waiting-room.ts';

const SIZE = 100;

/** `address namespace bytes`, one after the other. Returns the numbers of those that stay. */
function stayingOf(arrivals: readonly string[]): readonly number[] {
  const room = createWaitingRoom(SIZE);
  const staying = new Set<number>();
  for (const [index, arrival] of arrivals.entries()) {
    const [address = '', namespace = '', bytes = ''] = arrival.split(' ');
    const turnOut = (): void => void staying.delete(index);
    if (room.enter({ address, namespace, bytes: Number(bytes), turnOut }) !== undefined) staying.add(index);
  }
  return [...staying];
}

test.each<[string, readonly string[], readonly number[]]>([
  ['one namespace gets the whole memory', ['a x 50', 'a x 50'], [0, 1]],
  ['a namespace that holds most gets no more', ['a x 50', 'a x 50', 'a x 10'], [0, 1]],
  ['a namespace that holds most gives way, the newest first', ['a x 40', 'a x 30', 'a x 30', 'a y 20'], [0, 1, 3]],
  ['as many as are needed give way', ['a x 20', 'a x 20', 'a x 20', 'a x 20', 'a x 20', 'a y 40'], [0, 1, 2, 5]],
  ['a smaller share gives way to none', ['a x 60', 'a y 40', 'a z 50'], [1, 2]],
  ['an equal share gives way to none', ['a x 50', 'a y 50', 'a z 50'], [0, 1]],
  ['a review that is larger than all shares of others is at fault itself', ['a x 40', 'a y 40', 'a z 50'], [0, 1]],
  [
    'an address that holds most gives way, whatever its namespaces are',
    ['b p 30', 'b q 30', 'b r 30', 'a x 40'],
    [1, 2, 3],
  ],
  ['an address with little is not affected by its namespace elsewhere', ['b x 90', 'a x 30'], [1]],
  ['a namespace gives way to another one of its address', ['b x 40', 'a x 30', 'a x 30', 'a y 10'], [0, 1, 3]],
  ['a review that is larger than the memory does not wait', ['a x 10', 'a y 101'], [0]],
])('%s', (_what, arrivals, expected) => {
  expect(stayingOf(arrivals)).toEqual(expected);
});

const arrival = fc.record({
  address: fc.constantFrom('10.0.0.1', '10.0.0.2', '::1'),
  namespace: fc.constantFrom('shop', 'bank', 'mine', ''),
  bytes: fc.integer({ min: 1, max: 60 }),
  leaves: fc.boolean(),
});

test('the memory is never exceeded, and all of it comes back', () => {
  fc.assert(
    fc.property(fc.array(arrival, { maxLength: 80 }), (arrivals) => {
      const room = createWaitingRoom(SIZE);
      const staying = new Map<number, { readonly bytes: number; readonly leave: Lease }>();
      const left: Lease[] = [];
      for (const [index, { leaves, ...guest }] of arrivals.entries()) {
        const leave = room.enter({ ...guest, turnOut: () => void staying.delete(index) });
        if (leave !== undefined) staying.set(index, { bytes: guest.bytes, leave });
        expect(room.used).toBe(staying.values().reduce((sum, { bytes }) => sum + bytes, 0));
        expect(room.used).toBeLessThanOrEqual(SIZE);
        const [first] = staying;
        if (!leaves || first === undefined) continue;
        first[1].leave();
        left.push(first[1].leave);
        staying.delete(first[0]);
      }
      for (const { leave } of staying.values()) leave();
      for (const leave of left) leave();
      expect(room.used).toBe(0);
    }),
  );
});
