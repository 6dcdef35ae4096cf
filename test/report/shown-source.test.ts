/** What of the lines of an input file is shown: keys, names, and images, and no text that can be a secret. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { markedIn } from '../../src/report/source/marked-value.ts';
import { createShownSource } from '../../src/report/source/shown-source.ts';

const shown = (text: string, file = 'a.yaml'): readonly string[] => {
  const source = createShownSource(file, text);
  return Array.from({ length: source.lines }, (_, index) => source.line(index + 1)?.text ?? '');
};

const CASES: readonly (readonly [what: string, text: string, lines: readonly string[]])[] = [
  ['a value', 'password: s3cret # note', ['password: …']],
  ['names', 'metadata:\n  name: web\n  namespace: shop', ['metadata:', '  name: web', '  namespace: shop']],
  [
    'a name that is not one of an object',
    'auth:\n  name: alice\nx: {name: bob}',
    ['auth:', '  name: …', 'x: {name: …}'],
  ],
  [
    'a list of variables',
    'env:\n  - name: A\n    value: b\n  - {name: C, value: d}',
    ['env:', '  - name: A', '    value: …', '  - {name: C, value: …}'],
  ],
  ['a map of variables', 'env:\n  name: b\n  image: c', ['env:', '  name: …', '  image: …']],
  [
    'small numbers and words',
    'a: [1, true, b]\nreplicas: 3\nimagePullPolicy: Always',
    ['a: [1, true, …]', 'replicas: 3', 'imagePullPolicy: Always'],
  ],
  ['published ports', 'ports: ["8080:80", "1:a"]\nother:\n  - "8080:80"', ['ports: ["8080:80", …]', 'other:', '  - …']],
  ['a key that is a secret name', 'token: 12345\nimage: a:1', ['token: …', 'image: a:1']],
  ['an image with a password', 'image: ci:x@example.com/a', ['image: …']],
  [
    'a block scalar',
    'data:\n  a: |-\n    image: b\n    c\nx: >\n\n  y',
    ['data:', '  a: |-', '    …', '    …', 'x: >', '', '  …'],
  ],
  ['a text in quotes over lines', 'a: "b\n  image: c\n  d" # e', ['a: …', '  …', '  …']],
  ['anchors and tags', 'a: &x b\nc: *x\nd: !!str e\n<<: *x', ['a: &x …', 'c: *x', 'd: …', '<<: *x']],
  ['anchors before a comment', 'a: &x b\nc: *x # d\n\n# e\n', ['a: &x …', 'c: *x # …', '', '# …']],
  ['texts like aliases, behind a quote too many', '"data:\n  a: "*s3cret,"\nb: "&s3cret "\n', ['…', '  …,…', '…']],
  ['an anchor of a secret', 'password: *abc', ['password: …']],
  [
    'templates',
    '{{- if .Values.a }}\na: {{ .Values.b }}\n{{- if eq .a "b" }}\n{{ end }}',
    ['{{- if .Values.a }}', 'a: …', '{{- if … }}', '{{ end }}'],
  ],
  ['documents after one with an error', 'a: "b\nimage: c\n---\nimage: d', ['a: …', '…', '---', 'image: d']],
  ['lines after an error', 'a: @b\nimage: c\nd: e', ['a: …', 'image: …', 'd: …']],
  ['a tab', 'a:\n\tb: c', ['a:', '\tb: …']],
];

test.each(CASES)('%s', (_what, text, lines) => {
  expect(shown(text)).toEqual(lines);
});

test.each<readonly [what: string, text: string, lines: readonly string[]]>([
  [
    'a Dockerfile',
    'ARG A=b\nFROM --platform=$X nginx:1 AS web\nENV B=c D=e\nRUN a \\\n  FROM b\nLABEL a',
    ['ARG A=…', 'FROM --platform=$X nginx:1 AS web', 'ENV B=…', 'RUN …', '  …', 'LABEL a'],
  ],
  ['a Dockerfile with a password', 'FROM https://a:b@c/d\nFROM ${X:-y}', ['FROM …', 'FROM …']],
])('%s', (_what, text, lines) => {
  expect(shown(text, 'Dockerfile')).toEqual(lines);
});

describe('the value of a finding', () => {
  test.each<
    readonly [
      what: string,
      text: string,
      at: readonly [line: number, column: number],
      image: string | null,
      pointer: string,
      line: string,
    ]
  >([
    ['an image', 'args: ["x=nginx", nginx]', [1, 19], 'nginx', '', 'args: […, nginx]'],
    ['a part of an image', 'a:\n  part: web', [2, 9], 'example.com/web:1', '', '  part: web'],
    ['another text in its place', 'a: b', [1, 4], 'nginx', '', 'a: …'],
    ['a name', 'x: {name: Web_1}', [1, 11], null, '/metadata/name', 'x: {name: Web_1}'],
    ['a variable', 'x: [{v: abc}]', [1, 9], null, '/spec/env/0/value', 'x: [{v: …}]'],
    ['a text that cannot be evaluated', 'spec: abc', [1, 7], null, '?', 'spec: …'],
    ['a key that is a secret name', 'apiToken: abc', [1, 11], null, '', 'apiToken: …'],
    ['a template', 'image: "{{ .Values.image }}:{{ .a }}"', [1, 8], 'a:1', '', 'image: "{{ .Values.image }}:{{ .a }}"'],
    ['a template with a text before quotes', "image: 'a{{ .a | default `b` }}'", [1, 8], 'a:1', '', 'image: …'],
    ['a template with a text', 'image: "{{ .a | default "b" }}"', [1, 8], 'a:1', '', 'image: …'],
  ])('%s', (_what, text, [line, column], image, pointer, expected) => {
    const source = createShownSource('a.yaml', text);
    const value = markedIn(source, { line, column, image, pointer: pointer === '?' ? null : pointer });
    expect(source.line(line, value)?.text).toBe(expected);
  });
});

/** Text that has a meaning in YAML, around letters that do not occur elsewhere. */
const secret = fc
  .tuple(
    fc.constantFrom(
      '',
      '#',
      ': ',
      '{',
      '[',
      '"',
      "'",
      ' - ',
      '|',
      '&a ',
      '*',
      '!',
      '{{',
      '\n',
      '\n\n',
      '$',
      '`',
      '%',
      'image: ',
      'name: ',
    ),
    fc.constantFrom('', ' #', ':', '}', ']', '"', "'", '\n', '}}', ',', '\\'),
  )
  .map(([before, after]) => `${before}ZQXJ${after}`);

