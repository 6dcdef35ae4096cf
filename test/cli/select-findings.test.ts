/** `check --only`, `--except`, and `--fail-on never`: only what is left counts, in each format. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-select-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const policies = path.join(folder, 'policies.yaml');
writeFileSync(
  policies,
  ['sources', 'versions']
    .map(
      (name) => `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: ${name}}
spec:
  rules:
    - {rule: image-tag, action: deny, parameters: {required: true}}
    - {rule: ${name === 'sources' ? 'image-qualified' : 'image-digest'}, action: warn}
`,
    )
    .join('---\n'),
);

const POD = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec: {containers: [{name: web, image: nginx}]}
`;

const check = (...argv: readonly string[]): ReturnType<typeof runCommand> =>
  runCommand(['check', '-', '-p', policies, ...argv], POD);

describe('the findings that are left', () => {
  test.each<readonly [argv: string, code: number, left: readonly string[]]>([
    ['', 1, ['sources/image-qualified', 'sources/image-tag', 'versions/image-digest', 'versions/image-tag']],
    ['--only image-tag', 1, ['sources/image-tag', 'versions/image-tag']],
    ['--only sources', 1, ['sources/image-qualified', 'sources/image-tag']],
    ['--only versions/image-digest', 0, ['versions/image-digest']],
    ['--only image-digest --only image-qualified', 0, ['sources/image-qualified', 'versions/image-digest']],
    ['--except image-tag', 0, ['sources/image-qualified', 'versions/image-digest']],
    ['--except sources', 1, ['versions/image-digest', 'versions/image-tag']],
    ['--only image-tag --except versions', 1, ['sources/image-tag']],
    ['--only image-digest --fail-on warn', 1, ['versions/image-digest']],
    ['--only image-tag --fail-on never', 0, ['sources/image-tag', 'versions/image-tag']],
  ])('%s', async (argv, code, left) => {
    const result = await check(...argv.split(' ').filter((word) => word !== ''), '-o', 'json');
    const { findings, summary } = JSON.parse(result.out) as CheckReport;
    expect(findings.map(({ policy, rule }) => `${policy}/${rule}`).toSorted()).toEqual(left);
    expect(summary.denied + summary.warned).toBe(left.length);
    expect(result.code).toBe(code);
  });

  test.each(['pretty', 'github', 'junit', 'sarif'])('-o %s has no others', async (output) => {
    const { out } = await check('--only', 'image-digest', '-o', output);
    expect(out).toContain('no digest');
    expect(out).not.toContain('has no tag');
  });
});

describe('names', () => {
  const EXPECTED = '(expected image-tag, sources, image-qualified, versions, or image-digest)';
  test.each([
    ['--only image-tags', `--only: unknown rule or policy "image-tags"; did you mean "image-tag"? ${EXPECTED}`],
    ['--except source', `--except: unknown rule or policy "source"; did you mean "sources"? ${EXPECTED}`],
    ['--only versions/image-qualified', `--only: unknown rule or policy "versions/image-qualified" ${EXPECTED}`],
    ['--only image-age', `--only: no policy in use has the rule "image-age" ${EXPECTED}`],
    ['--except sources --except versions', '--only and --except leave no rule of the policies in use'],
    ['--only image-tag --write-baseline x', '--write-baseline and --only are both set; remove one of them'],
    ['--fail-on never --fail-on warn', '--fail-on: invalid value "warn": never cannot be combined with other levels'],
    ['--fail-on never,deny', '--fail-on: invalid value "never,deny": never cannot be combined with other levels'],
    ['--fail-on deny --fail-on never', '--fail-on: invalid value "never": never cannot be combined with other levels'],
    ['--fail-on warn,never', '--fail-on: invalid value "warn,never": never cannot be combined with other levels'],
  ])('%s', async (argv, message) => {
    const { code, note } = await check(...argv.split(' '));
    expect({ code, note }).toEqual({ code: 2, note: expect.stringContaining(message) as string });
  });
});

test('--fail-on never still exits with 2 for an input that cannot be evaluated', async () => {
  expect((await runCommand(['check', '-', '--fail-on', 'never'], `${POD}---\na: [`)).code).toBe(2);
});

test('--only leaves notices about other policies out', async () => {
  const noMatch = path.join(folder, 'unused.yaml');
  writeFileSync(
    noMatch,
    `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: unused}
spec:
  match: {namespaces: [other]}
  rules: [{rule: image-tag, parameters: {required: true}}]
`,
  );
  expect((await check('-p', noMatch)).out).toContain('notice');
  expect((await check('-p', noMatch, '--only', 'sources')).out).not.toContain('notice');
});

describe('the order of findings', () => {
  const FILE = `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  initContainers:
    - {name: a, image: "nginx:1.27"}
  containers:
    - {name: b, image: nginx}
    - {name: c, image: "redis:7"}
---
a: [1,
---
apiVersion: v1
kind: Pod
metadata: {name: other}
spec:
  containers: [{name: d, image: redis}]
`;
  const file = path.join(folder, 'order.yaml');
  writeFileSync(file, FILE);

  test.each<readonly [output: string, pattern: RegExp]>([
    ['json', /"line": (\d+)(?=[^{]*"rule")/g],
    ['sarif', /"startLine": (\d+)(?=[^}]*"snippet"|[^[]*"logicalLocations")/g],
    ['github', /^::(?!.*not evaluated).*line=(\d+)/gm],
    ['pretty', /^ *(\d+):\d+ /gm],
  ])('-o %s follows the lines', async (output, pattern) => {
    const { out } = await runCommand(['check', file, '-o', output]);
    const lines = [...out.matchAll(pattern)].map(([, line]) => Number(line));
    expect(lines.length).toBeGreaterThan(4);
    expect(lines).toEqual(lines.toSorted((one, other) => one - other));
  });
});
