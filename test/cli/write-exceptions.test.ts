/** `check --write-exceptions`: the next check has only excused findings, and nothing else is excused. */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-exceptions-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const NOW = ['--now', '2026-11-30', '--offline'] as const;
let number = 0;
const nextFile = (): string => path.join(folder, `exceptions-${(number += 1)}.yaml`);
const writing = (file: string): readonly string[] => [
  '--write-exceptions',
  file,
  '--expires',
  '2027-01-31',
  '--owner',
  'team-shop',
];

interface Result {
  readonly code: number;
  readonly report: CheckReport;
}

async function check(...argv: readonly string[]): Promise<Result> {
  const { code, out, note } = await runCommand(['check', ...argv, ...NOW, '-o', 'json']);
  expect(note).toBe('');
  return { code, report: JSON.parse(out) as CheckReport };
}

const POLICY = path.join(folder, 'policy.yaml');
writeFileSync(
  POLICY,
  `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: base}
spec:
  rules:
    - {rule: image-tag, parameters: {required: true}}
    - {rule: image-digest, action: warn}
    - {rule: container-probes, action: audit, parameters: {require: [readiness]}}
    - {rule: container-name, action: warn}
`,
);

function manifest(name: string, text: string): string {
  const file = path.join(folder, name);
  writeFileSync(file, text);
  return file;
}

const deployment = (name: string, image: string, container = 'web'): string =>
  `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: ${name}}\nspec: {template: {spec: {containers: [{name: ${container}, image: ${image}}]}}}\n`;

const RULES = 'test/fixtures/rules';

describe('every rule', () => {
  test.each(readdirSync(RULES))('%s: its fixtures are excused', async (rule) => {
    const base = path.join(RULES, rule);
    const policy = path.join(base, 'policy.yaml');
    const file = nextFile();
    const before = await check(path.join(base, 'fail'), '-p', policy, ...writing(file));
    const isNameable = (text: string | null): boolean => text === null || /^[a-z0-9][a-z0-9-]{0,62}$/.test(text);
    const open = before.report.findings.filter(
      ({ action, outcome, name, container }) =>
        (action === 'deny' || action === 'warn') &&
        outcome === 'violation' &&
        isNameable(name) &&
        isNameable(container),
    );
    expect(open.map(({ message }) => message)).toEqual([]);
    if (!existsSync(file)) return;
    const after = await check(path.join(base, 'fail'), '-p', policy, '-p', file);
    const excused = ({ findings }: CheckReport): readonly string[] =>
      findings.flatMap(({ fingerprint, action }) => (action === 'excused' ? [fingerprint] : []));
    expect(excused(after.report)).toEqual(expect.arrayContaining([...excused(before.report)]));
    expect(after.report.findings).toHaveLength(before.report.findings.length);
  });
});

describe('what is excused', () => {
  const today = manifest('web.yaml', `${deployment('web', 'nginx')}---\n${deployment('api', 'redis')}`);
  const file = nextFile();
  const changed = (text: string): Promise<Result> => check(manifest('changed.yaml', text), '-p', POLICY, '-p', file);

  test('is what was found, and it exits with 0', async () => {
    const { code, report } = await check(today, '-p', POLICY, ...writing(file));
    expect({ code, denied: report.summary.denied, excused: report.summary.excused }).toEqual({
      code: 0,
      denied: 0,
      excused: 4,
    });
    expect(report.notices.map(({ message }) => message)).toEqual([`"${file}": 2 exceptions for 4 findings written`]);
    expect(report.findings.filter(({ action }) => action === 'audit')).toHaveLength(2);
  });

  test('is in a file for people', () => {
    expect(readFileSync(file, 'utf8'))
      .toContain(`# The findings of 2026-11-30. Delete an exception when its workload is fixed.
apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicyException
metadata:
  name: web-base
spec:
  policy: base
  rules:
    - image-tag
    - image-digest
  match:
    namespaces:
      - default
    names:
      - web
      - "web-*"
    containers:
      - web
    images:
      - "nginx:latest"
  owner: team-shop
  reason: "found by tidewaiter check on 2026-11-30"
  expires: "2027-01-31"
---
`);
  });

  test.each<readonly [what: string, text: string, denied: number]>([
    ['the same', deployment('web', 'nginx'), 0],
    [
      'its Pods',
      'apiVersion: v1\nkind: Pod\nmetadata: {name: web-6d5f-x2x7p}\nspec: {containers: [{name: web, image: nginx}]}\n',
      0,
    ],
    ['another image', deployment('web', 'redis'), 1],
    ['another container', deployment('web', 'nginx', 'sidecar'), 1],
    ['another workload', deployment('other', 'nginx'), 1],
    ['another namespace', deployment('web, namespace: pay', 'nginx'), 1],
    ['the image of the other', deployment('api', 'nginx'), 1],
  ])('covers or does not cover %s', async (_what, text, denied) => {
    expect((await changed(text)).report.summary.denied).toBe(denied);
  });

  test('ends with the date', async () => {
    const argv = ['check', today, '-p', POLICY, '-p', file, '--now', '2027-02-01', '-o', 'json'];
    const report = JSON.parse((await runCommand(argv)).out) as CheckReport;
    expect(report.summary.denied).toBe(2);
  });

  test('with --only is what is left', async () => {
    const other = nextFile();
    await check(today, '-p', POLICY, '--only', 'image-tag', ...writing(other));
    expect(readFileSync(other, 'utf8')).not.toContain('image-digest');
  });
});

