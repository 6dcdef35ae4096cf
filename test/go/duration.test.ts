/** Durations as Go writes them. */
import { describe, expect, test } from 'vitest';
import { parseDurationMs } from '../../src/go/duration.ts';

describe('parseDurationMs', () => {
  test.each<[string, number]>([
    ['10s', 10_000],
    ['30s', 30_000],
    ['1m30s', 90_000],
    ['1h2m3s', 3_723_000],
    ['1.5s', 1500],
    ['1.s', 1000],
    ['250ms', 250],
    ['1s1ms', 1001],
    ['5m', 300_000],
    ['1500us', 1.5],
    ['1500µs', 1.5],
    ['1000000ns', 1],
    ['0s', 0],
    ['0', 0],
    ['+1s', 1000],
    ['.5s', 500],
  ])('%s is %d ms', (text, ms) => {
    expect(parseDurationMs(text)).toBeCloseTo(ms, 9);
  });

  test.each([
    '',
    '10',
    's',
    '10 s',
    ' 10s',
    '10s ',
    '10S',
    '10x',
    '-1s',
    '1e3s',
    '1,5s',
    '10s\n',
    'Infinity',
    `${'1'.repeat(40)}s`,
  ])('%j is not a duration', (text) => {
    expect(parseDurationMs(text)).toBeUndefined();
  });

  test('takes little time for a text that causes backtracking', () => {
    expect(parseDurationMs('1'.repeat(100_000))).toBeUndefined();
    expect(parseDurationMs(`${'1s'.repeat(19)}x`)).toBeUndefined();
  });
});
