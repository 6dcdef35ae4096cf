/** The `timeout` in the URL of a review: a Go duration, and what is left of it for a decision. */
import { describe, expect, test } from 'vitest';
import { budgetMs } from '../../src/server/deadline.ts';

describe('budgetMs', () => {
  test.each<[string | undefined, number]>([
    ['10s', 9000],
    ['30s', 27_000],
    ['1s', 900],
    ['500ms', 400],
    ['200ms', 100],
    ['100ms', 1],
    ['1ms', 1],
    // Longer than an API server ever waits.
    ['1h', 27_000],
    // Nothing, or nothing that can be read: the default of a webhook configuration.
    [undefined, 9000],
    ['', 9000],
    ['soon', 9000],
    ['0s', 9000],
    ['-5s', 9000],
  ])('of %j is %d', (timeout, ms) => {
    expect(budgetMs(timeout)).toBe(ms);
  });
});
