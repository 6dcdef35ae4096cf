/** Repositories have many YAML files that are not for Kubernetes: which of them are skipped, and which are errors. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import type { CheckReport } from '../../src/report/check.ts';

const before = process.cwd();
let root = '';
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-foreign-'));
  process.chdir(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
afterAll(() => process.chdir(before));

type Tree = Readonly<Record<string, string>>;

function plant(tree: Tree): void {
  for (const [name, content] of Object.entries(tree)) {
    mkdirSync(path.dirname(name), { recursive: true });
    writeFileSync(name, content);
  }
}

const POD = `apiVersion: v1
kind: Pod
metadata: {name: web, namespace: shop}
spec: {containers: [{name: web, image: "registry.example.com/web:1"}]}
`;
const TEMPLATE = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: {{ .Release.Name }}\n';

interface Result {
  readonly code: number;
  readonly report: CheckReport;
}

async function check(...argv: readonly string[]): Promise<Result> {
  const { code, out } = await runCommand(['check', ...argv, '-o', 'json']);
  return { code, report: JSON.parse(out) as CheckReport };
}

interface Row {
  readonly what: string;
  readonly text: string;
  /** The name of the file; `d/x.yaml` by default. */
  readonly name?: string;
  /** undefined: it is skipped. */
  readonly error?: string;
  readonly notice?: string;
}

const SKIPPED = '"d/x.yaml" contains no Kubernetes object';
const ROWS: readonly Row[] = [
  { what: 'values', text: 'image: {repository: nginx, tag: "1"}\n', notice: SKIPPED },
  { what: 'a list', text: '- a\n- b\n', notice: SKIPPED },
  { what: 'a text', text: 'just words\n', notice: SKIPPED },
  { what: 'a Chart.yaml', text: 'apiVersion: v2\nname: web\nversion: 1.0.0\n', notice: SKIPPED },
  { what: 'a kind of another tool', text: 'kind: pipeline\ntype: docker\nsteps: []\n', notice: SKIPPED },
  {
    what: 'a kind that nothing is known of, without apiVersion',
    text: 'kind: VmGroup\nmetadata: {name: a}\nspec: {ports: {}}\n',
    notice: SKIPPED,
  },
  { what: 'items that are not objects', text: 'items: [a, b]\n', notice: SKIPPED },
  { what: 'YAML with a fault', text: 'a: [\n', notice: SKIPPED },
  {
    what: 'JSON with a fault',
    text: '{"a": 1,}\n{',
    name: 'd/x.json',
    notice: '"d/x.json" contains no Kubernetes object',
  },
  { what: 'a binary file', text: 'a\0b', notice: SKIPPED },
  { what: 'several documents of another tool', text: 'a: 1\n---\nb: 1\n---\n- c\n', notice: SKIPPED },
  {
    what: 'a template outside of a chart',
    text: TEMPLATE,
    notice: '"d/x.yaml" is not evaluated: it is a template; render it first',
  },
  {
    what: 'an object without apiVersion',
    text: 'kind: Pod\nmetadata: {name: a}\n',
    error: 'not a Kubernetes object: apiVersion is missing',
  },
  {
    what: 'an unknown kind with an image, without apiVersion',
    text: 'kind: VmGroup\nmetadata: {name: a}\nspec: {agentImage: "agent:1"}\n',
    error: 'not a Kubernetes object: apiVersion is missing',
  },
  {
    what: 'an object without kind',
    text: 'apiVersion: v1\nmetadata: {name: a}\n',
    error: 'not a Kubernetes object: kind is missing',
  },
  {
    what: 'an item of a list',
    text: 'apiVersion: v1\nkind: List\nitems: [{a: 1}]\n',
    error: 'not a Kubernetes object: kind is missing',
  },
  {
    what: 'a document beside an object',
    text: `${POD}---\na: 1\n`,
    error: 'not a Kubernetes object: apiVersion and kind are missing',
  },
  {
    what: 'an object with a YAML fault',
    text: 'apiVersion: v1\nkind: Pod\nmetadata: [\n',
    error: 'unclosed "["',
  },
  {
    what: 'a kustomization with a YAML fault',
    text: 'images: [}\n',
    name: 'd/kustomization.yaml',
    error: 'expected a value',
  },
];

