/** `.env` files and variables as Compose reads them: written rows, and generated files compared with Compose's code. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseEnvFile } from '../../../src/files/image-locations/compose/env-file.ts';
import { interpolate, UNKNOWN } from '../../../src/files/image-locations/compose/variables.ts';
import { untraced } from '../../../src/files/image-locations/traced-text.ts';
import { type ComposeAnswer, composeOracle, type ComposeQuestion } from '../../oracle/compose/oracle.ts';
import { describeWith } from '../../support/real-part.ts';

type Row = readonly [env: string, text: string, result: string | undefined];

/** undefined: the file has an error. UNKNOWN stands for what only the environment knows. */
const ROWS: readonly Row[] = [
  ['TAG=1.2', 'app:$TAG', 'app:1.2'],
  ['TAG=1.2\nTAG=1.3\n', 'app:${TAG}', 'app:1.3'],
  ['\uFEFFTAG=1.2\r\nREG=r.io\r\n', '${REG}/app:${TAG}', 'r.io/app:1.2'],
  ['export TAG=1.2', '$TAG', '1.2'],
  ['export\tTAG = 1.2', '$TAG', '1.2'],
  ['TAG: 1.2', '$TAG', '1.2'],
  ['# TAG=1\n  TAG=1.2 # now\n', '$TAG', '1.2'],
  ['TAG=1.2#now', '$TAG', '1.2#now'],
  ['TAG=# none', '$TAG', '# none'],
  ['TAG="1.2" # now\nB=2', '$TAG-$B', '1.2-2'],
  ["TAG='$B'", '$TAG', '$B'],
  ["TAG='it\\'s'", '$TAG', "it's"],
  ['TAG="a\\"b\\n\\t\\\\\\$B\\x"', '$TAG', 'a"b\n\t\\$B\\x'],
  ['TAG="\\0123\\0777\\012\\0"', '$TAG', 'S\\777\\12\\'],
  ['TAG="1\n2"', '$TAG', '1\n2'],
  ['A=1\nTAG=$A.${A}.${B:-2}.${A:+3}.${A-4}', '$TAG', '1.1.2.3.1'],
  ['TAG=a$$b', '$TAG', 'a$b'],
  ['TAG=', 'a${TAG:-x}${TAG-y}${TAG:+z}${TAG+w}', 'axw'],
  ['TAG=1', '${TAG:-x}${TAG-y}${TAG:+z}${TAG+w}${TAG:?v}${TAG?u}', '11zw11'],
  ['TAG=1', '${NO:-${TAG}}${NO+$TAG}', '1'],
  ['TAG', 'a:${TAG:-x}', 'a:x'],
  ['B=1\nTAG', 'a:${B}', 'a:1'],
  ['tag=1', 'a:${TAG:-x}', 'a:x'],
  ['A.B-C[0]=1\nTAG=2', '$TAG', '2'],
  ['TAG="1', '$TAG', undefined],
  ['A B=1', '$A', undefined],
  ['A!=1', '$A', undefined],
];

/** Rows in which only we do not know. */
const UNKNOWN_ROWS: readonly Row[] = [
  ['', 'a:$TAG', `a:${UNKNOWN}`],
  ['TAG=$VERSION', 'a:$TAG', `a:${UNKNOWN}`],
  ['TAG=', 'a:${TAG:?set it}', `a:${UNKNOWN}`],
  ['TAG=1', 'a:${TAG', `a:${UNKNOWN}`],
  ['TAG=1', 'a:${TAG.x}', `a:${UNKNOWN}`],
  [`TAG=${'1'.repeat(1025)}`, 'a:$TAG', `a:${UNKNOWN}`],
  [`TAG=${'1'.repeat(1024)}`, '$TAG'.repeat(5), `${'1'.repeat(4096)}${UNKNOWN}`],
];

function resultOf(env: string, text: string): string | undefined {
  const file = parseEnvFile(env);
  return file.ok ? interpolate(untraced(text), file.values).text : undefined;
}

test.each([...ROWS, ...UNKNOWN_ROWS])('%j: %j', (env, text, result) => {
  expect(resultOf(env, text)).toBe(result);
});

test.each([
  ['A=1\nPASSWORD="s3cret\n', 'a value without a closing quote in line 2'],
  ['# s3cret\nPASS WORD=s3cret', 'a name with a space in line 2'],
  ['\n\ns3cret!=1', 'an unexpected character in a name in line 3'],
])('the problem in %j has the line and no text of the file', (env, problem) => {
  expect(parseEnvFile(env)).toEqual({ ok: false, problem });
});

test('values that double themselves stay small', () => {
  const lines = Array.from({ length: 60 }, (_, index) => `A${index + 1}=$A${index}$A${index}`);
  expect(resultOf(['A0=xx', ...lines].join('\n'), '$A60')).toBe(UNKNOWN);
});

const CHARACTERS = [
  'A',
  'B',
  'TAG',
  '=',
  ':',
  '\n',
  ' ',
  '\t',
  '#',
  ' #',
  '"',
  "'",
  '\\',
  '$',
  '${',
  '}',
  ':-',
  '-',
  '+',
  '?',
];
const WORDS = [
  '1',
  '.',
  'export ',
  '\\n',
  '\\$',
  '\\0101',
  '\r\n',
  'A=1\n',
  'B="x"\n',
  "TAG='y'\n",
  '${A}',
  '$B',
  '${TAG:-z}',
  '\u00a0',
  'é',
];
const piece = fc.constantFrom(...CHARACTERS, ...WORDS);
const file = fc.array(piece, { maxLength: 14 }).map((pieces) => pieces.join(''));

describeWith(composeOracle.missing, 'compose-go', () => {
  let oracle: Awaited<ReturnType<typeof composeOracle.start>>;
  beforeAll(async () => (oracle = await composeOracle.start()), 300_000);
  afterAll(() => oracle.close());

  async function answerTo(question: ComposeQuestion): Promise<ComposeAnswer> {
    const [answer] = await oracle.ask([question]);
    if (answer === undefined) throw new Error('no answer');
    return answer;
  }

  test('agrees with the rows', async () => {
    for (const [env, text, result] of ROWS) {
      const { error, text: theirs } = await answerTo({ env, text });
      expect([env, text, error === null ? theirs : undefined]).toEqual([env, text, result]);
    }
  });

  test('agrees about generated files, or we do not know', async () => {
    expect.hasAssertions();
    await fc.assert(
      fc.asyncProperty(file, async (env) => {
        const { error, values } = await answerTo({ env, text: '' });
        const ours = parseEnvFile(env);
        if (!ours.ok) expect(error).not.toBeNull();
        const known = ours.ok ? [...ours.values].filter(([, value]) => !value.includes(UNKNOWN)) : [];
        if (error === null) for (const [name, value] of known) expect([name, values[name]]).toEqual([name, value]);
        if (error === null && ours.ok)
          expect([...ours.values.keys()].toSorted()).toEqual(Object.keys(values).toSorted());
        // A value that cannot be resolved is unknown for us, and the others are not.
        if (error !== null && !/Invalid template|required variable/.test(error)) expect(ours.ok).toBe(false);
      }),
      { numRuns: 3000 },
    );
  });
});
