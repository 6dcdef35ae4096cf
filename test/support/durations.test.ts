import { expect, test } from 'vitest';
import { formatDurations, parseSteps } from './durations.ts';

test('the table has the steps in their order, the total, and the ten slowest files, slowest first', () => {
  const files = Array.from({ length: 12 }, (_, index) => ({
    name: `test/${index}.test.ts`,
    milliseconds: index * 1000,
  }));
  const lines = formatDurations(parseSteps('1500\tnpm ci\n250\tcheck: tsc\n'), files, 120_049).split('\n');
  expect(lines.map((line) => line.replace(/ +/g, ' '))).toEqual([
    'step seconds',
    'npm ci 1.5',
    'check: tsc 0.3',
    'total (some steps run side by side) 120.0',
    '',
    'slowest test file seconds',
    ...[11, 10, 9, 8, 7, 6, 5, 4, 3, 2].map((index) => `test/${index}.test.ts ${index}.0`),
    '',
  ]);
  expect(new Set(lines.filter((line) => line !== '').map((line) => line.length))).toEqual(new Set([65]));
});
