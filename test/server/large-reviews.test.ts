import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createTurns } from '../../src/server/large-reviews.ts';

beforeEach(() => void vi.useFakeTimers({ toFake: ['setTimeout', 'performance'] }));
afterEach(() => void vi.useRealTimers());

const nextTurn = (): Promise<unknown> => new Promise((resolve) => setImmediate(resolve));

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
  for (let turn = 0; turn < 30; turn += 1) {
    await nextTurn();
    vi.advanceTimersToNextTimer();
  }
  expect(done).toEqual(['a', 'after a', 'b', 'after b', 'c']);
});

test('waits as long as a piece took, and some turns more, before the next one', async () => {
  const inTurn = createTurns();
  const done: string[] = [];
  for (const name of ['a', 'b']) {
    inTurn(() => {
      vi.advanceTimersByTime(30);
      done.push(name);
    });
  }
  await nextTurn();
  vi.advanceTimersByTime(29);
  await nextTurn();
  expect(done).toEqual(['a']);
  vi.advanceTimersByTime(1);
  for (let turn = 0; turn < 7; turn += 1) await nextTurn();
  expect(done).toEqual(['a']);
  await nextTurn();
  expect(done).toEqual(['a', 'b']);
});
