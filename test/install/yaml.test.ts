import { check, constant, dictionary, letrec, oneof, property, string } from 'fast-check';
import { load, loadAll } from 'js-yaml';
import { expect, test } from 'vitest';
import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import { commented, plain, type Tree, yamlDocuments } from '../../src/install/yaml.ts';

test('writes maps, lists, short lists, texts of several lines, and comments', () => {
  const text = yamlDocuments([
    commented('The first.\nOf two.', {
      kind: 'A',
      list: ['a', 'b: c', ''],
      deep: [{ name: commented('Why', 'x'), on: commented('Y', [commented('Z', { count: 1 })]) }],
      text: 'one\n\n  two\n',
      'a/b': {},
      none: [],
    }),
    { kind: 'B' },
  ]);
  expect(text).toBe(`# The first.
# Of two.
kind: A
list: [a, 'b: c', '']
deep:
  -
    # Why
    name: x
    # Y
    'on':
      # Z
      - count: 1
text: |
  one

    two
a/b: {}
none: []
---
kind: B
`);
});

test('wraps a long comment between words', () => {
  const words = Array.from({ length: 40 }, (_, index) => `word${index}`).join(' ');
  const lines = yamlDocuments([{ a: commented(words, 1) }]).split('\n');
  expect(lines.filter((line) => line.startsWith('# ')).length).toBeGreaterThan(2);
  expect(Math.max(...lines.map(({ length }) => length))).toBeLessThanOrEqual(112);
});

test('is read as the same values by js-yaml and by our parser, which reads as kubectl does', () => {
  const { tree } = letrec<{ tree: Tree }>((tie) => ({
    tree: oneof(
      { depthSize: 'small', withCrossShrink: true },
      oneof(constant(null), constant(true), constant(-1.5), constant(0), string({ unit: 'grapheme' })),
      constant<Tree>('true'),
      constant<Tree>('0x1f'),
      constant<Tree>('1:20'),
      constant<Tree>('a: b\n # c\n'),
      constant<Tree>(" '\n"),
      constant<Tree>('a\u2028b\u0085c\ufeffd\u007f\r\n'),
      tie('tree').map((value) => [value]),
      dictionary(string({ unit: 'grapheme-ascii', minLength: 1 }), tie('tree'), { noNullPrototype: true }),
    ),
  }));
  const { failed, counterexample } = check(
    property(tree, (value) => {
      const text = yamlDocuments([{ value }]);
      const [document] = parseDocuments(text);
      expect(document?.ok === true && document.value).toEqual({ value: plain(value) });
      expect(load(text)).toEqual({ value: plain(value) });
    }),
    { numRuns: 400 },
  );
  expect({ failed, counterexample }).toEqual({ failed: false, counterexample: null });
  expect(loadAll(yamlDocuments([{ a: 1 }, { a: 2 }]))).toEqual([{ a: 1 }, { a: 2 }]);
});

test.each([
  ['a line break', 'a\nb: 1', '# a\n# b: 1'],
  ['other line breaks', 'a\r\nb\rc\u0085d\u2028e\u2029f', '# a\n# b\n# c\n# d\n# e\n# f'],
  ['control characters', 'a\u0000b\u001b[31mc\u009bd\ufeff', String.raw`# a\u0000b\u001b[31mc\u009bd\ufeff`],
  ['a number sign', 'a # b #c', '# a # b #c'],
])('a comment with %s stays a comment', (_what, comment, expected) => {
  const text = yamlDocuments([{ a: commented(comment, 1) }]);
  expect(text).toBe(`${expected}\na: 1\n`);
  expect(parseDocuments(text)).toMatchObject([{ ok: true, value: { a: 1 } }]);
});
