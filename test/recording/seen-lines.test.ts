/** Reviews that are in recordings twice. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { seenLines } from '../../src/recording/seen-lines.ts';

const FILES = ['20270301T120000Z-0a1b2c', 'a', 'a-1', '', '-', 'a-0'];
const ids = fc.oneof(
  fc.tuple(fc.constantFrom(...FILES), fc.integer({ min: 0, max: 9000 })).map(([file, line]) => `${file}-${line}`),
  fc
    .tuple(fc.constantFrom(...FILES), fc.constantFrom('', '-', '01', '-01', '1e3', '123456789012'))
    .map((all) => all.join('')),
  fc.string(),
);

describe('the id of a line', () => {
  test('is new once', () => {
    fc.assert(
      fc.property(fc.array(ids, { maxLength: 200 }), (all) => {
        const seen = seenLines();
        const before = new Set<string>();
        for (const id of all) {
          expect([id, seen.isNew(id)]).toEqual([id, !before.has(id)]);
          before.add(id);
        }
      }),
    );
  });

  test('is new if too many others are known, or if it is too long', () => {
    const seen = seenLines();
    for (let other = 0; other < 20_000; other += 1) seen.isNew(`other ${other}`);
    const long = 'x'.repeat(1000);
    expect(['x', 'x', 'other 1', long, long].map((id) => seen.isNew(id))).toEqual([true, true, false, true, true]);
  });
});
