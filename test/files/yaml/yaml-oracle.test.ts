/** Generated texts, read by the code that kubectl runs and by us: the same values, or both refuse. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import fc from 'fast-check';
import { loadStream } from '../../../src/files/load-text.ts';
import { piecesOf } from '../../../src/files/yaml/documents.ts';
import { parseDocuments } from '../../../src/files/yaml/yaml.ts';
import { IGNORED } from '../../../src/files/yaml/problems.ts';
import { startYamlOracle, type YamlOracle, yamlOracleMissing } from '../../oracle/yaml/oracle.ts';
import { describeWith } from '../../support/real-part.ts';

const REFUSED = 'refused';

/** `theirs` where both agree. */
function weRead(text: string, theirs: unknown): unknown {
  const documents = parseDocuments(text);
  const values = documents.flatMap((document) => (document.ok ? [document.value] : []));
  if (hasMoreAfterJson(text) && isPartOf(theirs, values)) return theirs;
  const problems = documents.flatMap((document) => (document.ok ? [] : [document.problem]));
  // kubectl drops a JSON value that is cut off at the end, and a bracket too many behind one; we reject the file.
  if (/^(unclosed "[[{]"|expected a value: )/.test(problems.at(-1) ?? '') && theirs !== REFUSED) return theirs;
  if (problems.some((problem) => problem !== IGNORED)) return problems.every(isUnsendable) ? theirs : REFUSED;
  // What kubectl leaves out without a word, we name. It may still have stumbled over the first word of it.
  if (problems.length > 0 && theirs === REFUSED) return REFUSED;
  return values;
}

/** kubectl ignores, without a word, what follows a JSON value in a document behind `---`; we read it. */
function hasMoreAfterJson(text: string): boolean {
  const pieces = [...piecesOf(text)];
  return pieces.some(({ kind, from }, index) => {
    const next = pieces[index + 1];
    return kind === 'json' && next !== undefined && !text.slice(from, next.from).includes('\n---');
  });
}

/** In the same order. */
function isPartOf(theirs: unknown, ours: readonly unknown[]): boolean {
  if (!Array.isArray(theirs)) return false;
  const found = ours.reduce<number>(
    (at, value) => (JSON.stringify(withoutNegativeZero(value)) === JSON.stringify(theirs[at]) ? at + 1 : at),
    0,
  );
  return found === theirs.length;
}

/** kubectl decodes before it converts: it does not see these under the first of two equal keys. */
function isUnsendable(problem: string): boolean {
  return problem.startsWith('a key is');
}

