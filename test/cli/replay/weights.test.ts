/** How often reviews occurred, from lines of type `repeats` in any order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { weightsIn } from '../../../src/cli/replay/weights.ts';
import { repeats } from '../../recording/lines.ts';

const timeOf = (minute: number): string => new Date(Date.UTC(2027, 2, 1, 12, minute)).toISOString();

/** Each with its own minute, as a server writes them, so that only copies are equal. */
const lineOf = (minute: number): ReturnType<typeof repeats> => {
  return { ...repeats((minute % 5) + 1), first: timeOf(minute), last: timeOf(minute) };
};

const sumOf = (minutes: Iterable<number>): number => [...minutes].reduce((sum, minute) => sum + (minute % 5) + 1, 0);

describe('lines of type repeats', () => {
  test('count once in any order, and their copies are told', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(40), { maxLength: 80 }), (minutes) => {
        const weights = weightsIn({ since: undefined, until: undefined });
        for (const minute of minutes) weights.add(lineOf(minute));
        const once = sumOf(new Set(minutes));
        expect([weights.unmatched(), weights.twice()]).toEqual([once, sumOf(minutes) - once]);
      }),
    );
  });

  test('count in the opposite order as well, without a comparison with each other', () => {
    const weights = weightsIn({ since: undefined, until: undefined });
    const minutes = Array.from({ length: 200_000 }, (_, index) => 200_000 - index);
    for (const minute of minutes) weights.add(lineOf(minute));
    expect([weights.unmatched(), weights.twice()]).toEqual([sumOf(minutes), 0]);
  });
});