describe('hostile names', () => {
  test.each([
    ['a star as name', deployment('"*"', 'nginx')],
    ['a glob as name', deployment('"a*b"', 'nginx')],
    ['a star as container', deployment('web', 'nginx', '"*"')],
    ['a star as namespace', deployment('web, namespace: "*"', 'nginx')],
    ['line breaks', deployment('"a\\n---\\nkind: x"', 'nginx')],
    ['no name', deployment('""', 'nginx')],
  ])('%s is not excused', async (_what, text) => {
    const file = nextFile();
    const { code, report } = await check(manifest('hostile.yaml', text), '-p', POLICY, ...writing(file));
    expect(code).toBe(1);
    expect(report.summary.excused).toBe(0);
    expect(report.notices.at(-1)?.message).toMatch(
      /no exceptions written; \d findings cannot be excused: unknown results, changes of objects, and objects with invalid names$/,
    );
    expect(existsSync(file)).toBe(false);
  });

  test('a name from generateName has a star', async () => {
    const file = nextFile();
    const pod = manifest(
      'generated.yaml',
      'apiVersion: v1\nkind: Pod\nmetadata: {generateName: job-}\nspec: {containers: [{name: web, image: nginx}]}\n',
    );
    await check(pod, '-p', POLICY, ...writing(file));
    expect((await check(pod, '-p', POLICY, '-p', file)).report.summary).toMatchObject({
      denied: 0,
      warned: 0,
      excused: 2,
    });
  });

  test('exceptions that exist keep their names', async () => {
    const first = nextFile();
    const second = nextFile();
    await check(manifest('one.yaml', deployment('web', 'nginx')), '-p', POLICY, ...writing(first));
    const both = manifest(
      'one.yaml',
      `${deployment('web', 'nginx')}---\n${deployment('web, namespace: pay', 'nginx')}`,
    );
    await check(both, '-p', POLICY, '-p', first, ...writing(second));
    expect((await check(both, '-p', POLICY, '-p', first, '-p', second)).report.summary).toMatchObject({
      denied: 0,
      excused: 4,
    });
  });
});

describe('bad flags', () => {
  const web = manifest('flags.yaml', deployment('web', 'nginx'));
  const there = manifest('there.yaml', '# kept\n');
  test.each<readonly [what: string, argv: readonly string[], message: string]>([
    [
      'no owner',
      ['-p', POLICY, '--write-exceptions', 'x.yaml', '--expires', '2027-01-31'],
      '--write-exceptions requires --expires DATE and --owner TEXT',
    ],
    [
      'no date',
      ['-p', POLICY, '--write-exceptions', 'x.yaml', '--owner', 'a'],
      '--write-exceptions requires --expires DATE and --owner TEXT',
    ],
    [
      'an impossible date',
      ['-p', POLICY, '--write-exceptions', 'x.yaml', '--owner', 'a', '--expires', '2027-02-31'],
      '--expires: "2027-02-31" is not a valid date; use YYYY-MM-DD',
    ],
    [
      'a date in the past',
      ['-p', POLICY, '--write-exceptions', 'x.yaml', '--owner', 'a', '--expires', '2026-11-29'],
      '--expires: 2026-11-29 is in the past (today is 2026-11-30)',
    ],
    [
      'the built-in policy',
      writing('x.yaml'),
      '--write-exceptions needs your own policies (--policy), because exceptions are loaded with them; tidewaiter init writes a policy',
    ],
    [
      'a file that exists',
      ['-p', POLICY, ...writing(there)],
      `cannot write exceptions: "${there}" exists; choose another file (set by --write-exceptions)`,
    ],
    ['no directory', ['-p', POLICY, ...writing(path.join(folder, 'nowhere', 'x.yaml'))], 'no such file or directory'],
    [
      'an empty owner',
      ['-p', POLICY, '--write-exceptions', 'x.yaml', '--owner', '-', '--expires', '2027-01-31'],
      'cannot write exceptions: spec/owner: ',
    ],
    ['a date without a file', ['-p', POLICY, '--expires', '2027-01-31'], '--expires requires --write-exceptions'],
  ])('%s', async (_what, argv, message) => {
    const { code, note } = await runCommand(['check', web, ...argv, ...NOW]);
    expect({ code, note }).toEqual({ code: 2, note: expect.stringContaining(message) as string });
    expect(existsSync('x.yaml')).toBe(false);
    expect(readFileSync(there, 'utf8')).toBe('# kept\n');
  });
});