describe('a file in a directory', () => {
  test.each(ROWS)('$what', async ({ text, name = 'd/x.yaml', error, notice }) => {
    plant({ 'd/pod.yaml': POD, [name]: text });
    const { code, report } = await check('d');
    expect(report.errors.map(({ file }) => file)).toEqual(error === undefined ? [] : [name]);
    if (error !== undefined) expect(report.errors[0]?.message).toContain(error);
    expect(report.notices.map(({ message }) => message).filter((one) => one.includes('d/'))).toEqual(
      notice === undefined ? [] : [notice],
    );
    expect(code).toBe(error === undefined ? 0 : 2);
    expect(report.summary.files).toBe(error === undefined ? 1 : 2);
  });

  test.each(ROWS.filter(({ error }) => error === undefined))('--strict makes it an error: $what', async (row) => {
    const { text, name = 'd/x.yaml' } = row;
    plant({ 'd/pod.yaml': POD, [name]: text });
    const { code, report } = await check('d', '--strict');
    expect({ code, files: [...new Set(report.errors.map(({ file }) => file))] }).toEqual({ code: 2, files: [name] });
  });

  test.each(ROWS.filter(({ error }) => error === undefined))('named, it is an error: $what', async (row) => {
    const { text, name = 'd/x.yaml' } = row;
    plant({ 'd/pod.yaml': POD, [name]: text });
    const named = await check('d/pod.yaml', name);
    expect({ code: named.code, file: named.report.errors[0]?.file }).toEqual({ code: 2, file: name });
    const skipped = await check('d/pod.yaml', name, '--skip-foreign');
    expect({ code: skipped.code, errors: skipped.report.errors }).toEqual({ code: 0, errors: [] });
  });

  test('many have one notice', async () => {
    plant({
      'd/pod.yaml': POD,
      'd/a.yaml': 'a: 1\n',
      'd/b/c.yaml': 'a: 1\n',
      'd/values.yaml': 'a: 1\n',
      'd/z.json': '{}',
    });
    const { report } = await check('d');
    expect(report.notices.map(({ message }) => message)).toEqual([
      '4 files contain no Kubernetes object: "d/a.yaml", "d/b/c.yaml", and 2 more',
    ]);
    expect(report.summary).toMatchObject({ files: 1, documents: 1, workloads: 1, errors: 0 });
  });
});

describe('a file with templates beside objects', () => {
  const LOOP = '---\n{{- range .Names }}\napiVersion: v1\nkind: Secret\nmetadata: {name: {{ . }}}\n---\n{{- end }}\n';
  const PARTLY = '"d/x.yaml" is evaluated without the documents that are templates; render it first';

  test.each([
    { what: 'one object', text: `${POD}${LOOP}`, errors: [] },
    { what: 'a template first', text: `${TEMPLATE}---\n${POD}`, errors: [] },
    { what: 'a kustomization', text: `${LOOP}---\nimages: []\n`, name: 'd/kustomization.yaml', errors: [] },
    {
      what: 'an object with a fault of its own',
      text: `${POD}${LOOP}---\napiVersion: v1\nkind: Pod\nmetadata: [\n`,
      errors: ['unclosed "["'],
    },
  ])('is evaluated without them: $what', async ({ text, name = 'd/x.yaml', errors }) => {
    plant({ 'd/pod.yaml': POD, [name]: text });
    const { code, report } = await check('d');
    expect(report.errors.map(({ message }) => message)).toEqual(errors.map((one) => expect.stringContaining(one)));
    expect(report.notices.map(({ message }) => message)).toContain(PARTLY.replace('d/x.yaml', name));
    expect({ code, files: report.summary.files }).toEqual({ code: errors.length === 0 ? 0 : 2, files: 2 });
    expect((await check('d', '--strict')).code).toBe(2);
    expect((await check(name)).code).toBe(2);
    expect((await check(name, '--skip-foreign')).code).toBe(errors.length === 0 ? 0 : 2);
  });

  test('is listed as read', async () => {
    plant({ 'd/x.yaml': `${POD}${LOOP}` });
    expect((await runCommand(['check', 'd', '--list-files'])).out).toBe('read     d/x.yaml\n');
  });
});

const CHART: Tree = {
  'd/chart/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
  'd/chart/values.yaml': 'image: nginx\n',
  'd/chart/templates/_helpers.tpl': '{{ define "x" }}{{ end }}',
  'd/chart/templates/deployment.yaml': '{{- if .Values.on }}\napiVersion: apps/v1\nkind: Deployment\n{{- end }}\n',
  'd/chart/templates/sub/service.yaml': TEMPLATE,
  'd/chart/templates/parses.yaml': `apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: {containers: [{name: a, image: "{{ .Values.image }}"}]}\n`,
  'd/chart/charts/redis/Chart.yaml': 'apiVersion: v2\nname: redis\nversion: 1.0.0\n',
  'd/chart/charts/redis/templates/pod.yaml': TEMPLATE,
};
const UNRENDERED = 'is a Helm chart and is not rendered';

