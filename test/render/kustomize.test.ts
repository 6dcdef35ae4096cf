/** `check --kustomize`: kustomizations are built with the real kubectl, and findings point to the file that wrote the image. */
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { runCommand } from '../support/command.ts';
import { kubectlMissing } from '../support/kubectl.ts';
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

async function check(...argv: readonly string[]): Promise<{ readonly code: number; readonly report: CheckReport }> {
  const { code, out } = await runCommand(['check', ...argv, '-o', 'json']);
  return { code, report: JSON.parse(out) as CheckReport };
}

const pod = (image: string, name = 'web'): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers:\n    - name: ${name}\n      image: ${image}\n`;
const BASE: Tree = { 'base/kustomization.yaml': 'resources: [pod.yaml]\n', 'base/pod.yaml': pod('web:1') };
const overlay = (text: string, more: Tree = {}): Tree => ({
  ...BASE,
  'prod/kustomization.yaml': `resources: [../base]\n${text}`,
  ...more,
});

interface Row {
  readonly what: string;
  readonly tree: Tree;
  readonly argv?: readonly string[];
  /** `NAME IMAGE at FILE:LINE` */
  readonly images: readonly string[];
}

const ROWS: readonly Row[] = [
  { what: 'an image that the base has', tree: overlay('namePrefix: p-\n'), images: ['p-web web:1 at base/pod.yaml:7'] },
  {
    what: 'an image that an entry changes',
    tree: overlay('images:\n  - name: web\n    newTag: "2"\n'),
    images: ['web web:2 at prod/kustomization.yaml:4'],
  },
  {
    what: 'an image that a patch in a file changes, which is no object',
    tree: overlay('patches: [{path: patch.yaml}]\n', { 'prod/patch.yaml': pod('web:3') }),
    images: ['web web:3 at prod/patch.yaml:7'],
  },
  {
    what: 'an image that an inline JSON patch changes',
    tree: overlay(
      'patches:\n  - target: {kind: Pod}\n    patch: |\n      - op: replace\n        path: /spec/containers/0/image\n        value: web:4\n',
    ),
    images: ['web web:4 at prod/kustomization.yaml:7'],
  },
  {
    what: 'two objects with one image',
    tree: {
      'kustomization.yaml': 'resources: [a.yaml, b.yaml]\nnameSuffix: -x\n',
      'a.yaml': pod('web:1', 'a'),
      'b.yaml': `# b\n${pod('web:1', 'b')}`,
    },
    images: ['a-x web:1 at a.yaml:7', 'b-x web:1 at b.yaml:8'],
  },
  {
    what: 'each outermost kustomization, and files that none has',
    tree: {
      ...overlay('namePrefix: p-\n'),
      'test/kustomization.yaml': 'resources: [../base]\nnamePrefix: t-\n',
      'x.yaml': pod('x:1', 'x'),
    },
    images: ['x x:1 at x.yaml:7', 'p-web web:1 at base/pod.yaml:7', 't-web web:1 at base/pod.yaml:7'],
  },
  {
    what: 'a base that was not named',
    tree: overlay('namePrefix: p-\n'),
    argv: ['prod', '--kustomize'],
    images: ['p-web web:1 at base/pod.yaml:7'],
  },
  {
    what: 'a component of an overlay',
    tree: overlay('components: [../part]\n', {
      'part/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nimages: [{name: web, newTag: "5"}]\n',
    }),
    images: ['web web:5 at part/kustomization.yaml:3'],
  },
  {
    what: 'a component that none includes: its files as they are',
    tree: {
      'part/kustomization.yaml':
        'apiVersion: kustomize.config.k8s.io/v1alpha1\nkind: Component\nresources: [pod.yaml]\n',
      'part/pod.yaml': pod('web:6'),
    },
    images: ['web web:6 at part/pod.yaml:7'],
  },
  {
    what: 'without the flag, the files',
    tree: overlay('namePrefix: p-\n'),
    argv: ['.'],
    images: ['web web:1 at base/pod.yaml:7'],
  },
];

interface ErrorRow {
  readonly what: string;
  readonly tree: Tree;
  readonly error: RegExp;
  /** Without --strict, it is only a notice that ends with this. */
  readonly notice?: string;
  /** The images that are evaluated as the files have them. */
  readonly images: readonly string[];
}

