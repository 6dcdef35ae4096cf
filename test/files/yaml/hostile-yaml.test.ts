/** Texts that are made to hurt: every one ends, in time that grows with the text only, with values or with a problem. */
import { describe, expect, test } from 'vitest';
import fc from 'fast-check';
import { MISPLACED } from '../../../src/files/yaml/problems.ts';
import { parseDocuments } from '../../../src/files/yaml/yaml.ts';
import { cpuRatio } from '../../support/cpu-ratio.ts';

function outcome(text: string): string {
  const documents = parseDocuments(text);
  const [first] = documents;
  if (first === undefined) return 'nothing';
  return first.ok ? `${documents.length} x ${Array.isArray(first.value) ? 'list' : typeof first.value}` : first.problem;
}

const lines = (count: number, line: (index: number) => string): string =>
  Array.from({ length: count }, (_, index) => line(index)).join('');

const TOO_DEEP = 'maps and lists are nested more than 100 deep';

describe('bombs', () => {
  const laughs = `a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n${lines(9, (i) => `a${i + 1}: &a${i + 1} [${`*a${i}, `.repeat(10)}]\n`)}`;
  const CASES: readonly (readonly [name: string, text: string, outcome: string])[] = [
    ['a hundred lists in each other are fine', `a: ${'['.repeat(99)}${']'.repeat(99)}`, '1 x object'],
    ['brackets', '['.repeat(1_000_000), TOO_DEEP],
    ['braces', '{"a":'.repeat(200_000), TOO_DEEP],
    ['braces that close', `${'{"a":'.repeat(200_000)}1${'}'.repeat(200_000)}`, TOO_DEEP],
    ['dashes', '- '.repeat(1_000_000), TOO_DEEP],
    ['lines that indent', lines(200, (i) => `${' '.repeat(i)}a:\n`), TOO_DEEP],
    [
      'lists that aliases put into each other',
      `a0: &a0 ${'['.repeat(60)}${']'.repeat(60)}\na1: ${'['.repeat(60)}*a0${']'.repeat(60)}\n`,
      `${TOO_DEEP}, counting aliases (*name)`,
    ],
    ['a billion laughs', laughs, 'aliases (*name) in this document expand to 4983 values, which kubectl rejects'],
    [
      'many aliases of a long list',
      `a: &a [${'x, '.repeat(5_000)}]\nb: [${'*a, '.repeat(100_000)}]`,
      'aliases (*name) in this document expand to 405081 values, which kubectl rejects',
    ],
    [
      'many aliases of a long text',
      `a: &a ${'x'.repeat(100_000)}\nb: [${'*a, '.repeat(1_000)}]`,
      'aliases (*name) in this document expand to more than 16 MiB of text',
    ],
    [
      'many merges of a large map',
      `a: &a {${lines(3_000, (i) => `k${i}: 1, `)}}\n${lines(500, (i) => `m${i}: {<<: *a}\n`)}`,
      'aliases (*name) in this document expand to 414069 values, which kubectl rejects',
    ],
    [
      'as many aliases as people use',
      `a: &a {x: 1, y: [2, 3]}\n${lines(1_000, (i) => `m${i}: {<<: *a, z: *a}\n`)}`,
      '1 x object',
    ],
  ];
  test.each(CASES)('%s', (_name, text, expected) => {
    expect(outcome(text)).toBe(expected);
  });
});

