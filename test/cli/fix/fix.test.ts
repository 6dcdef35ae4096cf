/** `check --fix`: only findings with exactly one fix, and only their bytes. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../../support/command.ts';

const before = process.cwd();
let root = '';
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-fix-'));
  process.chdir(root);
  writeFileSync('p.yaml', POLICY);
});
afterEach(() => {
  process.chdir(before);
  rmSync(root, { recursive: true, force: true });
});

const POLICY = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: p}
spec:
  rules:
    - rule: image-qualified
    - rule: image-pull-policy
`;
const HEAD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec:\n  containers:\n';

type Row = readonly [what: string, text: string, expected: string, left: number];

const ROWS: readonly Row[] = [
  [
    'block style, with comments',
    `${HEAD}    - name: a # the name\n      image: nginx:1 # the image\n`,
    `${HEAD}    - name: a # the name\n      image: docker.io/library/nginx:1 # the image\n      imagePullPolicy: Always\n`,
    0,
  ],
  [
    'a namespace of Docker Hub, quotes, and a policy that is written',
    `${HEAD}    - name: a\n      imagePullPolicy: "Never"\n      image: 'team/web'\n`,
    `${HEAD}    - name: a\n      imagePullPolicy: "Always"\n      image: 'docker.io/team/web'\n`,
    0,
  ],
  [
    'flow style',
    `${HEAD}    - {name: a, image: nginx:1}\n`,
    `${HEAD}    - {name: a, image: docker.io/library/nginx:1, imagePullPolicy: Always}\n`,
    0,
  ],
  [
    'JSON',
    '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"nginx:1"}]}}',
    '{"apiVersion":"v1","kind":"Pod","metadata":{"name":"web"},"spec":{"containers":[{"name":"a","image":"docker.io/library/nginx:1", "imagePullPolicy": "Always"}]}}',
    0,
  ],
  [
    'CRLF and a byte order mark',
    `\uFEFF${`${HEAD}    - name: a\n      image: nginx:1\n`.replaceAll('\n', '\r\n')}`,
    `\uFEFF${`${HEAD}    - name: a\n      image: docker.io/library/nginx:1\n      imagePullPolicy: Always\n`.replaceAll('\n', '\r\n')}`,
    0,
  ],
  [
    'the second document, in a list',
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: web}\n  spec:\n    containers:\n    - name: a\n      image: nginx:1\n`,
    `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: c}\n---\napiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: web}\n  spec:\n    containers:\n    - name: a\n      image: docker.io/library/nginx:1\n      imagePullPolicy: Always\n`,
    0,
  ],
  [
    'an anchor that something else uses is left',
    `apiVersion: v1\nkind: Pod\nmetadata: {name: web, annotations: {x: &i "nginx:1"}}\nspec:\n  containers:\n    - name: a\n      image: *i\n      imagePullPolicy: Always\n`,
    `apiVersion: v1\nkind: Pod\nmetadata: {name: web, annotations: {x: &i "nginx:1"}}\nspec:\n  containers:\n    - name: a\n      image: *i\n      imagePullPolicy: Always\n`,
    1,
  ],
  [
    'an anchor of two containers is changed once',
    `${HEAD}    - {name: a, image: &i nginx:1, imagePullPolicy: Always}\n    - {name: b, image: *i, imagePullPolicy: Always}\n`,
    `${HEAD}    - {name: a, image: &i docker.io/library/nginx:1, imagePullPolicy: Always}\n    - {name: b, image: *i, imagePullPolicy: Always}\n`,
    0,
  ],
  [
    'escapes are left',
    `${HEAD}    - {name: a, image: "ngin\\x78:1", imagePullPolicy: Always}\n`,
    `${HEAD}    - {name: a, image: "ngin\\x78:1", imagePullPolicy: Always}\n`,
    1,
  ],
];

describe('check --fix', () => {
  test.each(ROWS)('%s', async (_what, text, expected, left) => {
    writeFileSync('a.yaml', text);
    const preview = await runCommand(['check', 'a.yaml', '-p', 'p.yaml', '--fix']);
    expect(preview.code).toBe(1);
    expect(readFileSync('a.yaml', 'utf8')).toBe(text);
    const written = await runCommand(['check', 'a.yaml', '-p', 'p.yaml', '--fix', '--write', '-o', 'json']);
    expect(written.code, written.note).toBe(left > 0 ? 1 : 0);
    expect(readFileSync('a.yaml', 'utf8')).toBe(expected);
    expect((JSON.parse(written.out) as { summary: { denied: number } }).summary.denied).toBe(left);
    const again = await runCommand(['check', 'a.yaml', '-p', 'p.yaml', '-o', 'json']);
    expect((JSON.parse(again.out) as { summary: { denied: number } }).summary.denied).toBe(left);
    if (text === expected) return;
    writeFileSync('a.yaml', text);
    execFileSync('git', ['apply', '-'], { input: preview.out });
    expect(readFileSync('a.yaml', 'utf8')).toBe(expected);
  });

  test('fixes only what a rule reported', async () => {
    writeFileSync('p.yaml', POLICY.replace('    - rule: image-pull-policy\n', ''));
    writeFileSync('a.yaml', `${HEAD}    - name: a\n      image: nginx:1\n`);
    await runCommand(['check', 'a.yaml', '-p', 'p.yaml', '--fix', '--write']);
    expect(readFileSync('a.yaml', 'utf8')).toBe(`${HEAD}    - name: a\n      image: docker.io/library/nginx:1\n`);
  });

  test('prints how many findings it can fix, or has fixed, and why others are not fixed', async () => {
    writeFileSync('p.yaml', `${POLICY}    - rule: image-digest\n    - rule: container-probes\n`);
    writeFileSync('a.yaml', `${HEAD}    - name: a\n      image: nginx:1\n`);
    const argv = ['check', 'a.yaml', '-p', 'p.yaml', '--fix', '--offline'];
    const { note } = await runCommand(argv);
    expect(note).toBe(
      `a.yaml:7:14  notice  image-digest is not fixed: image "nginx:1" cannot be pinned: no registry is queried with --offline

2 of 3 findings can be fixed in 1 file; to change it, add --write
`,
    );
    const written = await runCommand([...argv, '-w']);
    expect(written.note).toBe('fixed 2 of 3 findings in 1 file\n');
    expect(written.out).toContain('notice  image-digest is not fixed');
    expect(written.code).toBe(1);
    expect(await runCommand([...argv])).toMatchObject({ out: '', code: 1 });
    writeFileSync('p.yaml', POLICY);
    expect(await runCommand(argv)).toMatchObject({
      out: '',
      note: '0 of 0 findings can be fixed without a decision\n',
      code: 0,
    });
  });

  test('colors the diff in a terminal', async () => {
    writeFileSync('a.yaml', `${HEAD}    - name: a\n      image: reg.io/a:1\n`);
    const { out } = await runCommand(['check', 'a.yaml', '-p', 'p.yaml', '--fix'], '', { colors: true });
    expect(out).toContain('\u001B[32m+      imagePullPolicy: Always\n\u001B[39m');
  });

  test.each([
    [['a.yaml', '--write'], '--write requires --fix'],
    [['a.yaml', '--lock', 'l.yaml'], '--lock requires --fix'],
    [['-', '--fix', '--write'], '--write cannot be used with "-" (standard input)'],
    [['a.yaml', '--fix', '-o', 'json'], 'with --fix, -o json requires --write; without it, --fix prints a diff'],
    [
      ['a.yaml', '--fix', '--report', 'sarif=x'],
      'with --fix, --report requires --write; without it, --fix prints a diff',
    ],
    [
      ['a.yaml', '--fix', '--write-exceptions', 'e', '--expires', '2099-01-01', '--owner', 'team'],
      'with --fix, --write-exceptions requires --write; without it, --fix prints a diff',
    ],
  ])('rejects %s', async (argv, message) => {
    writeFileSync('a.yaml', `${HEAD}    - name: a\n      image: nginx:1\n`);
    expect(await runCommand(['check', ...argv, '-p', 'p.yaml'])).toMatchObject({ code: 2, note: `${message}\n` });
  });

  test('prints errors, which a diff does not contain', async () => {
    writeFileSync('a.yaml', 'apiVersion: v1\nkind: Pod\nspec: {\n');
    const { out, note, code } = await runCommand(['check', 'a.yaml', '-p', 'p.yaml', '--fix']);
    expect({ out, code }).toEqual({ out: '', code: 2 });
    expect(note).toMatch(/^0 of 0 findings can be fixed without a decision\na\.yaml:\d+:\d+ {2}error {2}\S.*\n$/);
  });

  const TWO_RULES = `${POLICY}    - {rule: image-tag, parameters: {deny: [old]}}\n`;
  const OLD = `${HEAD}    - {name: a, image: "nginx:old"}\n`;

  test('exceptions excuse what is left after the fixes', async () => {
    writeFileSync('p.yaml', TWO_RULES);
    writeFileSync('a.yaml', OLD);
    const until = ['--expires', '2099-01-01', '--owner', 'team'];
    await runCommand(['check', 'a.yaml', '-p', 'p.yaml', '--fix', '--write', '--write-exceptions', 'e.yaml', ...until]);
    expect(readFileSync('e.yaml', 'utf8')).toContain('  rules:\n    - image-tag\n  match:');
  });

  test('with --since, fixes only findings that changes cause', async () => {
    const git = (...args: readonly string[]): unknown =>
      execFileSync('git', ['-c', 'user.name=test', '-c', 'user.email=test@example.com', ...args]);
    const containers = (...names: readonly string[]): string =>
      HEAD + names.map((name) => `    - {name: ${name}, image: "nginx:1", imagePullPolicy: Always}\n`).join('');
    const other = containers('a').replace('web', 'other');
    writeFileSync('a.yaml', `${containers('a')}---\n${other}`);
    git('init', '-q');
    git('add', '-A');
    git('commit', '-qm', 'one');
    writeFileSync('a.yaml', `${containers('a', 'b')}---\n${other}`);
    const { note } = await runCommand(['check', 'a.yaml', '-p', 'p.yaml', '--since', 'HEAD', '--fix', '--write']);
    const fixed = containers('a', 'b').replace(/b, image: "/, 'b, image: "docker.io/library/');
    expect(readFileSync('a.yaml', 'utf8'), note).toBe(`${fixed}---\n${other}`);
  });

  test('does not change standard input', async () => {
    const { out, note } = await runCommand(
      ['check', '-', '-p', 'p.yaml', '--fix'],
      `${HEAD}    - {name: a, image: "nginx:1"}\n`,
    );
    expect({ out, note }).toEqual({
      out: '',
      note: 'stdin:6:24  notice  2 findings are not fixed: standard input cannot be changed\n\n0 of 2 findings can be fixed without a decision\n',
    });
  });
});
