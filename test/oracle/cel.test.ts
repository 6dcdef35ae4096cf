/** The API server itself is asked: for the recorded answers, and for texts that nobody thought of. */
import * as fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { ANSWERS, OBJECT } from '../cel/answers.ts';
import { evaluateExpression } from '../cel/evaluate-expression.ts';
import { describeWith } from '../support/real-part.ts';
import { type CelAnswer, celOracle } from './cel/oracle.ts';
import type { Running } from './go-program.ts';

/** JSON of Go escapes what it replaces, JavaScript does not. */
const outcomeText = ({ outcome, value = '' }: CelAnswer): string =>
  outcome === 'value' ? value.replaceAll('\\ufffd', '\ufffd') : 'refused';

const own = (expression: string): string => {
  const { outcome, text } = evaluateExpression(expression, OBJECT);
  return outcome === 'value' ? text : 'refused';
};

/** `count` different expressions, always the same ones. */
function sample(arbitrary: fc.Arbitrary<string>, count: number): readonly string[] {
  return [...new Set(fc.sample(arbitrary, { numRuns: count, seed: 20_261_124 }))];
}

/** Pieces in any order. */
const of = (pieces: readonly string[], maxLength: number): fc.Arbitrary<string> =>
  fc.array(fc.constantFrom(...pieces), { maxLength }).map((parts) => parts.join(''));

const quoted = (text: fc.Arbitrary<string>): fc.Arbitrary<string> => text.map((value) => JSON.stringify(value));

const digits = of('0 1 2 3 4 5 6 7 8 9'.split(' '), 4);
const text = of(['a', 'b', 'ab', 'é', '😀', ' '], 8);
const part = of(['a', 'b', 'é', '😀'], 2);
const index = fc.integer({ min: -1, max: 9 }).map(String);
const call = (...parts: readonly (string | fc.Arbitrary<string>)[]): fc.Arbitrary<string> =>
  fc.tuple(...parts.map((one) => (typeof one === 'string' ? fc.constant(one) : one))).map((all) => all.join(''));
const any = (...values: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...values);

const units = any('', 'k', 'Ki', 'M', 'Mi', 'G', 'Gi', 'm', 'u', 'n', 'P', 'e3', 'E-3', 'x');
const amount = fc
  .tuple(fc.integer({ min: 0, max: 9999 }), any('', '.', '.5', '.025'), units)
  .map((all) => all.join(''));
const clock = call(any('00', '23', '24', '5'), ':', any('00', '59', '60'), ':', any('00', '59', '60'));
const day = call(any('2024', '0001', '9999', '20'), '-', any('01', '02', '13', '2'), '-', any('01', '29', '31', '00'));
const zone = any('Z', '+01:00', '-12:30', '+24:00', 'z', '', '+1:00');
const value = any(
  '7',
  '-7',
  '3u',
  '2.5',
  '"a"',
  '[1]',
  'true',
  'duration("1s")',
  'timestamp(0)',
  'object.n',
  'object.s',
);
const letters = ['a', 'b', '[a-z]', '+', '*', '?', '(', ')', '|', '.', '^', '$', '\\d', '\\b', '1', '{2}', '(?i)', 'A'];

