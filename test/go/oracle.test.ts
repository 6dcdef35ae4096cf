/** The parsers of go/ beside the originals of Go and apimachinery. */
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { bytesOf } from '../../src/go/bytes.ts';
import { parseDuration } from '../../src/go/duration.ts';
import { compileFilepathGlob } from '../../src/go/filepath-glob.ts';
import { parseIp } from '../../src/go/ip.ts';
import { isInt64, parseQuantity, readQuantity } from '../../src/go/quantity.ts';
import { escapedPath, parseQuery, parseRequestUri, parseUrl, splitHostPort } from '../../src/go/url.ts';
import { type TextAnswer, textOracle, type TextQuestion } from '../oracle/text/oracle.ts';
import type { Running } from '../oracle/go-program.ts';
import { describeWith } from '../support/real-part.ts';

/** Texts put together from parts that mean something to the parser, the same ones in each run. */
function textsFrom(parts: readonly string[], maxLength: number, count = 4000): readonly string[] {
  const text = fc.array(fc.constantFrom(...parts), { maxLength }).map((chosen) => chosen.join(''));
  return [...new Set(fc.sample(text, { seed: 7, numRuns: count }))];
}

const NUMBERS = ['0', '00', '1', '12', '9', '.5', '1.', '1.50', '007', '.', '', '+', '-', '+1', '-2.5', '1e3', '1E-40'];
const LARGE = ['9223372036854775807', '9223372036854775808', '123456789012345678', '1234567890123456789.123456789123'];
const SUFFIXES = [
  '',
  'n',
  'u',
  'm',
  'k',
  'M',
  'G',
  'T',
  'P',
  'E',
  'Ki',
  'Mi',
  'Gi',
  'Ti',
  'Pi',
  'Ei',
  'K',
  'mi',
  'B',
  ' ',
  '\n',
  'e3',
  'E-12',
  'e',
  '5',
];
const QUANTITIES = [...NUMBERS, ...LARGE].flatMap((number) => SUFFIXES.map((suffix) => number + suffix));
const DURATION_PARTS = [
  '0',
  '1',
  '90',
  '.',
  '.5',
  '1.5',
  '0.3333333333333333333',
  '-',
  '+',
  'h',
  'm',
  's',
  'ms',
  'us',
  'µs',
  'μs',
  'ns',
  ' ',
  '9223372036854775807',
  '9223372036854775808',
  'd',
  '٣',
];
const IP_PARTS = [
  '::',
  ':',
  '.',
  '%',
  '0',
  '1',
  'ff',
  'FFFF',
  '12345',
  '1.2.3.4',
  '01',
  '255',
  '256',
  'fe80',
  'eth0',
  '::ffff:',
  'g',
  ' ',
];
const URL_PARTS = [
  'http',
  'https://',
  'ftp://',
  '://',
  ':',
  '/',
  '//',
  '?',
  '#',
  '@',
  '[',
  ']',
  '[::1]',
  '[fe80::1%25en0]',
  ':80',
  ':x',
  '%',
  '%2f',
  '%25',
  '%zz',
  '%C3%A9',
  'é',
  'host',
  'a.b',
  '*',
  ' ',
  '\u0001',
  '+',
  ';',
  '=',
  '&',
  '"',
  '{',
  '|',
  '1',
];
const GLOB_PARTS = ['*', '?', '[', ']', '^', '-', '\\', 'a', 'b', 'ab', '[a-b]', '[^a]', '.', 'é'];

