/** Two passes of edits, and one pass with both. */
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { composedEdits } from '../../src/pinning/composed-edits.ts';
import { applyEdits, type Edit } from '../../src/pinning/image-location.ts';

interface Row {
  readonly what: string;
  readonly first: readonly Edit[];
  readonly second: readonly Edit[];
  readonly edits: readonly Edit[];
}

const edit = (from: number, to: number, text: string): Edit => ({ from, to, text });

test.each<Row>([
  { what: 'no edits', first: [], second: [], edits: [] },
  { what: 'only names', first: [edit(0, 2, 'abc')], second: [], edits: [edit(0, 2, 'abc')] },
  { what: 'only digests', first: [], second: [edit(2, 2, '@d')], edits: [edit(2, 2, '@d')] },
  {
    what: 'a digest right after a name',
    first: [edit(0, 2, 'abc')],
    second: [edit(3, 3, '@d')],
    edits: [edit(0, 2, 'abc@d')],
  },
  {
    what: 'a digest further on',
    first: [edit(0, 2, 'abc')],
    second: [edit(6, 6, '@d')],
    edits: [edit(0, 2, 'abc'), edit(5, 5, '@d')],
  },
  {
    what: 'an edit that repeats',
    first: [edit(0, 1, 'xx'), edit(0, 1, 'xx')],
    second: [edit(5, 6, 'y'), edit(5, 6, 'y')],
    edits: [edit(0, 1, 'xx'), edit(4, 5, 'y')],
  },
])('$what', ({ first, second, edits }) => {
  const text = '0123456789';
  expect(composedEdits(text, first, second)).toEqual(edits);
  expect(applyEdits(text, edits)).toBe(applyEdits(applyEdits(text, first), second));
});

const edits = fc
  .array(fc.tuple(fc.nat(40), fc.constantFrom(0, 0, 1, 3), fc.constantFrom('', 'x', 'name', '@digest')), {
    maxLength: 5,
  })
  .map((all) => {
    const kept: Edit[] = [];
    for (const [from, length, text] of all.toSorted(([one], [other]) => one - other))
      if (from > (kept.at(-1)?.to ?? -1)) kept.push({ from, to: from + length, text });
    return kept;
  });

test('one pass has the result of two', () => {
  fc.assert(
    fc.property(
      fc.string({ minLength: 60, maxLength: 60, unit: 'grapheme-ascii' }),
      edits,
      edits,
      (text, first, second) => {
        const between = applyEdits(text, first);
        const fitting = second.filter(({ to }) => to <= between.length);
        expect(applyEdits(text, composedEdits(text, first, fitting))).toBe(applyEdits(between, fitting));
      },
    ),
    { numRuns: 2000 },
  );
});
