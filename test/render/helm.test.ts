/** `check --helm`: charts are rendered with the real Helm, and findings point to what wrote the image. */
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { helmMissing, pathOf, type Program } from '../chart/assets.ts';
import { runCommand } from '../support/command.ts';
import { enterNewDirectory, plant, type Tree } from '../support/planted.ts';
import { describeWith } from '../support/real-part.ts';

const PATH = process.env['PATH'];
let leave = (): void => {};
beforeEach(() => {
  leave = enterNewDirectory();
});
afterEach(() => {
  process.env['PATH'] = PATH;
  leave();
});

/** Puts a release of Helm on the PATH, and nothing else. */
function useHelm(program: Program): void {
  mkdirSync('bin');
  symlinkSync(pathOf(program), 'bin/helm');
  process.env['PATH'] = path.resolve('bin');
}

interface Result {
  readonly code: number;
  readonly report: CheckReport;
}

async function check(...argv: readonly string[]): Promise<Result> {
  const { code, out } = await runCommand(['check', ...argv, '-o', 'json']);
  return { code, report: JSON.parse(out) as CheckReport };
}

const pod = (image: string, name = '{{ .Release.Name }}'): string =>
  `apiVersion: v1\nkind: Pod\nmetadata:\n  name: ${name}\nspec:\n  containers:\n    - name: web\n      image: ${image}\n`;
const CHART = 'apiVersion: v2\nname: web\nversion: 1.0.0\nappVersion: "2.5"\n';
const chart = (values: string, image: string, more: Tree = {}): Tree => ({
  'c/Chart.yaml': CHART,
  'c/values.yaml': values,
  'c/templates/pod.yaml': pod(image),
  ...more,
});

const MAP = '"{{ .Values.image.repository }}:{{ .Values.image.tag }}"';
const SCALAR = '{{ .Values.image | quote }}';
const PART = 'apiVersion: v2\nname: db\nversion: 1.0.0\n';

interface PlaceRow {
  readonly what: string;
  readonly tree: Tree;
  readonly argv?: readonly string[];
  /** `IMAGE at FILE:LINE` */
  readonly images: readonly string[];
}