describeWith(textOracle.missing, "Go's text rules", () => {
  let oracle: Running<TextQuestion, TextAnswer>;

  beforeAll(async () => {
    oracle = await textOracle.start();
  }, 300_000);

  afterAll(() => oracle.close());

  async function compare<T>(
    kind: TextQuestion['kind'],
    texts: readonly string[],
    ours: (text: string) => T,
    theirs: (answer: TextAnswer) => T,
  ): Promise<readonly [actual: readonly string[], expected: readonly string[]]> {
    const answers = await oracle.ask(texts.map((text) => ({ kind, text })));
    const lines = (values: readonly unknown[]): readonly string[] =>
      values.map((value, index) => `${JSON.stringify(texts[index])}: ${String(value)}`);
    return [lines(texts.map(ours)), lines(answers.map(theirs))];
  }

  const amount = ({ ok, value, int64 }: TextAnswer): string => (ok ? `${value} ${int64 === true}` : 'invalid');

  test('a text is a quantity as for ParseQuantity', async () => {
    const [actual, expected] = await compare(
      'quantity',
      QUANTITIES,
      (text) => {
        const parsed = parseQuantity(text);
        return parsed === undefined ? 'invalid' : `${parsed.nano} ${isInt64(text)}`;
      },
      amount,
    );
    expect(actual).toEqual(expected);
  });

  /** The others are the known differences: Go takes some texts without a digit as 0, and has no limit for exponents. */
  const isAlike = (text: string): boolean => /^ *[+-]?\.?\d/.test(text) && !/[eE][+-]?\d{3}/.test(text);

  test('a text in an object is a quantity as for Quantity.UnmarshalJSON', async () => {
    const texts = QUANTITIES.flatMap((text) => [text, ` ${text}`, `${text}  `]).filter(isAlike);
    const answers = await oracle.ask(texts.map((text) => ({ kind: 'json quantity', text: JSON.stringify(text) })));
    const ours = texts.map((text) => {
      const parsed = readQuantity(text);
      return `${JSON.stringify(text)} ${parsed.ok ? parsed.quantity.nano : 'invalid'}`;
    });
    expect(ours).toEqual(
      answers.map(({ ok, value }, index) => `${JSON.stringify(texts[index])} ${ok ? value : 'invalid'}`),
    );
  });

  test('what UnmarshalJSON does beyond ParseQuantity: it trims, reads numbers, and takes null as 0', async () => {
    const json = ['" 1"', '"1 "', '"1\\u0020"', '"1\\n"', '1', '1.5', '1e3', 'null', '" "', '""', '"Ki"', 'true', '[]'];
    const answers = await oracle.ask(json.map((text) => ({ kind: 'json quantity', text })));
    const lines = answers.map(({ ok, value }, index) => `${json[index]} ${ok ? value : 'invalid'}`);
    expect(lines).toEqual([
      '" 1" 1000000000',
      '"1 " 1000000000',
      '"1\\u0020" invalid',
      '"1\\n" invalid',
      '1 1000000000',
      '1.5 1500000000',
      '1e3 1000000000000',
      'null 0',
      '" " invalid',
      '"" invalid',
      '"Ki" 0',
      'true invalid',
      '[] invalid',
    ]);
  });

  test('durations', async () => {
    const texts = textsFrom(DURATION_PARTS, 5).filter(({ length }) => length <= 100);
    const [actual, expected] = await compare(
      'duration',
      texts,
      (text) => String(parseDuration(text)),
      ({ ok, value }) => (ok ? `${value}` : 'undefined'),
    );
    expect(actual).toEqual(expected);
  });

  test('IP addresses', async () => {
    const full = [
      '1:2:3:4:5:6:7:8',
      '1:2:3:4:5:6:1.2.3.4',
      '1:2:3:4:5:6:7:1.2.3.4',
      '::1:2:3:4:5:6:7',
      '1::2:3:4:5:6:7:8',
    ];
    const [actual, expected] = await compare(
      'ip',
      [...full, ...textsFrom(IP_PARTS, 8)],
      (text) => {
        const ip = parseIp(text);
        return ip === undefined ? 'invalid' : `${shownIp(ip.words)} ${ip.zone}`;
      },
      ({ ok, value, fields }) => (ok ? `${value} ${atob(fields?.['zone'] ?? '')}` : 'invalid'),
    );
    expect(actual).toEqual(expected);
  });

  test.each(['url', 'request uri'] as const)('as %s', async (kind) => {
    const parse = kind === 'url' ? parseUrl : parseRequestUri;
    const [actual, expected] = await compare(
      kind,
      textsFrom(URL_PARTS, 7, 8000),
      (text) => {
        const url = parse(bytesOf(text));
        if (url === undefined) return 'invalid';
        const { name, port } = splitHostPort(url.host);
        const values = [...parseQuery(url.query)].map(([key, list]) => [key, ...list].join('\0')).toSorted();
        return [url.scheme, url.host, url.path, url.query, escapedPath(url), name, port, values.join('\u0001')].join(
          ' | ',
        );
      },
      ({ ok, fields = {} }) =>
        ok
          ? ['scheme', 'host', 'path', 'query', 'escaped', 'hostname', 'port', 'values']
              .map((name) => atob(fields[name] ?? ''))
              .join(' | ')
          : 'invalid',
    );
    expect(actual).toEqual(expected);
  });

  test('globs of filepath.Match', async () => {
    const names = ['', 'a', 'b', 'ab', 'aab', 'a.b', '-', ']', '^', '\\', '*'];
    const questions = textsFrom(GLOB_PARTS, 5, 1000).flatMap((text) => names.map((name) => ({ text, name })));
    const answers = await oracle.ask(questions.map((question) => ({ kind: 'glob', ...question })));
    const ours = questions.map(({ text, name }) => `${text} ${name} ${compileFilepathGlob(bytesOf(text))(name)}`);
    expect(ours).toEqual(answers.map(({ ok }, index) => `${questions[index]?.text} ${questions[index]?.name} ${ok}`));
  });
});

/** As netip's StringExpanded. */
function shownIp(words: readonly number[]): string {
  if (words.length === 2) return words.flatMap((word) => [word >> 8, word & 255]).join('.');
  const hex = (word: number): string => word.toString(16).padStart(4, '0');
  return words.map(hex).join(':');
}