const QUESTIONS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  quantities: call('quantity(', quoted(amount), ')'),
  'sums of quantities': call(
    'quantity(',
    quoted(amount),
    any(').add(quantity(', ').sub(quantity('),
    quoted(amount),
    '))',
  ),
  'whole quantities': call('quantity(', quoted(amount), ').isInteger()'),
  versions: call('isSemver(', quoted(of(['0', '1', '10', '01', '.', '.', '-', '+', 'a', 'v'], 8)), any(')', ', true)')),
  addresses: call('string(ip(', quoted(of(['0', '1', '255', 'ff', 'fe80', ':', '::', '.', 'a', 'F', '256'], 9)), '))'),
  networks: call('string(cidr(', quoted(call(any('10.0.0.1', '::1', '2001:db8::'), '/', digits)), ').masked())'),
  durations: call(
    'duration(',
    quoted(of(['1', '2', '30', '.', '5', 'h', 'm', 's', 'ms', 'us', '-', '+', '0'], 6)),
    ')',
  ),
  times: call('timestamp(', quoted(call(day, any('T', ' ', 't'), clock, any('', '.5', '.123456789', '.'), zone)), ')'),
  'positions in texts': call(quoted(text), any('.indexOf(', '.lastIndexOf('), quoted(part), ', ', index, ')'),
  'parts of texts': call(quoted(text), '.substring(', index, ', ', index, ')'),
  'replaced texts': call(quoted(text), '.replace(', quoted(part), ', "x", ', index, ')'),
  'split texts': call(quoted(text), '.split(', quoted(part), ', ', index, ')'),
  'order of texts': call(quoted(text), any(' < ', ' <= ', ' == '), quoted(text)),
  matches: call(
    quoted(of(['a', 'a', 'b', '1', '-', '.'], 10)),
    any('.matches(', '.find('),
    quoted(of(letters, 5)),
    ')',
  ),
  'named formats': call(
    any(
      'dns1123Label',
      'dns1123Subdomain',
      'dns1035Label',
      'qualifiedName',
      'labelValue',
      'dns1123LabelPrefix',
      'dns1123SubdomainPrefix',
      'dns1035LabelPrefix',
      'uuid',
      'byte',
    ).map((name) => `format.${name}().validate(`),
    quoted(of(['a', 'B', '1', '-', '_', '.', '/', '=', '==', 'ab12', 'é', 'abcdefgh'.repeat(8), '1b2c3d4e'], 6)),
    ')',
  ),
  'formats of times': call(
    any('format.date()', 'format.datetime()'),
    '.validate(',
    quoted(call(day, any('', 'T', 't', ' '), any('', '00:00:00Z', '23:59:59.5+01:00', '24:00:00z', '1:00:00Z'))),
    ')',
  ),
  'formats of URIs': call(
    'format.uri().validate(',
    quoted(of(['http', ':', '//', '/', 'a', '%', '%20', '?', '#', ' ', '[::1]', '@', '*'], 6)),
    ').hasValue()',
  ),
  numbers: call(any('int(', 'uint(', 'double('), quoted(of(['1', '9', '0', '-', '+', '.', 'e'], 5)), ')'),
  operators: call(value, any(' + ', ' - ', ' * ', ' / ', ' % ', ' == ', ' < ', ' && ', ' in '), value),
};

describeWith(celOracle.missing, "the API server's CEL", () => {
  let oracle: Running<{ readonly expression: string; readonly object: unknown }, CelAnswer>;
  beforeAll(async () => {
    oracle = await celOracle.start();
  }, 600_000);
  afterAll(() => oracle.close());
  const evaluate = (expressions: readonly string[]): Promise<readonly CelAnswer[]> =>
    oracle.ask(expressions.map((expression) => ({ expression, object: OBJECT })));

  test('gives the recorded answers', async () => {
    const answers = await evaluate(ANSWERS.map(({ expression }) => expression));
    const given = ANSWERS.map(
      ({ expression }, at) => `${expression}  =>  ${outcomeText(answers[at] ?? { outcome: 'error' })}`,
    );
    expect(given).toEqual(ANSWERS.map(({ expression, expected }) => `${expression}  =>  ${expected}`));
  }, 600_000);

  test.each(Object.entries(QUESTIONS))(
    'answers as ours does: %s',
    async (_name, arbitrary) => {
      const expressions = sample(arbitrary, 1500);
      const answers = await evaluate(expressions);
      const different = expressions.flatMap((expression, at) => {
        const [theirs, ours] = [outcomeText(answers[at] ?? { outcome: 'error' }), own(expression)];
        return theirs === ours ? [] : [`${expression}: ${theirs}, and ${ours} here`];
      });
      expect(different).toEqual([]);
    },
    120_000,
  );
});
