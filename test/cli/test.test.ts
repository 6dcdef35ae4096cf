/** `tidewaiter test`, and the project's own fixtures through it. */
import { mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { SaxesParser } from 'saxes';
import { afterAll, describe, expect, test } from 'vitest';
import { test as runTests } from '../../src/cli/test.ts';
import { runAndWatch } from '../../src/cli/watch.ts';
import { loadSuites } from '../../src/files/suites.ts';
import type { TestReport } from '../../src/report/test.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import { recordedReview } from '../recording/lines.ts';
import { runCommand } from '../support/command.ts';
import { createReview } from '../support/review.ts';

const RULES = path.join(import.meta.dirname, '../fixtures/rules');
const base = mkdtempSync(path.join(tmpdir(), 'tidewaiter-test-'));
afterAll(() => rmSync(base, { recursive: true, force: true }));

let folders = 0;

/** A fresh folder with these files in it. */
function folderWith(files: Readonly<Record<string, string>>): string {
  const folder = path.join(base, String((folders += 1)));
  for (const [name, text] of Object.entries(files)) {
    const full = path.join(folder, name);
    mkdirSync(path.dirname(full), { recursive: true });
    writeFileSync(full, text);
  }
  return folder;
}

const pod = (image: string, more = ''): string => `apiVersion: v1
kind: Pod
metadata: {name: web}
spec:
  containers:
    - name: web
      image: ${image}
${more}`;

const policy = (name: string, match = ''): string => `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: ${name}}
spec:
${match}  rules:
    - rule: image-registry
      parameters: {allow: [registry.example.com/**]}
    - rule: image-tag
      action: warn
      parameters: {required: true}
`;

const suite = (cases: string, more = '  policies: [policies]\n'): string => `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicyTest
metadata: {name: registries}
spec:
${more}  cases:
${cases}`;

const PASS = '    - {name: ours passes, resources: [pass.yaml], expect: pass}\n';
const FILES = {
  'policies/p.yaml': policy('base'),
  'pass.yaml': pod('registry.example.com/web:7'),
  'fail.yaml': pod('evil.example.com/web:7'),
  'loose.yaml': pod('evil.example.com/web'),
};

/** What is printed, with paths as seen from the folder. */
async function tested(folder: string, ...argv: readonly string[]): Promise<{ code: number; out: string }> {
  const { code, out, note } = await runCommand(['test', folder, ...argv]);
  return { code, out: `${out}${note}`.replaceAll(`${folder}/`, '').replaceAll(folder, '.') };
}

describe('test', () => {
  test('says which cases pass', async () => {
    const folder = folderWith({
      ...FILES,
      'suite.yaml': suite(`${PASS}    - name: another one is denied
      resources: [fail.yaml]
      expect:
        - {rule: image-registry, container: web, action: deny, kind: Pod, namespace: default, name: web}
`),
    });
    expect(await tested(folder)).toEqual({
      code: 0,
      out: `suite.yaml  registries  (policy: policies)
  ✓ ours passes
  ✓ another one is denied

2 passed, 0 failed
`,
    });
  });

  test('says of those that fail what was expected, what was found and where, and exits with 1', async () => {
    const folder = folderWith({
      ...FILES,
      'suite.yaml': suite(`    - {name: the other one passes, resources: [fail.yaml], expect: pass}
    - name: ours is denied
      resources: [pass.yaml]
      expect:
        - {rule: image-registry, container: web}
    - name: one of two
      resources: [loose.yaml]
      expect:
        - {rule: image-registry}
    - {name: none, resources: [pass.yaml], expect: []}
`),
    });
    expect(await tested(folder)).toEqual({
      code: 1,
      out: `suite.yaml  registries  (policy: policies)
  ✗ the other one passes
      fail.yaml:7:14  unexpected  deny  Pod default/web > web: image "evil.example.com/web:7" is not from an allowed registry [base/image-registry]
  ✗ ours is denied
      suite.yaml:11:11  missing     {rule: "image-registry", container: "web"}
  ✗ one of two
      loose.yaml:7:14  unexpected  warn  Pod default/web > web: image "evil.example.com/web" has no tag and defaults to "latest" [base/image-tag]
  ✓ none

1 passed, 3 failed
`,
    });
  });

  test('fails a case with no workload in it, and an expectation that one finding cannot meet twice', async () => {
    const folder = folderWith({
      ...FILES,
      'map.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n',
      'suite.yaml': suite(`    - {name: empty, resources: [map.yaml], expect: pass}
    - name: twice
      resources: [fail.yaml]
      expect: [{container: web}, {rule: image-registry}]
`),
    });
    const { code, out } = await tested(folder);
    expect(code).toBe(1);
    expect(out).toContain('✗ empty\n      suite.yaml:7:14  no workload found in map.yaml\n');
    expect(out).toContain('✗ twice\n      suite.yaml:10:34  missing     {rule: "image-registry"}\n');
  });

  test('tells of policies that never looked at anything over all its cases', async () => {
    const folder = folderWith({
      ...FILES,
      'policies/q.yaml': policy('elsewhere', '  match: {namespaces: [ops]}\n'),
      'suite.yaml': suite(PASS),
    });
    const { code, out } = await tested(folder);
    expect(code).toBe(0);
    expect(out).toContain('policies/q.yaml:3:18  notice  policy "elsewhere" matched 0 of 1 workload\n');
  });

  test('runs what `check` runs: Secrets and Namespaces among the resources count, and so does the day', async () => {
    const exception = (expires: string): string => `---
apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicyException
metadata: {name: legacy}
spec: {policy: base, rules: [image-registry], match: {kinds: ["*"]}, owner: team, reason: moving, expires: ${expires}}
`;
    const one = (now: string, expected: string): string =>
      suite(
        `    - {name: excused, resources: [fail.yaml], expect: [{rule: image-registry, action: ${expected}}]}\n`,
        `  policies: [policies]\n  now: ${now}\n`,
      );
    const folder = folderWith({
      ...FILES,
      'policies/p.yaml':
        policy('base', '  match: {namespaceSelector: {matchLabels: {team: shop}}}\n') + exception('2027-01-31'),
      'fail.yaml': `${pod('evil.example.com/web:7')}---\napiVersion: v1\nkind: Namespace\nmetadata: {name: default, labels: {team: shop}}\n`,
      'in-force.yaml': one('2027-01-31', 'excused'),
      'expired.yaml': one('2027-02-01', 'deny'),
    });
    const { code, out } = await tested(folder);
    expect(out).toContain('2 passed, 0 failed\n');
    expect(code).toBe(0);
  });

  test('uses the built-in policy where a suite names none', async () => {
    const folder = folderWith({
      ...FILES,
      'suite.yaml': suite(
        '    - {name: no tag, resources: [loose.yaml], expect: [{rule: image-tag, policy: baseline}, {rule: image-digest}]}\n',
        '',
      ),
    });
    expect((await tested(folder)).out).toContain('(policy: built-in)\n  ✓ no tag\n');
  });

  test('evaluates recorded reviews: AdmissionReviews, and lines of a recording with their facts', async () => {
    const reviewOf = (image: string): JsonObject =>
      createReview({
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { name: 'web', namespace: 'shop' },
        spec: { containers: [{ name: 'web', image }] },
      });
    const gone = {
      source: 'images',
      by: 'image',
      image: 'docker.io/library/nginx:7',
      credentials: [],
      fact: { state: 'no', failure: { cause: 'notFound', message: 'not found', remedy: undefined } },
    } as const;
    const facts = { sources: ['images'], registry: [gone] } as const;
    const folder = folderWith({
      'p.yaml': policy('base').replace(/rules:[^]*/, 'rules: [{rule: image-exists}]\n'),
      'review.json': JSON.stringify(reviewOf('nginx:7'), null, 2),
      'line.ndjson': `${JSON.stringify(recordedReview({ review: reviewOf('nginx:7'), facts }))}\n`,
      'pass.yaml': pod('nginx:8'),
      'suite.yaml': suite(
        `    - name: as the API server sends it
      reviews: [review.json]
      registry: {'nginx:7': {platforms: [linux/amd64]}}
      expect: pass
    - name: as it was recorded
      reviews: [line.ndjson]
      registry: {'nginx:7': {platforms: [linux/amd64]}}
      expect: [{rule: image-exists, namespace: shop, name: web, action: deny}]
    - name: beside manifests
      resources: [pass.yaml]
      reviews: [line.ndjson]
      registry: {'nginx:8': {platforms: [linux/amd64]}}
      expect: [{rule: image-exists, namespace: shop}]
`,
        '  policies: [p.yaml]\n',
      ),
    });
    expect((await tested(folder)).out).toContain('3 passed, 0 failed\n');
  });

  const BAD: readonly (readonly [what: string, suite: string, message: string])[] = [
    [
      'an unknown key',
      suite('    - {name: a, resource: [pass.yaml], expect: pass, resources: [a.yaml]}\n'),
      'suite.yaml:7:17  error  spec/cases/0/resource: unknown key "resource"; did you mean "resources"? (expected name, resources, reviews, registry, or expect)',
    ],
    [
      'an expectation that is neither',
      suite('    - {name: a, resources: [pass.yaml], expect: fail}\n'),
      'suite.yaml:7:49  error  spec/cases/0/expect: invalid value "fail": expected "pass", or a list of findings such as [{rule: image-tag, action: deny}]',
    ],
    [
      'an expectation of another type',
      suite('    - {name: a, resources: [pass.yaml], expect: {rule: a}}\n'),
      'suite.yaml:7:49  error  spec/cases/0/expect: expected "pass", or a list of findings such as [{rule: image-tag, action: deny}], found an object',
    ],
    [
      'an action that does not exist',
      suite('    - {name: a, resources: [pass.yaml], expect: [{action: dney}]}\n'),
      'suite.yaml:7:59  error  spec/cases/0/expect/0/action: invalid value "dney"; did you mean "deny"? (expected "deny", "warn", "audit", or "excused")',
    ],
    [
      'a namespace that is none',
      suite(PASS, '  namespace: Shop\n'),
      'suite.yaml:5:14  error  spec/namespace: "Shop" is not a namespace; use lowercase letters, digits, and inner hyphens, at most 63 characters',
    ],
    [
      'a day that is none',
      suite(PASS, '  now: 2027-02-30\n'),
      'suite.yaml:5:8  error  spec/now: "2027-02-30" is not a valid date',
    ],
    [
      'two cases of one name',
      suite(PASS + PASS),
      'suite.yaml:8:14  error  spec/cases/1/name: duplicate case "ours passes"',
    ],
    [
      'a kind that is misspelt',
      suite(PASS).replace('ImagePolicyTest', 'ImagePolicyTests'),
      'suite.yaml:2:7  error  kind: unknown kind "ImagePolicyTests"; did you mean "ImagePolicyTest"?',
    ],
    [
      'policies that are not there',
      suite(PASS, '  policies: [nowhere]\n'),
      'suite.yaml:5:13  error  nowhere: no such file or directory',
    ],
    [
      'a policy with a fault',
      suite(PASS, '  policies: [bad/p.yaml]\n'),
      'suite.yaml:5:13  error  bad/p.yaml:6:13: spec/rules/0/rule: unknown rule "image-registy"; did you mean "image-registry"?',
    ],
    [
      'a resource that is not there',
      suite('    - {name: a, resources: [gone.yaml], expect: pass}\n'),
      '✗ a\n      suite.yaml:7:29  error  gone.yaml: no such file or directory',
    ],
    [
      'a review that is not there',
      suite('    - {name: a, reviews: [gone.json], expect: pass}\n'),
      '✗ a\n      suite.yaml:7:27  error  gone.json: no such file or directory',
    ],
    [
      'a case without anything to evaluate',
      suite('    - {name: a, expect: pass}\n'),
      'suite.yaml:7:7  error  spec/cases/0: set at least one of resources or reviews',
    ],
    ['YAML that is none', `${suite(PASS)}  a: [\n`, 'suite.yaml:8:6  error  '],
  ];

  test('says all that is wrong with a suite at once, from top to bottom', async () => {
    const folder = folderWith({
      ...FILES,
      'suite.yaml': suite(
        `${PASS}    - {name: ours passes, resources: [a.yaml], expect: pas, extra: 1}\n`,
        '  now: 2027-02-30\n  namespace: 7\n',
      ),
    });
    const { code, out } = await tested(folder);
    expect(
      out
        .split('\n')
        .filter((line) => line.includes('suite.yaml:'))
        .map((line) => line.trim()),
    ).toEqual([
      'suite.yaml:5:8  error  spec/now: "2027-02-30" is not a valid date',
      'suite.yaml:6:14  error  spec/namespace: expected a string, found a number',
      'suite.yaml:9:14  error  spec/cases/1/name: duplicate case "ours passes"',
      'suite.yaml:9:56  error  spec/cases/1/expect: invalid value "pas": expected "pass", or a list of findings such as [{rule: image-tag, action: deny}]',
      'suite.yaml:9:61  error  spec/cases/1/extra: unknown key "extra" (expected name, resources, reviews, registry, or expect)',
    ]);
    expect(code).toBe(2);
  });

  test.each(BAD)('says of %s where it is, and exits with 2', async (_what, text, message) => {
    const folder = folderWith({
      ...FILES,
      'bad/p.yaml': policy('bad').replace('image-registry', 'image-registy'),
      'suite.yaml': text,
    });
    const { code, out } = await tested(folder);
    expect(out).toContain(message);
    expect(code).toBe(2);
  });

  test('runs the other suites when one is bad', async () => {
    const folder = folderWith({ ...FILES, 'a.yaml': suite(PASS), 'b.yaml': suite('    - {}\n') });
    const { code, out } = await tested(folder);
    expect(out).toContain('✓ ours passes\n');
    expect(out).toContain('1 passed, 0 failed, 3 errors\n');
    expect(code).toBe(2);
  });

  test('wants a suite: in a folder one of any name among other files, in a file that is named that very one', async () => {
    const folder = folderWith({ ...FILES, 'chart/templates/x.yaml': '{{ if .Values.x }}\na: [\n' });
    expect(await tested(folder)).toEqual({
      code: 2,
      out: '.  error  no test suite found; a test suite is a document with kind: ImagePolicyTest\n\n0 passed, 0 failed, 1 error\n',
    });
    const { code, out } = await runCommand(['test', path.join(folder, 'pass.yaml')]);
    expect(out).toContain(
      'pass.yaml:1:1  error  no ImagePolicyTest found; for an example, run tidewaiter test --help\n',
    );
    expect(code).toBe(2);
  });

  test('lets suites stand beside their policies and manifests, for `check` too', async () => {
    const folder = folderWith({ 'policies/p.yaml': policy('base'), 'policies/suite.yaml': suite(PASS, '') });
    const { code, out } = await runCommand(
      ['check', '-p', path.join(folder, 'policies'), '-'],
      pod('registry.example.com/web:7'),
    );
    expect(out).toContain('1 workload, 1 image: 0 denied, 0 warned');
    expect(code).toBe(0);
  });

  test('keeps hostile names on their line', async () => {
    const folder = folderWith({
      ...FILES,
      'suite.yaml': suite('    - {name: "a\\n\\u001b[31m✓", resources: [fail.yaml], expect: pass}\n'),
    });
    expect((await tested(folder)).out).toContain('✗ "a\\u000a\\u001b[31m✓"\n');
  });
});

describe('the formats for programs', () => {
  const cases = `${PASS}    - {name: "fails ]]>", resources: [fail.yaml], expect: pass}
    - {name: cannot, resources: [gone.yaml], expect: pass}
`;
  const folder = folderWith({ ...FILES, 'suite.yaml': suite(cases) });

  test('json has every case with its findings, what was missing and what was not expected', async () => {
    const { code, out } = await tested(folder, '-o', 'json');
    const report = JSON.parse(out) as TestReport;
    expect(code).toBe(2);
    expect(report).toMatchObject({
      version: 1,
      summary: { suites: 1, cases: 3, passed: 1, failed: 1, errors: 1 },
      errors: [],
    });
    expect(
      report.suites[0]?.cases.map(({ name, outcome, line, workloads }) => [name, outcome, line, workloads]),
    ).toEqual([
      ['ours passes', 'passed', 7, 1],
      ['fails ]]>', 'failed', 8, 1],
      ['cannot', 'error', 9, 0],
    ]);
    expect(report.suites[0]?.cases[1]?.unexpected).toMatchObject([
      { file: 'fail.yaml', line: 7, rule: 'image-registry', action: 'deny' },
    ]);
  });

  test('junit is XML with a failure and an error', async () => {
    const { out } = await tested(folder, '-o', 'junit');
    const found: string[] = [];
    const parser = new SaxesParser();
    parser.on('opentag', ({ name }) => void found.push(name));
    parser.write(out).close();
    expect(found.filter((name) => ['testcase', 'failure', 'error'].includes(name))).toEqual([
      'testcase',
      'testcase',
      'failure',
      'testcase',
      'error',
    ]);
  });
});

describe('--watch', () => {
  const terminal = { out: (): void => undefined, isTerminal: false, colors: false, input: () => process.stdin };

  test('runs again when a manifest changes, also by rename and in a new folder, and ends with the last exit code', async () => {
    const folder = folderWith({
      ...FILES,
      'web/a.yaml': FILES['pass.yaml'],
      'suite.yaml': suite('    - {name: a, resources: [web], expect: pass}\n'),
    });
    const stop = new AbortController();
    const codes: number[] = [];
    const steps: readonly (() => void)[] = [
      () => {
        writeFileSync(path.join(folder, 'next'), FILES['fail.yaml']);
        renameSync(path.join(folder, 'next'), path.join(folder, 'web/a.yaml'));
      },
      () => writeFileSync(path.join(folder, 'web/a.yaml'), FILES['pass.yaml']),
      () => {
        mkdirSync(path.join(folder, 'web/more'));
        writeFileSync(path.join(folder, 'web/more/b.yaml'), FILES['fail.yaml']);
      },
      () => stop.abort(),
    ];
    const note = (): void => steps[codes.length - 1]?.();
    const code = await runAndWatch(
      async () => {
        const codeNow = await runTests([folder], { output: 'json' }, { ...terminal, note });
        codes.push(codeNow);
        return { code: codeNow, read: [folder] };
      },
      stop.signal,
      { ...terminal, note },
    );
    expect(codes).toEqual([0, 1, 0, 1]);
    expect(code).toBe(1);
  });
});

describe('the fixtures of the rules', () => {
  test('pass their own tests', async () => {
    const { code, out } = await runCommand(['test', RULES]);
    expect(out).not.toContain('✗');
    expect(out).not.toContain('notice');
    expect(code).toBe(0);
  });

  test.each(readdirSync(RULES))('of %s are all in its suite', async (rule) => {
    const { suites, errors } = await loadSuites([path.join(RULES, rule, 'suite.yaml')], { stdin: process.stdin });
    expect(errors).toEqual([]);
    const resources = suites.flatMap(({ cases }) => cases.flatMap((one) => one.resources));
    const fixtures = ['pass', 'fail'].flatMap((outcome) =>
      readdirSync(path.join(RULES, rule, outcome)).map((file) => path.join(RULES, rule, outcome, file)),
    );
    expect(fixtures.filter((file) => !resources.some((one) => file === one || path.dirname(file) === one))).toEqual([]);
  });
});
