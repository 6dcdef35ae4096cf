/** The numbers in the chart of the HTML report. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { numberedBars } from '../../../src/report/html/page/numbered-bars.ts';

const denials = (counts: readonly number[]): readonly { readonly denied: number }[] =>
  counts.map((denied) => ({ denied }));

describe('bars have the number of their denials', () => {
  test.each([
    ['if they are wide enough', [0, 0, 14, 2, 9], 40, [2, 3, 4]],
    ['except none and one, whose mark is enough', [0, 0, 0, 1, 0, 2], 40, [5]],
    ['the largest of those that are too close', [0, 0, 0, 0, 0, 7, 2400, 2500, 30], 10, [7]],
    ['not over the numbers of the axis', [50, 40, 0, 0, 0], 10, []],
    ['the first of equal ones', Array.from({ length: 30 }, () => 2400), 10, [6, 11, 16, 21, 26]],
  ])('%s', (_name, counts, barWidth, expected) => {
    expect([...numberedBars(denials(counts), barWidth)].toSorted((one, other) => one - other)).toEqual(expected);
  });

  test('and the largest always has one, if it is right of the axis', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(5000), { minLength: 1 }), fc.integer({ min: 2, max: 60 }), (counts, barWidth) => {
        const padded = [...Array.from({ length: Math.ceil(80 / barWidth) }, () => 0), ...counts];
        const largest = Math.max(...counts);
        const numbered = numberedBars(denials(padded), barWidth);
        expect(numbered.has(padded.indexOf(largest))).toBe(largest > 1);
      }),
    );
  });
});
