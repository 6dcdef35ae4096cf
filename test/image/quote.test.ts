import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';

import { printable, quoteValue } from '../../src/image/quote.ts';

describe('quoteValue', () => {
  test.each([
    ['nginx:1.27', '"nginx:1.27"'],
    ['', '""'],
    ['a b', '"a b"'],
    ['größe 漢字 😀', '"größe 漢字 😀"'],
    ['say "hi"', String.raw`"say \"hi\""`],
    ['C:\\x', String.raw`"C:\\x"`],
    ['nginx\n', String.raw`"nginx\u000a"`],
    ['\u001b[31mred', String.raw`"\u001b[31mred"`],
    ['a\u0000b\u007fc\u0085', String.raw`"a\u0000b\u007fc\u0085"`],
    ['line\u2028paragraph\u2029', String.raw`"line\u2028paragraph\u2029"`],
    ['\u202egnp.exe\u2066', String.raw`"\u202egnp.exe\u2066"`],
    ['zero\u200bwidth\ufeff', String.raw`"zero\u200bwidth\ufeff"`],
    ['hard\u00a0space\u3000', String.raw`"hard\u00a0space\u3000"`],
    ['lone \ud800 high, lone \udc00 low', String.raw`"lone \ud800 high, lone \udc00 low"`],
    ['a # b', '"a # b"'],
    ['##vso[task.prependpath]x', String.raw`"#\u0023vso[task.prependpath]x"`],
    ['a###[b]', String.raw`"a#\u0023#[b]"`],
    ['tag \u{e0041}', String.raw`"tag \udb40\udc41"`],
  ])('formats %j as %s', (text, quoted) => {
    expect(quoteValue(text)).toBe(quoted);
  });

  test.each([
    ['x'.repeat(200), 200, `"${'x'.repeat(200)}"`],
    ['x'.repeat(201), 200, `"${'x'.repeat(200)}…"`],
    ['abcdef', 3, '"abc…"'],
    ['ab😀', 3, '"ab…"'],
    ['ab\n', 7, '"ab…"'],
    ['ab\n', 8, String.raw`"ab\u000a"`],
  ])('shortens %j to %i characters, never inside a character', (text, max, quoted) => {
    expect(quoteValue(text, max)).toBe(quoted);
  });

  test('shortens to 200 characters by default', () => {
    expect(quoteValue('x'.repeat(100_000))).toBe(`"${'x'.repeat(200)}…"`);
  });

  test('never contains invisible characters and never exceeds the limit', () => {
    const anything = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(fc.integer({ min: 0, max: 0xffff })).map((units) => String.fromCharCode(...units)),
    );
    fc.assert(
      fc.property(anything, fc.integer({ min: 0, max: 40 }), (text, max) => {
        const quoted = quoteValue(text, max);
        expect(quoted).not.toMatch(/[\p{C}\p{Zl}\p{Zp}]/u);
        expect(quoted.length).toBeLessThanOrEqual(max + 3);
      }),
    );
  });

  test('formats different values differently if they are not shortened', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), fc.string({ unit: 'binary' }), (one, other) => {
        expect(quoteValue(one, 10_000) === quoteValue(other, 10_000)).toBe(one === other);
      }),
    );
    expect(quoteValue('\n')).not.toBe(quoteValue(String.raw`\u000a`));
  });
});

describe('printable', () => {
  test.each([
    ['a  b\n\tc', 100, 'a b c'],
    [' a "b" \\ ', 100, 'a "b" \\'],
    ['a\u202Eb', 100, String.raw`a\u202eb`],
    ['##vso[x]', 100, String.raw`#\u0023vso[x]`],
    ['###', 100, String.raw`#\u0023#`],
    ['abcdef', 3, 'abc…'],
    ['abc', 3, 'abc'],
    ['ab\n\n\n\nc', 4, 'ab c'],
    ['é'.repeat(5), 4, 'éééé…'],
  ])('formats %j with %i characters as %s', (text, max, shown) => {
    expect(printable(text, max)).toBe(shown);
  });

  test('formats the start of a text as that text', () => {
    const texts = fc.array(fc.constantFrom('a', '#', ' ', '"', '\\', 'é', '\n')).map((all) => all.join(''));
    fc.assert(
      // A text with another character has no fast path.
      fc.property(texts, (text) => {
        expect(printable(`${text}_\u200B`, 1000)).toBe(`${printable(`${text}_`, 1000)}\\u200b`);
      }),
    );
  });
});
