/** Reading a pipe or a device can take forever, so no program is run on files that name one. There is none on the PATH here. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';
import { enterNewDirectory, plant, type Tree } from '../support/planted.ts';

const PATH = process.env['PATH'];
let leave = (): void => {};
beforeEach(() => {
  leave = enterNewDirectory();
  execFileSync('mkfifo', ['pipe']);
  symlinkSync('/dev/zero', 'zero');
  process.env['PATH'] = '';
});
afterEach(() => {
  process.env['PATH'] = PATH;
  leave();
});

async function errorsOf(...argv: readonly string[]): Promise<readonly string[]> {
  const { code, out } = await runCommand(['check', ...argv, '-o', 'json']);
  expect(code).toBe(2);
  return (JSON.parse(out) as { readonly errors: { readonly file: string; readonly message: string }[] }).errors.map(
    ({ file, message }) => `${file}: ${message}`,
  );
}

const HEAD = 'apiVersion: kustomize.config.k8s.io/v1beta1\nkind: Kustomization\n';
const WHY = 'and reading a pipe or a device can take forever; refer to regular files';

describe('a kustomization', () => {
  test.each([
    ['resources', 'resources: [../pipe]'],
    ['components', 'components: [../pipe]'],
    ['crds', 'crds: [../pipe]'],
    ['patches', 'patches: [{path: ../pipe}]'],
    ['old patches', 'patchesStrategicMerge: [../pipe]'],
    ['replacements', 'replacements: [{path: ../pipe}]'],
    ['configurations', 'configurations: [../pipe]'],
    ['a schema', 'openapi: {path: ../pipe}'],
    ['files of a ConfigMap', 'configMapGenerator: [{name: a, files: [../pipe]}]'],
    ['files with keys', 'configMapGenerator: [{name: a, files: [key=../pipe]}]'],
    ['variables of a ConfigMap', 'configMapGenerator: [{name: a, envs: [../pipe]}]'],
    ['files of a Secret', 'secretGenerator: [{name: a, files: [../pipe]}]'],
    ['generators', 'generators: [../pipe]'],
    ['values of a chart', 'helmCharts: [{name: a, valuesFile: ../pipe}]'],
  ])('%s', async (_what, text) => {
    plant({ 'k/kustomization.yaml': `${HEAD}${text}\n` });
    expect(await errorsOf('k', '--kustomize')).toEqual([
      `k/kustomization.yaml: not built: "pipe" is not a regular file, ${WHY}`,
    ]);
  });

  test('a base of it, and a link to a device', async () => {
    plant({
      'k/kustomization.yaml': `${HEAD}resources: [../base]\n`,
      'base/kustomization.yaml': `${HEAD}secretGenerator: [{name: a, files: [../zero]}]\nresources: [../pipe]\n`,
    });
    expect(await errorsOf('k', '--kustomize')).toEqual([
      `k/kustomization.yaml: not built: "zero", "pipe" are not regular files, ${WHY}`,
    ]);
  });

  test('a text that is no path', async () => {
    plant({ 'k/kustomization.yaml': `${HEAD}configMapGenerator: [{name: a, literals: [a=pipe]}]\n` });
    const [error] = await errorsOf('k', '--kustomize');
    expect(error).toContain('neither kubectl nor kustomize is on the PATH');
  });
});

describe('a chart', () => {
  const CHART: Tree = {
    'c/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n',
    'c/templates/pod.yaml': 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\n',
  };
  const message = (name: string): string =>
    `c/Chart.yaml: not rendered: values come from "${name}", which is not a regular file, and both Helm and tidewaiter read it; write the values to a file`;

  test.each(['pipe', 'zero'])('a flag with %s', async (name) => {
    plant(CHART);
    expect(await errorsOf('c', '--helm-values', name)).toEqual([message(name)]);
  });

  test('the configuration file', async () => {
    plant({ ...CHART, 'tidewaiter.yaml': 'helm: [{chart: c, values: [pipe]}]\n' });
    expect(await errorsOf('c', '--helm')).toEqual([message('pipe')]);
  });
});

test('a configuration file by the default name', async () => {
  execFileSync('/usr/bin/env', ['mkfifo', 'tidewaiter.yaml'], { env: { PATH } });
  mkdirSync('d');
  const { code, note } = await runCommand(['check', 'd']);
  expect({ code, note }).toEqual({
    code: 2,
    note: 'cannot read configuration file "tidewaiter.yaml": not a regular file\n',
  });
});
