/** However a text is written into YAML or JSON, each of its characters is found in the file. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { innerOffsets } from '../../../src/files/image-locations/inner-text.ts';
import { parseDocuments } from '../../../src/files/yaml/yaml.ts';

const line = fc.string({
  unit: fc.constantFrom('a', 'b', ':', ' ', '"', "'", '\\', '-', '#', 'é', '😀', '/', '{', ']', '@'),
  maxLength: 8,
});
const inner = fc.array(line, { minLength: 1, maxLength: 5 }).map((lines) => lines.join('\n'));

const block = fc.record({
  mark: fc.constantFrom('|', '|-', '|+', '>', '>-'),
  indent: fc.integer({ min: 1, max: 5 }),
  explicit: fc.boolean(),
  crlf: fc.boolean(),
  after: fc.constantFrom('', 'b: 1\n'),
});

const written = fc.oneof(
  fc.tuple(inner, block).map(([text, { mark, indent, explicit, crlf, after }]) => {
    const lines = text.split('\n').map((one) => (one === '' ? '' : `${' '.repeat(indent)}${one}`));
    const file = `a: ${mark}${explicit ? indent : ''}\n${lines.join('\n')}\n${after}`;
    return crlf ? file.replaceAll('\n', '\r\n') : file;
  }),
  inner.map((text) => `{"b": 1, "a": ${JSON.stringify(text)}}`),
  line.map((text) => `a: '${text.replaceAll("'", "''")}' # a\n`),
  fc.tuple(line, line).map(([one, other]) => `a: "${`${one}\\n  ${other}`.replaceAll(/"/g, '\\"')}"\n`),
  fc.tuple(line, line).map(([one, other]) => `a: ${one}\n  ${other}\n`),
);

describe('the place of a character in a text', () => {
  test('contains the character, or its escape', () => {
    fc.assert(
      fc.property(written, (file) => {
        const [document] = parseDocuments(file);
        const value = document?.ok === true ? (document.value as { readonly a?: unknown } | null)?.a : undefined;
        if (document?.ok !== true || typeof value !== 'string') return;
        const outer = innerOffsets(file, document.positionOf('/a').offset, value);
        if (outer === undefined) return;
        const shown = value.split('').map((character, index) => {
          const at = file.charAt(outer(index));
          return /\s/.test(character) || at === '\\' ? character : at;
        });
        expect(shown.join('')).toBe(value);
      }),
      { numRuns: 3000 },
    );
  });

  test.each([
    ['a: |-\n  x: 1\n  y: 2\n'],
    ['a: |2\n    x: 1\n\n  y: 2\n'],
    ['a: "x: \\"1\\"\\n"\n'],
    ["a: 'it''s'\n"],
    ['{"a": "x\\ny"}'],
    ['a: >-\n  one line\n'],
  ])('is known for %j', (file) => {
    const [document] = parseDocuments(file);
    const value = document?.ok === true ? (document.value as { readonly a: string }).a : '';
    const offset = document?.ok === true ? document.positionOf('/a').offset : 0;
    expect(innerOffsets(file, offset, value)).toBeTypeOf('function');
  });

  test.each([
    ['a: >-\n  two\n  lines\n'],
    ['a: "two\n  lines"\n'],
    ['a: two\n  lines\n'],
    ['a: "\\x41"\n'],
    ["a: 'two\n\n  lines'\n"],
  ])('is not known for %j', (file) => {
    const [document] = parseDocuments(file);
    const value = document?.ok === true ? (document.value as { readonly a: string }).a : '';
    const offset = document?.ok === true ? document.positionOf('/a').offset : 0;
    expect(innerOffsets(file, offset, value)).toBeUndefined();
  });
});
