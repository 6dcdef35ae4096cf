import fc from 'fast-check';
import { expect, test } from 'vitest';
import { dayOf, dayStart } from '../../src/go/date.ts';

test("a moment has the same day as in JavaScript's calendar", () => {
  fc.assert(
    fc.property(
      fc.date({ min: new Date('0000-01-01'), max: new Date('9999-12-31T23:59:59.999Z'), noInvalidDate: true }),
      (date) => {
        const day = date.toISOString().slice(0, 10);
        expect(dayOf(date.getTime())).toBe(day);
        expect(dayOf(dayStart(day) ?? NaN)).toBe(day);
      },
    ),
    { numRuns: 2000 },
  );
});