describe('a Helm chart', () => {
  test('is one unit with one notice', async () => {
    plant({ ...CHART, 'd/pod.yaml': POD });
    const { code, report } = await check('d');
    expect({ code, errors: report.errors, images: report.images.length }).toEqual({ code: 0, errors: [], images: 1 });
    expect(report.notices.map(({ message }) => message.slice(0, 62))).toEqual([
      expect.stringContaining(`"d/chart" ${UNRENDERED}`),
    ]);
  });

  test('has files that are manifests as they are', async () => {
    plant({ ...CHART, 'd/chart/templates/plain.yaml': POD.replace(':1', ''), 'd/chart/crds/a.yaml': POD });
    const { code, report } = await check('d');
    expect({ code, files: report.images.map(({ file }) => file) }).toEqual({
      code: 1,
      files: ['d/chart/crds/a.yaml', 'd/chart/templates/plain.yaml'],
    });
  });

  test('does not swallow a directory without templates, or a chart beside it', async () => {
    plant({
      ...CHART,
      'd/chart/other/Chart.yaml': 'name: other\n',
      'd/chart/other/templates/a.yaml': TEMPLATE,
      'd/chart/deploy/pod.yaml': POD,
      'd/deploy/templates/pod.yaml': POD,
    });
    const { report } = await check('d');
    expect(report.images.map(({ file }) => file)).toEqual(['d/chart/deploy/pod.yaml', 'd/deploy/templates/pod.yaml']);
    expect(report.notices.map(({ message }) => message)[0]).toMatch(
      /^2 Helm charts are not rendered; .*: "d\/chart" and "d\/chart\/other"$/,
    );
  });

  test.each([
    // Parts of the chart.
    ['requirements.yaml', 'dependencies: []\n', 'Helm chart, not rendered'],
    ['values.yaml', 'a: 1\n', 'Helm chart, not rendered'],
    ['values.schema.json', '{}', 'Helm chart, not rendered'],
    ['values-production.yaml', 'a: 1\n', 'Helm chart, not rendered'],
    ['ci/large-values.yaml', 'a: 1\n', 'Helm chart, not rendered'],
    ['templates/sub/a.yaml', TEMPLATE, 'Helm chart, not rendered'],
    ['crds/README.yaml', 'a: 1\n', 'Helm chart, not rendered'],
    ['charts/redis/values.yaml', 'a: 1\n', 'Helm chart, not rendered'],
    ['charts/redis/templates/a.yaml', TEMPLATE, 'Helm chart, not rendered'],
    // Only in the same directory.
    ['.github/workflows/ci.yaml', 'on: push\n', 'hidden, and contains no Kubernetes object'],
    ['ci/pipeline.yaml', 'steps: []\n', 'contains no Kubernetes object'],
    ['docs/values.yaml', 'a: 1\n', 'contains no Kubernetes object'],
    ['mkdocs.yaml', 'nav: []\n', 'contains no Kubernetes object'],
    ['app/templates/a.yaml', TEMPLATE, 'a template'],
    ['package.json', '{}', 'contains no Kubernetes object'],
  ])('consists of its own files, not of all in its directory: %s', async (file, text, reason) => {
    plant({ 'd/Chart.yaml': 'name: web\n', [`d/${file}`]: text });
    const { out } = await runCommand(['check', 'd', '--list-files']);
    expect(out.split('\n').find((line) => line.includes(`d/${file} `))).toBe(`skipped  d/${file}  ${reason}`);
  });

  test('at the root of a repository hides no notice about other files', async () => {
    plant({ 'd/Chart.yaml': 'name: web\n', 'd/mkdocs.yaml': 'nav: []\n', 'd/deploy/pod.yaml': POD });
    const { report } = await check('d');
    expect(report.images.map(({ file }) => file)).toEqual(['d/deploy/pod.yaml']);
    expect(report.notices.map(({ message }) => message)).toEqual([
      expect.stringContaining(`"d" ${UNRENDERED}`),
      '"d/mkdocs.yaml" contains no Kubernetes object',
    ]);
  });

  test('has templates that are errors if they are named', async () => {
    plant(CHART);
    const { code, report } = await check('d/chart/templates/deployment.yaml');
    expect({ code, message: report.errors[0]?.message }).toEqual({
      code: 2,
      message: expect.stringContaining('is a Helm template expression, not YAML') as string,
    });
  });
});

test('--list-files prints what is read, and why the rest is not', async () => {
  plant({
    ...CHART,
    'd/pod.yaml': POD,
    'd/broken.yaml': 'apiVersion: v1\nkind: [\n',
    'd/node_modules/a.yaml': POD,
    'd/.gitignore': 'out/\n',
    'd/out/a.yaml': POD,
  });
  const { code, out } = await runCommand(['check', 'd', '--list-files']);
  expect({ code, out }).toEqual({
    code: 0,
    out: `error    d/broken.yaml
skipped  d/chart/Chart.yaml  Helm chart, not rendered
skipped  d/chart/charts/redis/Chart.yaml  Helm chart, not rendered
skipped  d/chart/charts/redis/templates/pod.yaml  Helm chart, not rendered
skipped  d/chart/templates/deployment.yaml  Helm chart, not rendered
skipped  d/chart/templates/parses.yaml  Helm chart, not rendered
skipped  d/chart/templates/sub/service.yaml  Helm chart, not rendered
skipped  d/chart/values.yaml  Helm chart, not rendered
skipped  d/node_modules  contains dependencies
skipped  d/out  excluded by an ignore file
read     d/pod.yaml
`,
  });
  const json = await runCommand(['check', 'd', '--list-files', '-o', 'json']);
  const listed = JSON.parse(json.out) as { readonly files: readonly { readonly state: string }[] };
  expect(listed.files.filter(({ state }) => state === 'skipped')).toHaveLength(9);
});