const PLACES: readonly PlaceRow[] = [
  {
    what: 'an image of a chart whose schema of values is at a URL, which is not contacted',
    tree: chart('', 'web:1', { 'c/values.schema.json': '{"$ref": "https://schemas.invalid/values.json"}' }),
    images: ['web:1 at c/templates/pod.yaml:8'],
  },
  {
    what: 'a text in values.yaml',
    tree: chart('a: 1\nimage: registry.example.com/web:1\n', SCALAR),
    images: ['registry.example.com/web:1 at c/values.yaml:2'],
  },
  {
    what: 'a map, at its tag',
    tree: chart('image:\n  repository: web\n  tag: "1"\n', MAP),
    images: ['web:1 at c/values.yaml:3'],
  },
  {
    what: 'a map with a registry',
    tree: chart(
      'image:\n  registry: registry.example.com\n  repository: web\n  tag: 1\n',
      '{{ .Values.image.registry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}',
    ),
    images: ['registry.example.com/web:1 at c/values.yaml:4'],
  },
  {
    what: 'a map with a registry for all images',
    tree: chart(
      'global:\n  imageRegistry: registry.example.com\nimage:\n  repository: web\n  tag: "1"\n',
      '{{ .Values.global.imageRegistry }}/{{ .Values.image.repository }}:{{ .Values.image.tag }}',
    ),
    images: ['registry.example.com/web:1 at c/values.yaml:5'],
  },
  {
    what: 'a map with a digest',
    tree: chart(
      'image:\n  repository: web\n  digest: sha256:0123\n',
      '{{ .Values.image.repository }}@{{ .Values.image.digest }}',
    ),
    images: ['web@sha256:0123 at c/values.yaml:3'],
  },
  {
    what: 'a map without a tag, which the version of the application replaces',
    tree: chart(
      'image:\n  repository: web\n  tag: ""\n',
      '"{{ .Values.image.repository }}:{{ .Values.image.tag | default .Chart.AppVersion }}"',
    ),
    images: ['web:2.5 at c/values.yaml:2'],
  },
  {
    what: 'a file that --helm-values names',
    tree: chart('image: {repository: web, tag: "1"}\n', MAP, { 'prod.yaml': 'a: 1\nimage: {tag: "2"}\n' }),
    argv: ['--helm-values', 'prod.yaml'],
    images: ['web:2 at prod.yaml:2'],
  },
  {
    what: 'the last of two values files',
    tree: chart('image: web:1\n', SCALAR, { 'a.yaml': 'image: web:2\n', 'b.yaml': '# b\nimage: web:3\n' }),
    argv: ['--helm-values', 'a.yaml', '--helm-values', 'b.yaml'],
    images: ['web:3 at b.yaml:2'],
  },
  {
    what: 'a flag, which has no file: the line of the template',
    tree: chart('image: {repository: web, tag: "1"}\n', MAP),
    argv: ['--helm-set', 'image.tag=2'],
    images: ['web:2 at c/templates/pod.yaml:8'],
  },
  {
    what: 'a text in the template',
    tree: chart('a: 1\n', 'web:1'),
    images: ['web:1 at c/templates/pod.yaml:8'],
  },
  {
    what: 'a text in the template that values have as well',
    tree: chart('other: {image: web:1}\n', 'web:1'),
    images: ['web:1 at c/templates/pod.yaml:8'],
  },
  {
    what: 'two places in the values: the line of the template',
    tree: chart('image: {repository: web, tag: "1"}\nother: {repository: web, tag: "1"}\n', MAP),
    images: ['web:1 at c/templates/pod.yaml:8'],
  },
  {
    what: 'two lines in the template: the template',
    tree: chart(
      'image: {repository: web, tag: "1"}\nother: {repository: web, tag: "1"}\n',
      `${MAP}\n    - name: b\n      image: ${MAP}`,
    ),
    images: ['web:1 at c/templates/pod.yaml', 'web:1 at c/templates/pod.yaml'],
  },
  {
    what: 'a name that is also that of something else',
    tree: chart('app: web\n', '"{{ printf "we" }}b"'),
    images: ['web at c/templates/pod.yaml:8'],
  },
  {
    what: 'a chart in the chart, with values of its parent',
    tree: chart('db:\n  image: db:2\n', 'web:1', {
      'c/charts/database/Chart.yaml': PART,
      'c/charts/database/values.yaml': 'image: db:1\n',
      'c/charts/database/templates/pod.yaml': pod(SCALAR, 'db'),
    }),
    images: ['db:2 at c/values.yaml:2', 'web:1 at c/templates/pod.yaml:8'],
  },
  {
    what: 'a chart in the chart, with its own values under an alias',
    tree: {
      ...chart('image: web:1\n', SCALAR, {
        'c/charts/database/Chart.yaml': PART,
        'c/charts/database/values.yaml': '# x\nimage: web:1\n',
        'c/charts/database/templates/pod.yaml': pod(SCALAR, 'db'),
      }),
      'c/Chart.yaml': `${CHART}dependencies: [{name: db, version: 1.0.0, alias: main}]\n`,
    },
    images: ['web:1 at c/charts/database/values.yaml:2', 'web:1 at c/values.yaml:1'],
  },
  {
    what: 'CRD directories and tests, as helm install has them',
    tree: chart('image: web:1\n', SCALAR, {
      'c/crds/pod.yaml': pod('crd:1', 'crd'),
      'c/templates/tests/pod.yaml': pod('test:1', 'test\n  annotations: {helm.sh/hook: test}'),
    }),
    images: ['crd:1 at c/crds/pod.yaml:8', 'web:1 at c/values.yaml:1', 'test:1 at c/templates/tests/pod.yaml:9'],
  },
  {
    what: 'sets of values in the configuration file',
    tree: chart('image: web:1\n', '"{{ .Values.image }}"', {
      'tidewaiter.yaml':
        'helm:\n  - {chart: "*", name: a, values: [deploy/a.yaml]}\n  - {chart: c, name: b, set: {image: "web:3"}}\n  - {chart: c, set: {image: "web:{4,5}"}}\n  - {chart: d, set: {image: "web:6"}}\n',
      'deploy/a.yaml': 'image: web:2\n',
    }),
    images: ['web:2 at deploy/a.yaml:1', 'web:3 at c/templates/pod.yaml:8', 'web:{4,5} at c/templates/pod.yaml:8'],
  },
];

