import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-check-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function file(name: string, text: string): string {
  const full = path.join(folder, name);
  mkdirSync(path.dirname(full), { recursive: true });
  writeFileSync(full, text);
  return full;
}

async function reportOf(...argv: readonly string[]): Promise<{ code: number; report: CheckReport; note: string }> {
  const { code, out, note } = await runCommand(['check', ...argv, '-o', 'json']);
  return { code, report: JSON.parse(out) as CheckReport, note };
}

const pod = (name: string, image: string, extra = ''): string => `apiVersion: v1
kind: Pod
metadata: {name: ${name}}
spec:
  containers:
    - name: web
      image: ${image}
${extra}`;

const PINNED = `nginx:1.27@sha256:${'a'.repeat(64)}`;

describe('check', () => {
  test('gives every finding its file, line, column, document, object, container, pointer, image, policy and remedy', async () => {
    const manifest = file('two.yaml', `${pod('good', PINNED)}---\n${pod('bad', 'nginx')}`);
    const { code, report } = await reportOf(manifest, '--namespace', 'shop');
    expect(code).toBe(1);
    expect(report.summary).toEqual({
      files: 1,
      documents: 2,
      workloads: 2,
      evaluated: 2,
      images: 2,
      denied: 1,
      warned: 1,
      unknown: 0,
      excused: 0,
      known: 0,
      errors: 0,
    });
    expect(report.notices).toEqual([]);
    expect(report.findings[0]).toEqual({
      file: manifest,
      line: 15,
      column: 14,
      document: 2,
      apiVersion: 'v1',
      kind: 'Pod',
      namespace: 'shop',
      name: 'bad',
      container: 'web',
      containerKind: 'regular',
      pointer: '/spec/containers/0/image',
      image: 'nginx',
      policy: 'baseline',
      rule: 'image-tag',
      action: 'deny',
      outcome: 'violation',
      existing: false,
      message: 'image "nginx" has no tag and defaults to "latest"',
      remedy: 'specify a version, for example :1.27',
      exception: null,
      fingerprint: expect.stringMatching(/^[0-9a-f]{32}:1$/) as string,
      known: false,
    });
    expect(report.images.map(({ line, image, name, namespace }) => ({ line, image, name, namespace }))).toEqual([
      { line: 7, image: PINNED, name: 'good', namespace: 'shop' },
      { line: 15, image: 'nginx', name: 'bad', namespace: 'shop' },
    ]);
  });

  test('prints blocks per file, aligned, without colors in a pipe', async () => {
    const manifest = file('pretty.yaml', pod('bad', 'nginx'));
    const { out } = await runCommand(['check', manifest]);
    expect(out).toBe(`${manifest}
  7:14  deny   image "nginx" has no tag and defaults to "latest"       Pod default/bad > web  image-tag
               specify a version, for example :1.27
  7:14  warn   image "nginx" has no digest, so its content can change  Pod default/bad > web  image-digest
               pin the image; tidewaiter pin FILE --write adds the digest

1 file, 1 workload, 1 image: 1 denied, 1 warned, 0 unknown (policy: built-in)
`);
  });

  const TABLE: readonly {
    readonly what: string;
    readonly files: Readonly<Record<string, string>>;
    readonly flags?: readonly string[];
    readonly code: number;
    readonly errors?: readonly (readonly [number | null, RegExp])[];
    readonly findings?: number;
  }[] = [
    {
      what: 'input without workloads succeeds',
      files: { 'a.yaml': 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n' },
      code: 0,
    },
    { what: 'a warning is fine', files: { 'a.yaml': pod('a', 'nginx:1.27') }, code: 0, findings: 1 },
    {
      what: '--fail-on warn makes it 1',
      files: { 'a.yaml': pod('a', 'nginx:1.27') },
      flags: ['--fail-on', 'warn'],
      code: 1,
      findings: 1,
    },
    {
      what: 'one broken document does not hide the others, and wins over a denial',
      files: { 'a.yaml': `${pod('a', 'nginx')}---\na: [1,\n---\n${pod('b', 'nginx')}` },
      code: 2,
      errors: [[9, /./]],
      findings: 4,
    },
    {
      what: 'a file that is no object of the API is an error with --strict',
      files: { 'a.yaml': 'a: 1\n' },
      flags: ['--strict'],
      code: 2,
      errors: [[1, /apiVersion and kind are missing/]],
    },
    {
      what: 'a wrong type is an error with its pointer',
      files: { 'a.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec:\n  containers: web\n' },
      code: 2,
      errors: [[5, /^\/spec\/containers: expected a list, found a string$/]],
    },
    { what: 'a folder without manifests is an error', files: { 'a.txt': '' }, code: 2, errors: [[null, /no \.yaml/]] },
    {
      what: 'an undecidable finding is unknown, and --fail-on unknown makes it 1',
      files: {
        'a.yaml':
          'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: a}\nspec: {template: {spec: {containers: [{name: a, image: " "}]}}}\n',
      },
      flags: ['--fail-on', 'unknown'],
      code: 1,
      findings: 1,
    },
  ];

  test.each(TABLE.map((row, index) => ({ ...row, index })))(
    '$what',
    async ({ files, flags = [], code, errors = [], findings, index }) => {
      for (const [name, text] of Object.entries(files)) file(`table-${index}/${name}`, text);
      const result = await reportOf(path.join(folder, `table-${index}`), ...flags);
      expect(result.code).toBe(code);
      expect(result.report.errors.map(({ line }) => line)).toEqual(errors.map(([line]) => line));
      for (const [at, [, message]] of errors.entries()) expect(result.report.errors[at]?.message).toMatch(message);
      if (findings !== undefined)
        expect(result.report.findings.filter(({ action }) => action !== 'audit')).toHaveLength(findings);
    },
  );

  test("reads standard input, and appends the author's own message on one line", async () => {
    const policy = file(
      'message.yaml',
      `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: guided}
spec:
  rules:
    - rule: image-digest
      message: |
        see the
        image guide
`,
    );
    const { out } = await runCommand(['check', '-', '--policy', policy, '-o', 'json'], pod('a', 'nginx:1'));
    const { findings } = JSON.parse(out) as CheckReport;
    expect(findings.map(({ file: name, message }) => ({ name, message }))).toEqual([
      { name: 'stdin', message: 'image "nginx:1" has no digest, so its content can change; see the image guide' },
    ]);
  });

  test('passes over kustomizations, which are no objects', async () => {
    file('kustomized/kustomization.yaml', 'resources: [pod.yaml]\n');
    file('kustomized/pod.yaml', pod('a', PINNED));
    const { code, report } = await reportOf(path.join(folder, 'kustomized'));
    expect({ code, files: report.summary.files }).toEqual({ code: 0, files: 2 });
  });

  test('walks lists, typed lists and recorded reviews', async () => {
    const list = file(
      'list.yaml',
      `apiVersion: v1
kind: List
items:
  - ${pod('one', 'nginx').replaceAll('\n', '\n    ').trimEnd()}
`,
    );
    const typed = file(
      'typed.json',
      JSON.stringify(
        {
          apiVersion: 'v1',
          kind: 'PodList',
          items: [{ metadata: { name: 'two' }, spec: { containers: [{ name: 'web', image: 'nginx' }] } }],
        },
        null,
        1,
      ),
    );
    const { report } = await reportOf(list, typed, 'test/recordings/pod-latest.json');
    expect(report.images.map(({ name, image }) => `${name} ${image}`)).toEqual(['one nginx', 'two nginx', 'web nginx']);
    expect(report.findings.filter(({ rule }) => rule === 'image-tag').map(({ pointer }) => pointer)).toEqual(
      Array.from({ length: 3 }, () => '/spec/containers/0/image'),
    );
  });

  test('knows the labels of namespaces among the files, and says unknown for the others', async () => {
    const policy = file(
      'strict.yaml',
      `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: strict}
spec:
  match: {namespaceSelector: {matchLabels: {gate: strict}}}
  rules: [{rule: image-digest}]
`,
    );
    const inNamespace = (namespace: string): string =>
      pod('web', 'nginx:1').replace('{name: web}', `{name: web, namespace: ${namespace}}`);
    const namespace = (name: string, gate: string): string =>
      `apiVersion: v1\nkind: Namespace\nmetadata: {name: ${name}, labels: {gate: ${gate}}}\n`;
    const input = file(
      'namespaces/all.yaml',
      [namespace('a', 'strict'), namespace('b', 'open'), inNamespace('a'), inNamespace('b'), inNamespace('c')].join(
        '---\n',
      ),
    );
    const { report } = await reportOf(input, '--policy', policy);
    expect(report.findings.map(({ namespace: of, action, outcome }) => ({ of, action, outcome }))).toEqual([
      { of: 'a', action: 'deny', outcome: 'violation' },
      { of: 'c', action: 'warn', outcome: 'unknown' },
    ]);
    expect(report.findings[1]?.message).toBe(
      'image "nginx:1" has no digest, so its content can change (cannot determine whether the policy applies: namespace "c" is not in the input files)',
    );
  });
});

describe('notices', () => {
  const policy = (name: string, spec: string): string =>
    `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: ${name}}\nspec: {${spec}}\n`;
  const policies = file(
    'notices/policies.yaml',
    [
      policy('used', 'rules: [{rule: image-reference}]'),
      policy('elsewhere', 'match: {namespaces: [other]}, rules: [{rule: image-reference}]'),
      policy('volumes', 'match: {containers: [volume]}, rules: [{rule: image-reference}, {rule: image-digest}]'),
      policy('never', 'match: {namespaces: [a]}, exclude: {namespaces: [a]}, rules: [{rule: image-digest}]'),
    ].join('---\n'),
  );
  const why = 'checked no containers: the policy matched 2 workloads but no containers in them';

  test('name policies and rules that looked at nothing, and never change the exit code', async () => {
    const manifest = file('notices/pods.yaml', `${pod('a', 'nginx')}---\n${pod('b', 'nginx')}`);
    const { code, report } = await reportOf(manifest, '-p', policies);
    expect(code).toBe(0);
    expect(
      report.notices.map(({ line, column, kind, name, rule, message }) => [line, column, kind, name, rule, message]),
    ).toEqual([
      [
        19,
        43,
        'ImagePolicy',
        'never',
        null,
        'policy "never": never applies: "exclude" removes everything that "match" selects',
      ],
      [8, 18, 'ImagePolicy', 'elsewhere', null, 'policy "elsewhere" matched 0 of 2 workloads'],
      [14, 54, 'ImagePolicy', 'volumes', 'image-reference', `rule image-reference of policy "volumes" ${why}`],
      [14, 79, 'ImagePolicy', 'volumes', 'image-digest', `rule image-digest of policy "volumes" ${why}`],
    ]);
    expect((await runCommand(['check', manifest, '-p', policies])).out).toContain(
      `${policies}:8:18  notice  policy "elsewhere" matched 0 of 2 workloads\n`,
    );
  });

  test.each([
    [
      'a Pipeline of taskRefs',
      '{apiVersion: tekton.dev/v1, kind: Pipeline, metadata: {name: p}, spec: {tasks: [{name: a, taskRef: {name: t}}]}}',
    ],
    [
      'a TaskRun of a taskRef',
      '{apiVersion: tekton.dev/v1, kind: TaskRun, metadata: {name: r}, spec: {taskRef: {name: t}}}',
    ],
    [
      'a Workflow of a template',
      '{apiVersion: argoproj.io/v1alpha1, kind: Workflow, metadata: {name: w}, spec: {workflowTemplateRef: {name: t}}}',
    ],
    [
      'a Prometheus without an image',
      '{apiVersion: monitoring.coreos.com/v1, kind: Prometheus, metadata: {name: p}, spec: {}}',
    ],
    [
      'a SparkApplication without an image',
      '{apiVersion: sparkoperator.k8s.io/v1beta2, kind: SparkApplication, metadata: {name: s}, spec: {}}',
    ],
    [
      'a Pod that is excluded',
      '{apiVersion: v1, kind: Pod, metadata: {name: p, namespace: kube-system}, spec: {containers: [{name: c, image: nginx}]}}',
    ],
  ])('say nothing of the built-in policy: %s', async (what, yaml) => {
    const manifest = file(`notices/${what.replaceAll(' ', '-')}.yaml`, yaml);
    const { code, report } = await reportOf(manifest);
    expect(code).toBe(0);
    expect(report.notices.filter(({ kind }) => kind === 'ImagePolicy')).toEqual([]);
    const copy = await reportOf(manifest, '-p', 'manifests/policies/baseline.yaml');
    expect(copy.report.notices.filter(({ name }) => name === 'baseline')).not.toEqual([]);
  });

  test('do not report unused policies if no workload was evaluated', async () => {
    const manifest = file('notices/empty.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n');
    const { report } = await reportOf(manifest, '-p', policies);
    expect(report.notices.map(({ name, message }) => name ?? message)).toEqual([
      'never',
      `no workload was evaluated: "${manifest}" contains only 1 ConfigMap`,
    ]);
  });
});

describe('a Pod without containers', () => {
  const podWith = (spec: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: ${spec}\n`;
  const template = (spec: string): string =>
    `apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web}\nspec: {template: {spec: ${spec}}}\n`;
  const EMPTY = [[4, 'Pod default/web has no containers, and the API server rejects it']];

  test.each<[string, string, readonly unknown[]]>([
    ['a misspelled key', podWith('{container: [{name: a, image: nginx:1}]}'), EMPTY],
    ['an empty list', podWith('{containers: []}'), EMPTY],
    ['containers', podWith('{containers: [{name: a, image: nginx:1}]}'), []],
    ['a template, which can be a patch', template('{nodeSelector: {a: b}}'), []],
  ])('has a notice for %s', async (what, yaml, expected) => {
    const { report } = await reportOf(file(`empty/${what.replaceAll(' ', '-')}.yaml`, yaml));
    const notices = report.notices.filter(({ message }) => message.includes('no containers'));
    expect(notices.map(({ line, message }) => [line, message])).toEqual(expected);
  });
});

describe('a bad policy', () => {
  test.each([
    [
      'unknown rule',
      '  rules:\n    - rule: image-registy\n',
      /:6:13: spec\/rules\/0\/rule: unknown rule "image-registy"; did you mean "image-registry"\?/,
    ],
    [
      'unknown key',
      '  rules: [{rule: image-digest, acton: warn}]\n',
      /:5:\d+: spec\/rules\/0\/acton: unknown key "acton"; did you mean "action"\? \(expected rule, action, onUnknown, parameters, or message\)/,
    ],
    [
      'unknown action',
      '  rules: [{rule: image-digest, action: wran}]\n',
      /invalid value "wran"; did you mean "warn"\? \(expected "deny", "warn", or "audit"\)/,
    ],
    [
      'bad pattern',
      '  rules:\n    - rule: image-registry\n      parameters: {allow: ["https://registry.example.com"]}\n',
      /:7:\d+: spec\/rules\/0\/parameters\/allow\/0: .*remove "https:\/\/"/,
    ],
    [
      'missing parameters',
      '  rules: [{rule: image-tag}]\n',
      /spec\/rules\/0\/parameters: set at least one of required, allow, deny, or besideDigest/,
    ],
    [
      'unknown kind',
      '  match: {kinds: [Deploymnet]}\n  rules: [{rule: image-digest}]\n',
      /kind "Deploymnet" is unknown or has no images; did you mean "Deployment"\?/,
    ],
    ['wrong type', '  rules: image-digest\n', /spec\/rules: expected a list, found a string/],
    ['broken YAML', '  rules: [\n', /\.yaml:\d+:\d+: /],
  ])('%s: file, line, pointer, allowed values; exit 2 without an evaluation', async (name, spec, message) => {
    const policy = file(
      `bad-${name}.yaml`,
      `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: bad}\nspec:\n${spec}`,
    );
    const { code, out, note } = await runCommand(['check', file('x.yaml', pod('a', 'nginx')), '--policy', policy]);
    expect({ code, out }).toEqual({ code: 2, out: '' });
    expect(note).toMatch(message);
    expect(note.startsWith(policy)).toBe(true);
  });

  test('a duplicate name is reported with both places', async () => {
    const text =
      'apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: same}\nspec: {rules: [{rule: image-digest}]}\n';
    const policies = path.dirname(file('twice/a.yaml', text));
    file('twice/b.yaml', text);
    const { code, note } = await runCommand(['check', file('x.yaml', pod('a', 'nginx')), '--policy', policies]);
    expect(code).toBe(2);
    expect(note).toBe(
      `${policies}/b.yaml:3:18: metadata/name: duplicate policy "same"; first defined at ${policies}/a.yaml:3:18\n`,
    );
  });
});

describe('usage errors', () => {
  test.each([
    [
      ['check', '--fail-on', 'always', '.'],
      /^--fail-on: invalid value "always" \(expected "deny", "warn", "unknown", "nothing", or "never"\)$/m,
    ],
    [['chekc'], /^unknown command "chekc"; did you mean "check"\?$/m],
    [['check', '--nonsense'], /^unknown option "--nonsense"$/m],
    [['check', '--write-b'], /^unknown option "--write-b"; did you mean "--write"\?$/m],
    [['check', '--baseline'], /^--baseline requires a value: --baseline FILE$/m],
    [['replay', '.', '-p'], /^--policy requires a value: --policy FILE\|DIR$/m],
    [['check', '-o', "it's\n"], /^--output: invalid value "it's\\u000a" \(expected "pretty", "json", /m],
    [['schema', 'a', 'b'], /^too many arguments \(expected 1, found 2\): "a, b"$/m],
    [['check', path.join(folder, 'nowhere.yaml')], /no such file or directory|^$/],
    [['replay'], /^expected recordings to evaluate, or --merge <DIR> without recordings\nfor usage, add --help$/m],
  ])('%j exits with 2', async (argv, message) => {
    const { code, note } = await runCommand(argv);
    expect(code).toBe(2);
    expect(note).toMatch(message);
  });
});