/** kubectl decodes the `-0` of its own JSON as the integer 0. */
function withoutNegativeZero(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

const oneOf = (...texts: string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
const joined = (parts: fc.Arbitrary<string>, maxLength: number): fc.Arbitrary<string> =>
  fc.array(parts, { maxLength }).map((all) => all.join(''));

const indicators = oneOf(...'-?:,[]{}#&*!|>\'"%@`~=<'.split(''), '::', ': ', ' #', '- ', '? ', '--', ', ');
const letters = oneOf('a', 'b', '1', '0', '.', '/', '_', 'x', 'é', '😀', '\\', '(');
const plain = joined(fc.oneof({ weight: 3, arbitrary: letters }, { weight: 1, arbitrary: indicators }), 7);
const words = oneOf(
  'tar',
  '-xf',
  '-',
  '::',
  ':',
  ':a',
  'a:',
  'fd00:10::',
  '--bind',
  '<<',
  'yes',
  'null',
  '~',
  '0o17',
  '1e3',
  '-.0',
  '-0',
  '.inf',
  'a b',
  '?',
  'a?b',
  'http://a/b?c',
  '*.example.com',
  '%d',
  '@x',
  '2001-01-01',
  '12:30',
  '|',
  '>',
  '+1',
  '0x',
  'a#b',
);
const quoted = oneOf(
  '"a"',
  "'b'",
  '"a: b"',
  "'it''s'",
  '"x\\n\\x41\\u00e9"',
  '"a\n  b"',
  "'a\n\n  b'",
  '"a\\\n b"',
  '"\\/"',
  '"\\q"',
  '"#"',
  '""',
  "' '",
);
const scalar = fc.oneof(words, plain, quoted);
const property = oneOf(
  '',
  '',
  '',
  '',
  '',
  '&a ',
  '&b ',
  '!!str ',
  '!x ',
  '! ',
  '!!int ',
  '&a !!str ',
  '!<tag:yaml.org,2002:str> ',
  '&c\n ',
);
const space = oneOf('', '', '', ' ', '\n', '\n  ', ' # c\n', '\t', '\r\n ');

const { flow } = fc.letrec<{ flow: string; pair: string; list: string; map: string }>((tie) => ({
  flow: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    fc.tuple(property, scalar).map((parts) => parts.join('')),
    oneOf('*a', '*b ', ''),
    tie('list'),
    tie('map'),
  ),
  pair: fc
    .tuple(oneOf('', '', '', '? '), tie('flow'), space, oneOf(':', ': ', ': ', ': ', ' : ', ':\n', ''), tie('flow'))
    .map((parts) => parts.join('')),
  list: fc
    .tuple(
      property,
      fc.array(
        fc.tuple(space, fc.oneof(tie('flow'), tie('pair')), space).map((parts) => parts.join('')),
        { maxLength: 4 },
      ),
      oneOf('', '', ',', ' ,'),
    )
    .map(([before, items, end]) => `${before}[${items.join(',')}${end}]`),
  map: fc
    .tuple(
      property,
      fc.array(
        fc.tuple(space, fc.oneof(tie('pair'), tie('pair'), tie('flow')), space).map((parts) => parts.join('')),
        { maxLength: 4 },
      ),
      oneOf('', '', ',', ' ,'),
    )
    .map(([before, entries, end]) => `${before}{${entries.join(',')}${end}}`),
}));

const inFlow = fc
  .tuple(oneOf('k: ', '- ', 'a: &a 1\nk: ', '? '), flow, oneOf('', '\n', ' # c', '\nb: 1\n', ': c', '\n---\nx: 1'))
  .map((parts) => parts.join(''));

const line = fc
  .tuple(
    oneOf('', ' ', '  ', '   ', '\t', '    '),
    oneOf('', 'a', '# c', '- b', 'c: d', '\td', '---', '...', 'e ', '...x'),
  )
  .map((parts) => parts.join(''));
const blockScalar = fc
  .tuple(
    oneOf('k: ', '- ', 'k:\n  l: ', '- - ', '', '? ', 'k: !!str ', 'k: &a '),
    oneOf('|', '>', '|-', '>+', '|+', '|2', '>1-', '|-3', '|0', '|x', '>  # c', '|#c', '|22'),
    fc.array(line, { maxLength: 6 }),
    oneOf('\n', '\r\n', '\r'),
    oneOf('', '\n', '\nz: 1\n', '\n- z\n'),
  )
  .map(
    ([before, header, lines, end, after]) =>
      `${before}${header}${lines.map((each) => `${end}${each}`).join('')}${after}`,
  );

const inBlock = fc
  .array(
    fc.tuple(
      oneOf('', '', '', '  ', ' ', '    ', '\t'),
      oneOf('k: ', 'l: ', '- ', '- - ', 'm:', '? ', ': ', '', '- n: ', '&a ', '"q": ', '<<: ', '*a : '),
      fc.oneof(property, fc.constant('')),
      fc.oneof(scalar, scalar, flow, oneOf('', '*a', '- x', 'y: z', '|')),
      oneOf('', '', ' # c', ' '),
    ),
    { minLength: 1, maxLength: 6 },
  )
  .map((lines) => `k0: &a {a: 1}\n${lines.map((parts) => parts.join('')).join('\n')}\n`);

const tokens = oneOf(
  '[',
  ']',
  '{',
  '}',
  ',',
  ', ',
  ': ',
  ':',
  '? ',
  '?',
  '- ',
  '-',
  '\n',
  '\n  ',
  '\n    ',
  ' ',
  '\t',
  '"',
  "'",
  '"a b"',
  '#',
  ' # c\n',
  '&a ',
  '*a',
  '!',
  '!!str ',
  'a',
  'b',
  '1',
  '::',
  '|\n',
  '>-\n',
  '\\',
  '%',
  '@',
  '~',
  '<<: ',
  'é',
  '😀',
  '\r\n',
  '\r',
  'x: ',
  'y:\n',
  'k: [',
  ']\n',
  '---',
  '\n---\n',
  '\n...\n',
  '...',
  '!!merge ',
  '"<<"',
  '0x1F',
);
const soup = fc
  .tuple(oneOf('k: [', 'k: {', 'k:', '- ', 'a: 1\n', '? ', '"', "'", 'a: 1\n---\nb'), joined(tokens, 16))
  .map((parts) => parts.join(''));

const separators = fc
  .tuple(
    oneOf('z: 1\n', ''),
    fc.array(
      oneOf(
        '---',
        '--- ',
        '--- # c',
        '---#c',
        '---x',
        '--- x',
        ' ---',
        '--- # c\ra: 1',
        '---\r#\rb: 1',
        '...',
        '... ',
        '...x',
        '# c',
        '',
        'a: 1',
        'b: |',
        '  c',
        '  ---',
        '\t',
        'null',
        '"d',
        'e"',
        '--',
        '----',
        '---\r',
      ),
      { maxLength: 9 },
    ),
  )
  .map(([first, lines]) => first + lines.join('\n'));

const RUNS = 12;
const BATCH = { minLength: 250, maxLength: 250 };

describeWith(yamlOracleMissing, 'kubectl reads the same of generated texts', () => {
  let oracle: YamlOracle;
  beforeAll(async () => {
    oracle = await startYamlOracle();
  }, 300_000);
  afterAll(() => oracle.close());

  const CASES: readonly (readonly [name: string, texts: fc.Arbitrary<string>, accepted: number])[] = [
    ['flow collections', inFlow, 200],
    ['block scalars', blockScalar, 300],
    ['plain and other scalars in block style', inBlock, 20],
    ['tokens in any order', soup, 100],
    ['separators and ends of documents', separators, 300],
  ];
  test.each(CASES)('%s', { timeout: 120_000 }, async (_name, texts, least) => {
    let read = 0;
    await fc.assert(
      fc.asyncProperty(fc.array(texts, BATCH), async (batch) => {
        const answers = await oracle.ask(batch);
        const theirs = answers.map(({ values, error }) => (error === null ? withoutNegativeZero(values) : REFUSED));
        const ours = batch.map((text, index) => withoutNegativeZero(weRead(text, theirs[index])));
        expect(batch.map((text, index) => [text, ours[index]])).toEqual(
          batch.map((text, index) => [text, theirs[index]]),
        );
        read += theirs.filter((answer) => answer !== REFUSED).length;
      }),
      { numRuns: RUNS },
    );
    // Texts that nobody can read would agree, too.
    expect(read).toBeGreaterThan(least);
  });

  const UTF_16 = { text: '\uFEFFa: é\n', utf16: true };

  test.each([
    ['UTF-16, little-endian', Buffer.from('\uFEFFa: é\n', 'utf16le'), UTF_16],
    ['UTF-16, big-endian', Buffer.from('\uFEFFa: é\n', 'utf16le').swap16(), UTF_16],
    ['Latin-1', Buffer.from('a: caf\u00E9\n', 'latin1'), { problem: 'not UTF-8 text, from line 1 on' }],
  ])('%s is converted by kubectl, and read by us or refused with the way out', async (_name, bytes, read) => {
    const [theirs] = await oracle.askBytes([bytes]);
    expect(theirs?.error).toBeNull();
    expect(
      await loadStream(
        (async function* () {
          yield bytes;
        })(),
      ),
    ).toEqual(read);
  });
});