interface ErrorRow {
  readonly what: string;
  readonly tree: Tree;
  readonly argv?: readonly string[];
  /** `FILE:LINE: MESSAGE` */
  readonly error: RegExp;
}

const FAILING = 'not rendered: helm template failed: ';
const ERRORS: readonly ErrorRow[] = [
  {
    what: 'dependencies that are missing',
    tree: {
      ...chart('', 'web:1'),
      'c/Chart.yaml': `${CHART}dependencies: [{name: db, version: 1.0.0, repository: "https://charts.example.com"}]\n`,
    },
    error: /^c\/Chart.yaml: not rendered: dependencies are missing: "db"; run helm dependency build c$/,
  },
  {
    what: 'dependencies that several charts lack, once',
    tree: Object.fromEntries(
      ['a', 'b', 'c', 'd'].flatMap((name) => [
        [`c/${name}/Chart.yaml`, `${CHART}dependencies: [{name: db, version: 1.0.0}]\n`],
        [`c/${name}/charts/.gitkeep`, ''],
      ]),
    ),
    error:
      /^c\/a\/Chart.yaml: 4 charts are not rendered because dependencies are missing: "c\/a", "c\/b", and 2 more; run helm dependency build CHART for each of them$/,
  },
  {
    what: 'a version of Kubernetes that Helm does not know',
    tree: { ...chart('', 'web:1'), 'c/Chart.yaml': `${CHART}kubeVersion: ">=1.99.0"\n` },
    error: /chart requires kubeVersion.*; set kubeVersion for the chart in the key "helm" of the configuration file$/,
  },
  {
    what: 'a template that fails, without the secret in its message',
    tree: chart('auth: {password: "hunter 22"}\n', '{{ fail (printf "bad %s" .Values.auth.password) }}'),
    error: new RegExp(`^c/templates/pod.yaml:8: ${FAILING}.*bad \\*\\*\\*$`),
  },
  {
    what: 'a secret of a flag',
    tree: chart('a: 1\n', '{{ fail (printf "bad %s" .Values.token) }}'),
    argv: ['--helm-set', 'token=hunter22'],
    error: /bad \*\*\*$/,
  },
  {
    what: 'a template that is no template',
    tree: chart('', '{{ .Values.x '),
    error: new RegExp(`^c/templates/pod.yaml:9: ${FAILING}`),
  },
  {
    what: 'a template that writes no YAML',
    tree: chart('', '{{ "[" }}'),
    error: new RegExp(`^c/templates/pod.yaml: ${FAILING}YAML parse error`),
  },
  {
    what: 'values that are not there',
    tree: chart('', 'web:1'),
    argv: ['--helm-values', 'nowhere.yaml'],
    error: new RegExp(`^c/Chart.yaml: ${FAILING}open nowhere.yaml`),
  },
  {
    what: 'values from a URL, which is not contacted',
    tree: chart('', 'web:1'),
    argv: ['--helm-values', 'http://127.0.0.1:9/values.yaml'],
    error: /^c\/Chart.yaml: not rendered: values come from the URL "http:.*tidewaiter downloads nothing; use a file$/,
  },
  {
    what: 'a document that is no object',
    tree: chart('', 'web:1', { 'c/templates/x.yaml': 'a: {{ 1 }}\n' }),
    error: /^c\/templates\/x.yaml: rendered document \d: not a Kubernetes object: apiVersion and kind are missing$/,
  },
  {
    what: 'an object that is malformed',
    tree: chart('', 'web:1', { 'c/templates/x.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: x}\nspec: 1\n' }),
    error: /^c\/templates\/x.yaml: \/spec: /,
  },
];

