/** Packed charts in `check`, and what its notices say about charts: the files of a chart are parts of it. */
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { helmMissing, pathOf } from '../chart/assets.ts';
import { runCommand } from '../support/command.ts';
import { plantPacked } from '../support/packed.ts';
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

const pod = (image: string, name: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec:\n  containers:\n    - name: web\n      image: ${image}\n`;
const SCALAR = '{{ .Values.image | quote }}';
const chart = (name: string, values = 'image: web:1\n', image = SCALAR): Tree => ({
  [`${name}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n`,
  [`${name}/values.yaml`]: values,
  [`${name}/templates/pod.yaml`]: pod(image, name),
});
const OTHER = { 'package/package.json': '{}' };

interface NoticeCase {
  readonly what: string;
  readonly tree?: Tree;
  readonly packs?: Readonly<Record<string, Tree>>;
  readonly argv: readonly string[];
  readonly notices: readonly string[];
  readonly errors?: readonly string[];
}

const NOT_RENDERED = 'is a Helm chart and is not rendered; to evaluate it, use check --helm';
const NO_OBJECT = 'contains no Kubernetes object';
const NOTHING = 'no workload was evaluated:';

const NOTICES: readonly NoticeCase[] = [
  {
    what: 'a packed chart that is named',
    packs: { 'web-1.0.0.tgz': chart('web') },
    argv: ['web-1.0.0.tgz'],
    notices: [`"web-1.0.0.tgz" ${NOT_RENDERED}`, `${NOTHING} "web-1.0.0.tgz" ${NO_OBJECT} outside of Helm charts`],
  },
  {
    what: 'a packed chart in a directory, and an archive of another program, which is not an input',
    tree: { 'pod.yaml': pod('web:1', 'web') },
    packs: { 'web-1.0.0.tgz': chart('web'), 'other.tgz': OTHER },
    argv: ['.'],
    notices: [`"web-1.0.0.tgz" ${NOT_RENDERED}`],
  },
  {
    what: 'an archive of another program that is named',
    packs: { 'other.tgz': OTHER },
    argv: ['other.tgz'],
    notices: [],
    errors: ['not a Helm chart: the archive contains no Chart.yaml'],
  },
  {
    what: 'a packed chart in a chart, which is a part of it',
    tree: chart('c'),
    packs: { 'c/charts/db-1.0.0.tgz': chart('db') },
    argv: ['.'],
    notices: [`"c" ${NOT_RENDERED}`, `${NOTHING} "." ${NO_OBJECT} outside of Helm charts`],
  },
  {
    what: 'values and other files of a chart, which are parts of it',
    tree: { ...chart('c'), 'c/values.schema.json': '{}', 'c/ci/test-values.yaml': 'a: 1\n', 'package.json': '{}' },
    argv: ['.'],
    notices: [
      `"c" ${NOT_RENDERED}`,
      `"package.json" ${NO_OBJECT}`,
      `${NOTHING} "." ${NO_OBJECT} outside of Helm charts`,
    ],
  },
  {
    what: 'a directory without a chart, with --helm',
    tree: { 'pod.yaml': pod('web:1', 'web') },
    argv: ['.', '--helm'],
    notices: ['"." contains no Helm chart; --helm has no effect'],
  },
  {
    what: 'a directory without a kustomization, with --kustomize',
    tree: { 'pod.yaml': pod('web:1', 'web') },
    argv: ['.', '--kustomize'],
    notices: ['"." contains no kustomization; --kustomize has no effect'],
  },
  {
    what: 'a directory without both',
    tree: { 'pod.yaml': pod('web:1', 'web') },
    argv: ['.', '--helm', '--kustomize'],
    notices: [
      '"." contains no Helm chart; --helm has no effect',
      '"." contains no kustomization; --kustomize has no effect',
    ],
  },
  {
    what: 'values files of charts in no notice of their own',
    tree: {
      'a.yaml': 'a: 1\n',
      'b.yaml': 'b: 1\n',
      'tidewaiter.yaml': 'helm: [{chart: c, values: [b.yaml]}]\n',
      'pod.yaml': pod('web:1', 'web'),
    },
    argv: ['.', '--helm-values', 'a.yaml'],
    notices: ['"." contains no Helm chart; --helm has no effect'],
  },
  {
    what: 'a packed chart without helm',
    packs: { 'web-1.0.0.tgz': chart('web') },
    argv: ['.', '--helm'],
    notices: [],
    errors: ['the chart is not rendered: helm is not on the PATH; install Helm, or remove --helm'],
  },
];

test.each(NOTICES)('reports $what', async ({ tree = {}, packs = {}, argv, notices, errors = [] }) => {
  plant(tree);
  for (const [file, content] of Object.entries(packs)) plantPacked(file, content);
  process.env['PATH'] = path.resolve('empty');
  const { report } = await check(...argv);
  expect(report.errors.map(({ message }) => message)).toEqual(errors);
  expect(report.notices.map(({ message }) => message)).toEqual(notices);
});

test('--list-files names the parts of charts', async () => {
  plant(chart('c'));
  plantPacked('c/charts/db-1.0.0.tgz', chart('db'));
  plantPacked('web-1.0.0.tgz', chart('web'));
  const { out } = await runCommand(['check', '.', '--list-files']);
  expect(out.split('\n').map((line) => line.trim())).toEqual([
    'skipped  c/Chart.yaml  Helm chart, not rendered',
    'skipped  c/charts/db-1.0.0.tgz  part of a Helm chart',
    'skipped  c/templates/pod.yaml  Helm chart, not rendered',
    'skipped  c/values.yaml  Helm chart, not rendered',
    'skipped  web-1.0.0.tgz  Helm chart, not rendered',
    '',
  ]);
});

test('an archive that an ignore file excludes is not opened', async () => {
  plant({ 'pod.yaml': pod('web:1', 'web'), '.tidewaiterignore': '*.tgz\n' });
  plantPacked('web-1.0.0.tgz', chart('web'));
  const { report } = await check('.');
  expect(report.notices.map(({ message }) => message)).toEqual([
    '"web-1.0.0.tgz" is not read: an ignore file excludes it',
  ]);
});

interface RenderCase {
  readonly what: string;
  readonly tree?: Tree;
  readonly packs: Readonly<Record<string, Tree>>;
  readonly argv: readonly string[];
  /** `OBJECT IMAGE at FILE:LINE` */
  readonly images: readonly string[];
}

const RENDERED: readonly RenderCase[] = [
  {
    what: 'one that is named, with the name of the chart',
    packs: { 'any.tgz': chart('web') },
    argv: ['any.tgz'],
    images: ['web web:1 at any.tgz'],
  },
  {
    what: 'those in a directory, beside a chart and its packed part',
    tree: chart('c'),
    packs: { 'c/charts/db-1.0.0.tgz': chart('db', 'image: db:1\n'), 'web-1.0.0.tgz': chart('web', 'image: web:2\n') },
    argv: ['.'],
    images: ['c web:1 at c/values.yaml:1', 'db db:1 at c/Chart.yaml', 'web web:2 at web-1.0.0.tgz'],
  },
  {
    what: 'one with values in a file',
    tree: { 'production.yaml': '# x\nimage: web:3\n' },
    packs: { 'web.tgz': chart('web') },
    argv: ['web.tgz', '--helm-values', 'production.yaml'],
    images: ['web web:3 at production.yaml:2'],
  },
  {
    what: 'one that the configuration file names',
    tree: { 'tidewaiter.yaml': 'helm: [{chart: "*.tgz", name: front, set: {image: "web:4"}}]\n' },
    packs: { 'web.tgz': chart('web', 'image: web:1\n', '"{{ .Values.image }}"') },
    argv: ['web.tgz'],
    images: ['web web:4 at web.tgz'],
  },
];

describeWith(helmMissing, 'packed charts', () => {
  describe.each(['helm3', 'helm4'] as const)('with %s', (program) => {
    beforeEach(() => {
      mkdirSync('bin');
      symlinkSync(pathOf(program), 'bin/helm');
      process.env['PATH'] = path.resolve('bin');
    });

    test.each(RENDERED)('renders $what', async ({ tree = {}, packs, argv, images }) => {
      plant(tree);
      for (const [file, content] of Object.entries(packs)) plantPacked(file, content);
      const { report } = await check(...argv, '--helm');
      expect({ errors: report.errors, notices: report.notices }).toEqual({ errors: [], notices: [] });
      expect(
        report.images
          .map(({ name, image, file, line }) => `${name} ${image} at ${file}${line === null ? '' : `:${line}`}`)
          .toSorted(),
      ).toEqual(images);
    });

    test('hides the secrets in packed values', async () => {
      plant({ 'c/Chart.yaml': chart('c')['c/Chart.yaml'] ?? '' });
      plantPacked('c/charts/db.tgz', chart('db', 'token: hunter22\n', '{{ fail (printf "bad %s" .Values.token) }}'));
      plantPacked('web.tgz', chart('web', 'token: hunter33\n', '{{ fail (printf "bad %s" .Values.token) }}'));
      const { report } = await check('.', '--helm');
      expect(report.errors).toEqual([
        expect.objectContaining({ file: 'c/Chart.yaml', message: expect.stringMatching(/bad \*\*\*$/) as string }),
        expect.objectContaining({ file: 'web.tgz', message: expect.stringMatching(/bad \*\*\*$/) as string }),
      ]);
    });

    test('reports an archive that Helm rejects', async () => {
      plantPacked('web.tgz', { 'web/Chart.yaml': 'name: web\n' });
      const { code, report } = await check('web.tgz', '--helm');
      expect(code).toBe(2);
      expect(report.errors).toMatchObject([{ file: 'web.tgz', message: /helm template failed: .*version/ }]);
    });
  });
});