const REMOTE = 'https://registry.invalid/org/repo//base?ref=v1';
const NOT_FETCHED = 'it refers to a URL, and tidewaiter downloads nothing';
const NOT_RUN = 'it needs a plugin or Helm, which tidewaiter does not let kustomize run';
const ERRORS: readonly ErrorRow[] = [
  {
    what: 'a file that does not exist, also beside a remote one',
    tree: overlay(`components: ["${REMOTE}", ../nowhere]\n`),
    error:
      /^prod\/kustomization.yaml: not built: "..\/nowhere" cannot be read; refer to existing files, or directories with a kustomization$/,
    images: ['web:1'],
  },
  ...['github.com/org/repo//base?ref=v1', 'git@git.example.com:org/repo', 'git.example.com/org/repo.git//base'].map(
    (reference) => ({
      what: `the repository ${reference}`,
      tree: overlay(`components: ["${reference}"]\n`),
      error: /cannot be read, and tidewaiter downloads nothing/,
      notice: NOT_FETCHED,
      images: ['web:1'],
    }),
  ),
  {
    what: 'a remote base, which is not contacted',
    tree: overlay(`components: ["${REMOTE}"]\n`),
    error:
      /^prod\/kustomization.yaml: not built: "https:\/\/registry.invalid\/.*" cannot be read, and tidewaiter downloads nothing; refer to local files and directories$/,
    notice: NOT_FETCHED,
    images: ['web:1'],
  },
  {
    what: 'a password in a remote base',
    tree: overlay('components: ["https://user:hunter22@registry.invalid/x"]\n'),
    error: /^(?!.*hunter22).*cannot be read/,
    notice: NOT_FETCHED,
    images: ['web:1'],
  },
  {
    what: 'a remote file in a generator, which gets no connection',
    tree: overlay('configMapGenerator: [{name: a, files: ["https://registry.invalid/x"]}]\n'),
    error: /not built: kubectl kustomize failed: .*127\.0\.0\.1:9/,
    notice: NOT_FETCHED,
    images: ['web:1'],
  },
  {
    what: 'a file of a server on this machine',
    tree: overlay('configMapGenerator: [{name: a, files: ["x=http://127.0.0.1:9/x"]}]\n'),
    error:
      /^prod\/kustomization.yaml: not built: "x=http:\/\/127.0.0.1:9\/x" cannot be read, and tidewaiter downloads nothing/,
    notice: NOT_FETCHED,
    images: ['web:1'],
  },
  {
    what: 'a plugin',
    tree: overlay('generators: [plugin.yaml]\n', {
      'prod/plugin.yaml': 'apiVersion: example.com/v1\nkind: Secrets\nmetadata: {name: a}\n',
    }),
    error: /not built: kubectl kustomize failed: .*plugin/,
    notice: NOT_RUN,
    images: ['web:1'],
  },
  {
    what: 'a chart',
    tree: overlay('helmCharts: [{name: web, repo: "https://charts.example.com", version: 1.0.0}]\n'),
    error: /not built: kubectl kustomize failed: .*--enable-helm/,
    notice: NOT_RUN,
    images: ['web:1'],
  },
  {
    what: 'a secret in a generator',
    tree: overlay('secretGenerator: [{name: a, literals: [hunter22]}]\n'),
    error: /^prod\/kustomization.yaml: not built: kubectl kustomize failed: (?!.*hunter22)/,
    images: ['web:1'],
  },
  {
    what: 'kustomizations that include each other',
    tree: {
      'a/kustomization.yaml': 'resources: [../b, pod.yaml]\n',
      'b/kustomization.yaml': 'resources: [../a]\n',
      'a/pod.yaml': pod('web:1'),
    },
    error: /not built: kubectl kustomize failed: .*cycle/,
    images: ['web:1'],
  },
];

const POD_ROWS = ({ images }: CheckReport): readonly string[] =>
  images.map(({ name, image, file, line }) => `${name} ${image} at ${file}${line === null ? '' : `:${line}`}`);

describeWith(kubectlMissing, 'check --kustomize', () => {
  test.each(ROWS)('evaluates $what', async ({ tree, argv = ['.', '--kustomize'], images }) => {
    plant(tree);
    const { report } = await check(...argv);
    expect(report.errors).toEqual([]);
    expect(POD_ROWS(report)).toEqual(images);
  });

  test.each(ERRORS)('reports $what', async ({ tree, error, notice, images }) => {
    plant(tree);
    const { code, report } = await check('.', '--kustomize', ...(notice === undefined ? [] : ['--strict']));
    expect(code).toBe(2);
    const texts = report.errors.map(({ file, message }) => `${file}: ${message}`);
    expect(texts.length).toBeGreaterThan(0);
    for (const text of texts) expect(text).toMatch(error);
    expect(report.images.map(({ image }) => image)).toEqual(images);
  });

  test.each(ERRORS)('without --strict, reports as a notice what its author cannot change: $what', async (row) => {
    plant(row.tree);
    const { code, report } = await check('.', '--kustomize');
    const notices = report.notices.map(({ message }) => message).filter((message) => message.includes('is not built'));
    expect(notices).toEqual(
      row.notice === undefined
        ? []
        : [`"prod/kustomization.yaml" is not built, but its files are evaluated: ${row.notice}`],
    );
    expect(code).toBe(row.notice === undefined ? 2 : 0);
    expect(report.images.map(({ image }) => image)).toEqual(row.images);
  });

  test('names the kustomization, and points to its file if none is known', async () => {
    plant(overlay('images: [{name: web, newName: registry.example.com/web}]\nnamespace: shop\n'));
    const { report } = await check('.', '--kustomize');
    expect(report.images).toMatchObject([{ namespace: 'shop', rendered: { kustomization: 'prod' } }]);
  });
});

test('without kubectl and kustomize, one error says so', async () => {
  plant({ ...overlay(''), 'test/kustomization.yaml': 'resources: [../base]\n' });
  process.env['PATH'] = path.resolve('empty');
  const { code, report } = await check('.', '--kustomize');
  expect(code).toBe(2);
  expect(report.errors.map(({ message }) => message)).toEqual([
    'kustomizations are not built: neither kubectl nor kustomize is on the PATH; install one of them, or remove --kustomize',
  ]);
});
