import { Socket } from 'node:net';
import { expect, test } from 'vitest';
import { createBeginnings } from '../../src/server/tls-handshakes.ts';

const nextTurn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

function socketOf(address: string): Socket {
  return Object.defineProperty(new Socket(), 'remoteAddress', { value: address });
}

/** The connections that begin, as `address number`, turn by turn: at once, in the next one, and so on. */
async function beginningsOf(many: readonly (readonly [address: string, count: number])[]): Promise<string[][]> {
  const begin = createBeginnings();
  const turns: string[][] = [];
  let turn: string[] = [];
  for (const [address, count] of many) {
    for (let number = 1; number <= count; number += 1)
      begin(socketOf(address), () => turn.push(`${address} ${number}`));
  }
  const all = many.reduce((sum, [, count]) => sum + count, 0);
  for (let left = all; left > 0; left -= turn.length, turn = [], await nextTurn()) turns.push(turn);
  return turns;
}

const numbered = (address: string, from: number, to: number): string[] =>
  Array.from({ length: to - from + 1 }, (_, index) => `${address} ${from + index}`);

test.each([
  { what: 'one', many: [['a', 1]], turns: [['a 1']] },
  { what: 'as many as a turn has', many: [['a', 8]], turns: [numbered('a', 1, 8)] },
  {
    what: 'more of one address',
    many: [['a', 20]],
    turns: [numbered('a', 1, 8), numbered('a', 9, 16), numbered('a', 17, 20)],
  },
  {
    what: 'one more address behind a flood: it is the second of the next turn',
    many: [
      ['a', 100],
      ['b', 1],
    ],
    turns: [numbered('a', 1, 8), ['a 9', 'b 1', ...numbered('a', 10, 15)]],
  },
  {
    what: 'three addresses in turn',
    many: [
      ['a', 12],
      ['b', 2],
      ['c', 2],
    ],
    turns: [numbered('a', 1, 8), ['a 9', 'b 1', 'c 1', 'a 10', 'b 2', 'c 2', 'a 11', 'a 12']],
  },
] as const)('$what', async ({ many, turns }) => {
  expect((await beginningsOf(many)).slice(0, turns.length)).toEqual(turns);
});

test('begins at once again after a flood', async () => {
  const begin = createBeginnings();
  const begun: number[] = [];
  for (let number = 0; number < 9; number += 1) begin(socketOf('a'), () => begun.push(number));
  for (let turn = 0; turn < 3; turn += 1) await nextTurn();
  begin(socketOf('a'), () => begun.push(9));
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
});

test('does not begin what has ended meanwhile', async () => {
  const begin = createBeginnings();
  const begun: number[] = [];
  const sockets = Array.from({ length: 10 }, () => socketOf('a'));
  sockets.forEach((socket, number) => begin(socket, () => begun.push(number)));
  sockets[8]?.destroy();
  await nextTurn();
  expect(begun).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 9]);
});
