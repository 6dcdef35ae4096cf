/** Source lines around a value: marked, escaped, and cut, whatever the file contains. */
import { describe, expect, test } from 'vitest';
import { displayWidth } from '../../src/report/display-width.ts';
import { paint } from '../../src/report/paint.ts';
import { sourceLines } from '../../src/report/source-lines.ts';
import type { MarkedValue } from '../../src/report/source/marked-value.ts';
import { createShownSource } from '../../src/report/source/shown-source.ts';

const OPTIONS = { around: 1, width: 40, ink: paint(false), mark: paint(false).red, indent: 2 };

function shown(text: string, value: Partial<MarkedValue> & Pick<MarkedValue, 'line' | 'column'>, more = {}): string {
  return sourceLines(
    createShownSource('a.yaml', text),
    { image: null, pointer: '', ...value },
    { ...OPTIONS, ...more },
  ).join('\n');
}

test.each<readonly [what: string, text: string, value: Omit<MarkedValue, 'pointer'>, lines: readonly string[]]>([
  [
    'a plain value',
    'a: 1\nimage: nginx # x\nb: 2\n',
    { line: 2, column: 8, image: 'nginx' },
    ['   1 │ a: 1', '   2 │ image: nginx # …', '     │        ^^^^^', '   3 │ b: 2'],
  ],
  [
    'a quoted value',
    "image: 'a b' \n",
    { line: 1, column: 8, image: 'a b' },
    ["   1 │ image: 'a b'", '     │        ^^^^^'],
  ],
  [
    'a value in a flow mapping',
    '{image: x, a: b}',
    { line: 1, column: 9, image: null },
    ['   1 │ {image: x, a: …}', '     │         ^'],
  ],
  ['the last line', 'a\nb', { line: 2, column: 1, image: null }, ['   1 │ …', '   2 │ b', '     │ ^']],
  ['CRLF', 'a: b\r\nc: d\r\n', { line: 1, column: 4, image: null }, ['   1 │ a: b', '     │    ^', '   2 │ c: …']],
  ['a tab', 'a:\tbc\n', { line: 1, column: 4, image: null }, ['   1 │ a:  bc', '     │     ^^']],
  ['wide characters', '表: 漢字\n', { line: 1, column: 4, image: null }, ['   1 │ 表: 漢字', '     │     ^^^^']],
  [
    'a combining character',
    'e\u0301: ab\n',
    { line: 1, column: 5, image: null },
    ['   1 │ e\u0301: ab', '     │    ^^'],
  ],
  [
    'a control sequence',
    'a: b\u001B[2Jc\n',
    { line: 1, column: 4, image: null },
    ['   1 │ a: b\\u001b[2Jc', '     │    ^^^^^^^^^^^'],
  ],
  [
    'a bidi override',
    'a: b\u202Ec\n',
    { line: 1, column: 4, image: null },
    ['   1 │ a: b\\u202ec', '     │    ^^^^^^^^'],
  ],
  [
    'a block scalar',
    'a:\n  - image: >-\n      nginx:1\n\n      x \n  - b: 1\n',
    { line: 2, column: 12, image: 'nginx:1 x' },
    [
      '   1 │ a:',
      '   2 │   - image: >-',
      '     │            ^^',
      '   3 │       nginx:1',
      '     │       ^^^^^^^',
      '   4 │',
      '   5 │       x',
      '     │       ^',
      '   6 │   - b: 1',
    ],
  ],
  [
    'a block scalar that is an item',
    '- |\n nginx\n- b\n',
    { line: 1, column: 3, image: 'nginx' },
    ['   1 │ - |', '     │   ^', '   2 │  nginx', '     │  ^^^^^', '   3 │ - …'],
  ],
  [
    'a flow mapping over lines, with brackets in texts and comments',
    'a: {b: "}",\r\n  # }\r\n  c: [1] }\r\nd: 1\r\n',
    { line: 1, column: 4, image: null },
    [
      '   1 │ a: {b: …,',
      '     │    ^^^^^^',
      '   2 │   # …',
      '     │   ^^^',
      '   3 │   c: [1] }',
      '     │   ^^^^^^^^',
      '   4 │ d: 1',
    ],
  ],
  [
    'a flow mapping on one line',
    'a: {b: 1} # c',
    { line: 1, column: 4, image: null },
    ['   1 │ a: {b: 1} # …', '     │    ^^^^^^'],
  ],
  [
    'a bracket without an end',
    'a: {b: 1,\nc: 2\n',
    { line: 1, column: 4, image: null },
    ['   1 │ a: {b: 1,', '     │    ^^^', '   2 │ c: 2'],
  ],
  [
    'a quoted value over lines',
    'a: "b\n  c"\n',
    { line: 1, column: 4, image: 'b c' },
    ['   1 │ a: "b', '     │    ^^', '   2 │   c"', '     │   ^^'],
  ],
  ['a missing line', 'a\n', { line: 7, column: 1, image: null }, []],
  ['an empty file', '', { line: 1, column: 1, image: null }, ['   1 │', '     │ ^']],
])('%s', (_what, text, value, lines) => {
  expect(shown(text, value)).toBe(lines.join('\n'));
});

describe('a long line', () => {
  const long = `${'x'.repeat(1_000_000)} image: nginx ${'y'.repeat(1_000_000)}`;
  test.each([
    ['in the middle', long, 1_000_009],
    ['at the begin', long, 1],
    ['at the end', `${'x'.repeat(500)}nginx`, 501],
    ['of wide characters', '漢'.repeat(5000), 2500],
    ['of control characters', '\u0007'.repeat(5000), 2500],
  ])('%s shows the value within the width', (_what, text, column) => {
    const source = createShownSource('a.yaml', `a\n${text}\nb`);
    const lines = sourceLines(source, { line: 2, column, image: 'nginx', pointer: '' }, OPTIONS);
    expect(lines.every((line) => displayWidth(line) <= 40 + 7)).toBe(true);
    expect(lines.some((line) => line.includes('^'))).toBe(true);
    if (text.slice(column - 1).startsWith('nginx')) {
      const [own = '', mark = ''] = lines.slice(1);
      expect(own.slice(mark.indexOf('^'), mark.lastIndexOf('^') + 1)).toBe('nginx');
    }
  });
});

test('at most `around` lines before and after', () => {
  const text = Array.from({ length: 99 }, (_, index) => `l${index + 1}`).join('\n');
  expect(shown(text, { line: 50, column: 1 }, { around: 20 }).split('\n')).toHaveLength(42);
  expect(shown(text, { line: 1, column: 1 }, { around: 0 }).split('\n')).toHaveLength(2);
});

test('the first and the last lines of a long value', () => {
  const text = `a: |\n${Array.from({ length: 40 }, (_, index) => `  l${index + 1}\n`).join('')}b: 1\n`;
  const lines = shown(text, { line: 1, column: 4 }).split('\n');
  const numbers = lines.flatMap((line) => /^ +(\d+|⋮)/.exec(line)?.[1] ?? []);
  expect(numbers).toEqual(['1', '2', '3', '4', '5', '6', '⋮', '40', '41', '42']);
});

test('marks in lines that are cut', () => {
  const text = `${' '.repeat(200)}a: {b: 1,\n c: 2,\n${' '.repeat(300)}d: 3}\n`;
  const lines = shown(text, { line: 1, column: 204 }).split('\n');
  expect(lines.every((line) => displayWidth(line) <= 40 + 7)).toBe(true);
  expect(lines.filter((line) => line.includes('^'))).toHaveLength(1);
});
