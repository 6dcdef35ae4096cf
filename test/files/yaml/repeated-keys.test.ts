/** Keys that stand twice: the value that counts is the one that kubectl sends, and a notice has the lines of all. */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { repeatedKeyNotices } from '../../../src/files/yaml/repeated-keys.ts';
import { parseDocuments } from '../../../src/files/yaml/yaml.ts';
import type { CheckReport } from '../../../src/report/check.ts';
import { runCommand } from '../../support/command.ts';
import { kubectlMissing } from '../../support/kubectl.ts';
import { describeWith } from '../../support/real-part.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-repeated-'));
afterAll(() => rmSync(folder, { recursive: true }));

const HEAD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n';
const DIGEST = `sha256:${'a'.repeat(64)}`;
const two = (key: string, first: number, last: number): string =>
  first === last
    ? `key "${key}" is repeated in line ${last}; only the last value is used`
    : `key "${key}" is repeated: line ${first} and line ${last}; only the value at line ${last} is used`;

const unlike = (key: string, first: number, last: number): string =>
  `key "${key}" is repeated: line ${first} and line ${last}; they differ in type (string, number, boolean), so kubectl can use any of them; keep only one`;

const ROWS: Readonly<Record<string, readonly [text: string, notices: readonly string[]]>> = {
  none: [`${HEAD}spec: {a: 1}\n`, []],
  'in block maps': [`${HEAD}spec:\n  limits: {cpu: 1}\n  x: 1\n  limits: {memory: 1}\n`, [two('limits', 5, 7)]],
  'at the top': [`${HEAD}spec: {a: 1}\nspec: {b: 1}\n`, [two('spec', 4, 5)]],
  'in flow maps': [`${HEAD}spec: {a: 1,\n  b: 2, a: 3}\n`, [two('a', 4, 5)]],
  'on one line': [`${HEAD}spec: {a: 1, a: 2}\n`, [two('a', 4, 4)]],
  'three times': [
    `${HEAD}spec:\n  a: 1\n  a: 2\n  a: 3\n`,
    ['key "a" is repeated: lines 5, 6 and line 7; only the value at line 7 is used'],
  ],
  'in two spellings': [`${HEAD}spec:\n  "a": 1\n  a: 2\n  8: x\n  0x8: y\n`, [two('a', 5, 6), two('8', 7, 8)]],
  'in lists, deeper, where y is a boolean': [`${HEAD}spec:\n- x:\n    y: 1\n    y: 2\n- y: 1\n`, [two('true', 6, 7)]],
  'in a value that does not count': [`${HEAD}spec: {b: {a: 1, a: 1}}\nspec: 1\n`, [two('spec', 4, 5), two('a', 4, 4)]],
  'in JSON': [
    `{"apiVersion":"v1","kind":"Pod",\n"metadata":{},\n"kind":"Pod","spec":{"a":1,\n"\\u0061":2}}`,
    [two('kind', 1, 3), two('a', 3, 4)],
  ],
  'in the second document': [`${HEAD}---\n${HEAD}kind: Pod\n`, [two('kind', 6, 8)]],
  'in an anchor that is used twice': [`${HEAD}x: &a {b: 1, b: 2}\nspec: [*a, *a]\n`, [two('b', 4, 4)]],
  'by a merge key: none': [`${HEAD}x: &a {b: 1}\nspec:\n  <<: *a\n  b: 2\n`, []],
  'by two merge keys: none': [`${HEAD}x: &a {b: 1}\nspec:\n  <<: [*a, *a]\n  c: 2\n`, []],
  'beside a merge key': [`${HEAD}x: &a {b: 1}\nspec:\n  <<: *a\n  b: 2\n  b: 3\n`, [two('b', 7, 8)]],
  'of other maps: none': [`${HEAD}spec: {a: {n: 1}, b: {n: 1}}\n`, []],
  'in other cases: none': [`${HEAD}spec: {a: 1, A: 2}\n`, []],
  'called like a prototype': [`${HEAD}spec: {__proto__: 1, __proto__: 2}\n`, [two('__proto__', 4, 4)]],
};

/** Two keys for Go, which goes through a map in no order and makes one of them. */
const UNLIKE: Readonly<Record<string, readonly [text: string, notices: readonly string[]]>> = {
  'a number and a text': [`${HEAD}spec:\n  1: x\n  "1": y\n`, [unlike('1', 5, 6)]],
  'a boolean and a text': [`${HEAD}spec:\n  yes: x\n  a: 1\n  !!str true: y\n`, [unlike('true', 5, 7)]],
  'two booleans': [`${HEAD}spec: {yes: x, on: y, true: z}\n`, [two('true', 4, 4)]],
  'a whole number and a fraction': [`${HEAD}spec:\n  1: x\n  1.0: y\n`, [unlike('1', 5, 6)]],
  'what looks whole and is a fraction to Go': [`${HEAD}spec:\n  8: x\n  08: y\n`, [unlike('8', 5, 6)]],
  'through an alias': [`${HEAD}x: &a 5\nspec:\n  "5": x\n  *a : y\n`, [unlike('5', 6, 7)]],
};