describeWith(helmMissing, 'check --helm', () => {
  describe.each(['helm3', 'helm4'] as const)('with %s', (program) => {
    test.each(PLACES)('points to $what', async ({ tree, argv = [], images }) => {
      useHelm(program);
      plant(tree);
      const { report } = await check('c', '--helm', ...argv);
      expect(report.errors).toEqual([]);
      expect(
        report.images.map(({ image, file, line }) => `${image} at ${file}${line === null ? '' : `:${line}`}`),
      ).toEqual(images);
    });

    test.each(ERRORS)('reports $what', async ({ tree, argv = [], error }) => {
      useHelm(program);
      plant(tree);
      const { code, report } = await check('c', '--helm', ...argv);
      expect(code).toBe(2);
      expect(
        report.errors.map(({ file, line, message }) => `${file}${line === null ? '' : `:${line}`}: ${message}`),
      ).toEqual([expect.stringMatching(error)]);
    });
  });

  const POLICY = `apiVersion: tidewaiter.dev/v1alpha1
kind: ImagePolicy
metadata: {name: p}
spec: {match: {namespaces: [shop]}, rules: [{rule: image-tag, parameters: {deny: [latest]}}]}
`;
  const TREE = {
    ...chart('image: web:latest\n', '{{ .Values.image }}'),
    'p.yaml': POLICY,
    'tidewaiter.yaml': 'helm: [{chart: c, name: front, namespace: shop, kubeVersion: 1.37.2}]\n',
  };

  test('evaluates the release in its namespace, and names it', async () => {
    useHelm('helm4');
    plant(TREE);
    const { code, report } = await check('c', '--helm', '-p', 'p.yaml');
    expect(code).toBe(1);
    expect(report.findings).toMatchObject([
      {
        name: 'front',
        namespace: 'shop',
        rendered: { chart: 'c', template: 'web/templates/pod.yaml', release: 'front' },
      },
    ]);
  });

  test.each<readonly [format: string, image: string, place: RegExp]>([
    ['pretty', '{{ .Values.image }}', /^c\/values.yaml\n +1:8 +deny/m],
    ['github', '{{ .Values.image }}', /^::error file=c\/values.yaml,line=1,col=8,/m],
    ['sarif', '{{ .Values.image }}', /"uri": "c\/values.yaml"[^]*"startLine": 1/],
    ['junit', '{{ .Values.image }}', /testsuite name="c\/values.yaml"[^]*1:8 {2}deny/],
    ['pretty', 'web:latest\n    - name: b\n      image: web:latest', /^c\/templates\/pod.yaml\n +deny/m],
  ])('-o %s prints the place of %s', async (format, image, place) => {
    useHelm('helm4');
    plant({ ...TREE, ...chart('image: web:latest\n', image) });
    const { out } = await runCommand(['check', 'c', '--helm', '-p', 'p.yaml', '-o', format]);
    expect(out).toMatch(place);
  });

  test('renders no library charts', async () => {
    useHelm('helm4');
    plant({ ...chart('', 'web:1'), 'c/Chart.yaml': `${CHART}type: library\n` });
    const { code, report } = await check('c', '--helm');
    expect({ code, images: report.images }).toEqual({ code: 0, images: [] });
    expect(report.notices.map(({ message }) => message)).toContain('"c" is not rendered: it is a library chart');
  });

  test('finds the images that helm template prints', async () => {
    useHelm('helm4');
    plant({ ...chart('image: web:1\n', SCALAR), 'd/pod.yaml': pod('web:2', 'plain') });
    const { report } = await check('.', '--helm');
    expect(report.images.map(({ image }) => image).toSorted()).toEqual(['web:1', 'web:2']);
    expect(report.summary).toMatchObject({ files: 2, documents: 2, workloads: 2 });
  });
});

test('a Chart.yaml that is a device or a pipe is not given to Helm, which would read it without end', async () => {
  plant({ 'web/templates/pod.yaml': pod('nginx') });
  symlinkSync('/dev/zero', 'web/Chart.yaml');
  process.env['PATH'] = path.resolve('empty');
  const { code, report } = await check('web', '--helm');
  expect([code, report.errors.map(({ message }) => message)]).toEqual([
    2,
    ['not rendered: Chart.yaml is not a regular file'],
  ]);
});

test('without the flag, a notice names it, and without Helm, one error does', async () => {
  plant({ ...chart('', SCALAR), 'd/Chart.yaml': CHART, 'd/templates/pod.yaml': pod(SCALAR) });
  process.env['PATH'] = path.resolve('empty');
  const { code, report } = await check('.');
  expect(code).toBe(0);
  expect(report.notices.map(({ message }) => message)).toContain(
    '2 Helm charts are not rendered; to evaluate them, use check --helm: "c" and "d"',
  );
  const rendered = await check('.', '--helm');
  expect(rendered.code).toBe(2);
  expect(rendered.report.errors.map(({ message }) => message)).toEqual([
    '2 charts are not rendered: helm is not on the PATH; install Helm, or remove --helm',
  ]);
});