describe('long texts', () => {
  const CASES: readonly (readonly [name: string, text: string, outcome: string])[] = [
    ['one line of 5 MB', `a: ${'x'.repeat(5_000_000)}`, '1 x object'],
    ['a list of a million brackets', `a: ${'['.repeat(1_000_000)}`, 'maps and lists are nested more than 100 deep'],
    [
      'a million brackets too many',
      `a: ${']'.repeat(1_000_000)}`,
      'expected a value: a "{", "[", "}" or "]" too many?',
    ],
    ['a million keys on one line', `a: {${'b: c, '.repeat(100_000)}}`, '1 x object'],
    [
      'a million colons',
      `a: {${':'.repeat(1_000_000)}}`,
      'expected a value before ":": put a text that starts with ":" in quotes',
    ],
    [
      'a million question marks',
      `a: [${'? '.repeat(1_000_000)}]`,
      'expected a value: a "{", "[", "}" or "]" too many?',
    ],
    ['a key of 5 MB', `? ${'x'.repeat(5_000_000)}\n: 1`, '1 x object'],
    ['a key of 1,024 characters', `${'x'.repeat(1024)}: 1`, '1 x object'],
    ['a key of 1,025 characters without "?"', `${'x'.repeat(1025)}: 1`, MISPLACED],
    ['a block scalar of 5 MB', `a: |\n${'  x\n'.repeat(1_250_000)}`, '1 x object'],
    ['one string of 5 MB, never closed', `a: "${'x'.repeat(5_000_000)}`, 'unclosed quote'],
    ['backslashes', `{"a": "${'\\'.repeat(5_000_000)}`, 'unclosed quote'],
    ['half a million separators', '---\n'.repeat(500_000), 'nothing'],
    [
      'separators with something behind them',
      '--- x\n'.repeat(50_000),
      'kubectl accepts only a comment after "---"; start a new line',
    ],
    ['ends of documents', `a: 1\n${'...\n'.repeat(1_000_000)}`, '1 x object'],
    ['ends of documents that never start', '...\n'.repeat(1_000_000), 'expected a value before "..."'],
    ['line ends', '\n'.repeat(1_000_000), 'nothing'],
    ['old line ends', '\r'.repeat(1_000_000), 'nothing'],
    ['the same key again and again', 'a: 1\n'.repeat(50_000), '1 x object'],
    ['keys', lines(50_000, (i) => `k${i}: 1\n`), '1 x object'],
    ['lines of JSON', '{"a":1}\n'.repeat(100_000), '100000 x object'],
    ['lines of broken JSON', `{"a": \n`.repeat(10_000), 'unclosed "{"'],
    ['documents of broken JSON', '{"a\n---\n'.repeat(10_000), 'unclosed quote'],
    [
      'broken documents',
      'a: b: c\n---\n'.repeat(10_000),
      'unexpected content; check the indentation, and quote strings that contain ": "',
    ],
  ];
  test.each(CASES)('%s', (_name, text, expected) => {
    expect(outcome(text)).toBe(expected);
  });

  // Eight times the text takes eight times as long, or sixty-four if something is wrong.
  test.each([
    ['documents', (count: number) => 'a: {b: [c]}\n---\n'.repeat(4 * count)],
    ['broken documents', (count: number) => 'a: b: c\n---\n'.repeat(count)],
    ['lines of broken JSON', (count: number) => '{"a" 1}\n'.repeat(count)],
    ['templates that are never closed', (count: number) => `a: ${'{{ '.repeat(8 * count)}`],
    ['braces', (count: number) => `a: ${'{'.repeat(16 * count)}`],
    ['comments of templates', (count: number) => '{{/* '.repeat(4 * count)],
    ['comments that end nothing', (count: number) => '{{/* */ '.repeat(4 * count)],
    ['Jinja expressions', (count: number) => '[{% '.repeat(8 * count)],
    ['ERB expressions', (count: number) => 'a: b: <% '.repeat(4 * count)],
    ['blanks around templates', (count: number) => `${`{{ x }}${' '.repeat(20)}`.repeat(count)}a: b: c`],
    ['items', (count: number) => `a:\n${'- b\n'.repeat(8 * count)}`],
  ])('takes time in proportion to the number of %s', async (_name, make) => {
    const texts = new Map([1_000, 8_000].map((count) => [count, make(count)]));
    const parse = (count: number): unknown => parseDocuments(texts.get(count) ?? '');
    expect(await cpuRatio(parse, { small: 1_000, large: 8_000 })).toBeLessThan(32);
  });
});

describe('any text', () => {
  const tokens = [
    '\n',
    '\n  ',
    ' ',
    ': ',
    '- ',
    '? ',
    '{',
    '}',
    '[',
    ']',
    ', ',
    '"',
    "'",
    ' # ',
    '&a ',
    '*a',
    '|\n',
    '>-\n',
    'a',
    '1',
    '\t',
    '\n---\n',
    '\n...\n',
    '!!str ',
    '!x ',
    '<<: ',
    '%',
    '\\u',
    '\uFEFF',
    '\0',
    '\uD83D',
    '\r',
    '{"a":',
    '\u2028',
    '__proto__: ',
  ];

  test.each([
    ['of YAML tokens', fc.array(fc.constantFrom(...tokens), { maxLength: 30 }).map((parts) => parts.join(''))],
    ['of any characters', fc.string({ unit: 'binary', maxLength: 50 })],
  ])('%s never throws, and every place is in it', (_name, texts) => {
    fc.assert(
      fc.property(texts, (text) => {
        const rows = text.split(/\r\n?|\n/).length;
        for (const document of parseDocuments(text)) {
          expect(document.line).toBeLessThanOrEqual(rows);
          if (!document.ok) continue;
          const { offset, line, column } = document.positionOf('/a/0');
          expect([line >= 1 && line <= rows, column >= 1, offset >= 0 && offset <= text.length]).toEqual([
            true,
            true,
            true,
          ]);
          JSON.stringify(document.value);
        }
      }),
      { numRuns: 2_000 },
    );
  });

  test('holds documents that are read one by one as all at once', () => {
    const parts = fc.array(fc.constantFrom(...tokens.filter((token) => !/---|\.\.\.|\r|"|\{|\uFEFF/.test(token))), {
      maxLength: 10,
    });
    fc.assert(
      fc.property(fc.array(parts, { minLength: 1, maxLength: 4 }), (documents) => {
        const texts = documents.map((words) => `${words.join('')}\n`);
        const values = (text: string): readonly unknown[] =>
          parseDocuments(text).map((document) =>
            document.ok ? document.value : document.problem.replace(/ at \d+:\d+$/, ''),
          );
        expect(values(`---\n${texts.join('---\n')}`)).toEqual(texts.flatMap((text) => values(`---\n${text}`)));
      }),
    );
  });
});
