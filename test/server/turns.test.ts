import { expect, test } from 'vitest';
import { createTurns } from '../../src/server/turns.ts';

test('works one after the other, each in a turn of its own, also those that come while one works', async () => {
  const inTurn = createTurns();
  const done: string[] = [];
  for (const name of ['a', 'b']) {
    inTurn(() => {
      done.push(name);
      setImmediate(() => done.push(`after ${name}`));
      if (name === 'a') inTurn(() => done.push('c'));
    });
  }
  expect(done).toEqual([]);
  for (let turn = 0; turn < 5; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  expect(done).toEqual(['a', 'after a', 'b', 'after b', 'c']);
});