describe('repeated keys', () => {
  test.each(Object.entries({ ...ROWS, ...UNLIKE }))('%s', (_what, [text, notices]) => {
    expect(repeatedKeyNotices('a.yaml', parseDocuments(text)).map(({ message }) => message)).toEqual(notices);
  });

  test('many are counted', () => {
    const text = `${HEAD}spec:\n${Array.from({ length: 30 }, (_, index) => `  k${index}: 1\n  k${index}: 2\n`).join('')}`;
    const notices = repeatedKeyNotices('a.yaml', parseDocuments(text));
    expect(notices).toHaveLength(11);
    expect(notices.at(-1)).toEqual({
      file: 'a.yaml',
      line: null,
      column: null,
      message: '20 more keys are repeated in "a.yaml"',
    });
  });

  test('check says so at the place that counts, and judges the last value', async () => {
    const text = `${HEAD}spec:\n  containers: [{name: a, image: nginx}]\n  containers: [{name: a, image: "nginx:1.27"}]\n`;
    const { code, out } = await runCommand(['check', '-', '-o', 'json'], text);
    const { images, notices } = JSON.parse(out) as CheckReport;
    expect({ code, images: images.map(({ image }) => image) }).toEqual({ code: 0, images: ['nginx:1.27'] });
    expect(notices).toEqual([
      { file: 'stdin', line: 6, column: 3, kind: null, name: null, rule: null, message: two('containers', 5, 6) },
    ]);
  });

  test('a policy that loses rules says so', async () => {
    const file = path.join(folder, 'policy.yaml');
    writeFileSync(
      file,
      'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec:\n  rules: [{rule: image-digest}]\n  rules: [{rule: image-reference}]\n',
    );
    const { out } = await runCommand(
      ['check', '-', '-p', file, '-o', 'json'],
      `${HEAD}spec: {containers: [{name: a, image: b}]}\n`,
    );
    expect((JSON.parse(out) as CheckReport).notices.map(({ message, line }) => [line, message])).toEqual([
      [6, two('rules', 5, 6)],
    ]);
  });

  test('a suite that loses cases says so', async () => {
    const file = path.join(folder, 'suite.yaml');
    writeFileSync(path.join(folder, 'pod.yaml'), `${HEAD}spec: {containers: [{name: a, image: "b:1@${DIGEST}"}]}\n`);
    writeFileSync(
      file,
      'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicyTest\nmetadata: {name: s}\nspec:\n  cases: [{name: a, resources: [gone.yaml], expect: pass}]\n  cases: [{name: b, resources: [pod.yaml], expect: pass}]\n',
    );
    const { code, out } = await runCommand(['test', file]);
    expect({ code, out }).toEqual({
      code: 0,
      out: expect.stringContaining(`  ✓ b\n\n${file}:6:3  notice  ${two('cases', 5, 6)}\n`),
    });
  });

  test.each([
    ['check', 'pod.yaml'],
    ['pin', 'pod.yaml', '--check'],
    ['rules', '-o', 'json'],
    ['explain', 'rule', 'image-tag'],
    ['schema', 'policy'],
    ['explain', 'pod', 'pod.yaml'],
    ['serve', '--print-config'],
  ])('a configuration that loses a value says so: %s %s', async (...args) => {
    const config = path.join(folder, 'tidewaiter.yaml');
    writeFileSync(config, 'logLevel: warn\nlogLevel: info\n');
    writeFileSync(path.join(folder, 'pod.yaml'), `${HEAD}spec: {containers: [{name: a, image: "b:1@${DIGEST}"}]}\n`);
    const paths = args.map((arg) => (arg === 'pod.yaml' ? path.join(folder, arg) : arg));
    const { code, note } = await runCommand([...paths, '-c', config]);
    expect({ code, note }).toEqual({
      code: 0,
      note: expect.stringContaining(`${config}:2:1  notice  ${two('logLevel', 1, 2)}\n`),
    });
  });
});

describeWith(kubectlMissing, 'kubectl', () => {
  test.each(Object.entries(ROWS))('%s: sends the same value', (_what, [text]) => {
    const { stdout } = spawnSync(
      'kubectl',
      ['annotate', '--local', '-f', '-', 'z=1', '-o', 'jsonpath={.spec}{"\\n"}'],
      {
        input: text,
        encoding: 'utf8',
      },
    );
    const [document] = parseDocuments(text);
    const { spec } = (document?.ok === true ? document.value : {}) as { spec?: unknown };
    const sent = stdout.split('\n')[0] ?? '';
    expect(sent === '' ? undefined : JSON.parse(sent)).toEqual(spec);
  });
});