const KEYS = ['name', 'image', 'value', 'env', 'args', 'data', 'kind', 'annotations', 'password', 'x', 'metadata'];

/** An object whose texts are all secret, without the places where texts are names. */
const object = fc.letrec((tie) => ({
  node: fc.oneof(
    { maxDepth: 4 },
    secret,
    fc.array(tie('node'), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom(...KEYS), tie('node'), { maxKeys: 3 }),
  ),
})).node;

const STYLES: Readonly<Record<string, (value: unknown, indent: string) => string>> = {
  json: (value) => JSON.stringify(value),
  'json on lines': (value, indent) => JSON.stringify(value, null, 2).replaceAll('\n', `\n${indent}`),
  quoted: (value) =>
    typeof value === 'string' ? `'${value.replaceAll("'", "''").replaceAll('\n', `\n\n  `)}'` : JSON.stringify(value),
  block: (value, indent) =>
    typeof value === 'string'
      ? `|2\n${value
          .split('\n')
          .map((line) => `${indent}  ${line}`)
          .join('\n')}`
      : JSON.stringify(value),
};

test('no text of an object in any style is shown, except names, images, and kinds', () => {
  fc.assert(
    fc.property(
      object,
      fc.constantFrom(...Object.values(STYLES)),
      fc.constantFrom('a: ', 'data:\n  name: ', '- ', 'args:\n  - '),
      (value, style, lead) => {
        const indent = lead.includes('\n') ? '  ' : '';
        const text = `x: 1\n---\n${lead}${style(value, indent)}\n`;
        expect(shown(text).filter((line) => line.includes('ZQXJ') && !/"?(?:name|image|kind)"?:/.test(line))).toEqual(
          [],
        );
      },
    ),
    { numRuns: 300 },
  );
});

test('a text under a private key is never shown', () => {
  fc.assert(
    fc.property(object, fc.constantFrom('data', 'annotations', 'environment', 'args', 'password'), (value, key) => {
      const text = `${key}:\n  image: ${JSON.stringify(value, null, 2).replaceAll('\n', '\n    ')}\n`;
      expect(shown(text).filter((line) => line.includes('ZQXJ'))).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('broken text keeps its secrets', () => {
  fc.assert(
    fc.property(object, secret, fc.nat(), (value, noise, at) => {
      const whole = `stringData:\n  a: ${JSON.stringify(value, null, 2).replaceAll('\n', '\n    ')}\n`;
      // In the first line, it would make a key of another name, and no Secret.
      const key = 'stringData:\n'.length;
      const cut = key + (at % (whole.length - key));
      const text = `${whole.slice(0, cut)}${noise.replace('ZQXJ', '')}${whole.slice(cut)}`;
      const found = shown(text).filter((line) => /ZQXJ/.test(line));
      expect(found).toEqual([]);
    }),
    { numRuns: 300 },
  );
});

test('a large file takes a short time, and each line is shown in its own document', () => {
  const text = `${'a: b\n'.repeat(100_000)}---\nimage: c\n`;
  const source = createShownSource('a.yaml', text);
  expect(source.line(100_002)?.text).toBe('image: c');
  expect(source.line(99_999)?.text).toBe('a: …');
  expect(source.line(100_003)).toBeUndefined();
});
