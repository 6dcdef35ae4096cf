/** Templates from which Helm renders nothing are named, with the real Helm. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { CheckReport } from '../../src/report/check.ts';
import { helmMissing, pathOf } from '../chart/assets.ts';
import { runCommand } from '../support/command.ts';
import { packed, plantPacked } from '../support/packed.ts';
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

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: nginx}]}\n';
const CHART: Tree = { 'c/Chart.yaml': 'apiVersion: v2\nname: web\nversion: 1.0.0\n', 'c/values.yaml': 'on: false\n' };
const when = (condition: string, text = POD): string => `{{- if ${condition} }}\n${text}{{- end }}\n`;

describeWith(helmMissing, 'a template', () => {
  beforeEach(() => {
    mkdirSync('bin');
    symlinkSync(pathOf('helm4'), 'bin/helm');
    process.env['PATH'] = path.resolve('bin');
  });

  async function notices(...argv: readonly string[]): Promise<readonly string[]> {
    const { out } = await runCommand(['check', ...argv, '-o', 'json']);
    return (JSON.parse(out) as CheckReport).notices
      .map(({ message }) => message)
      .filter((message) => message.includes('render'));
  }

  const ONE = 'rendered nothing; other values can render it (--helm-values)';
  test.each<readonly [what: string, more: Tree, argv: readonly string[], expected: readonly string[]]>([
    ['that prints an object', { 'c/templates/a.yaml': POD }, ['c', '--helm'], []],
    [
      'with a condition',
      { 'c/templates/a.yaml': when('.Values.on') },
      ['c', '--helm'],
      [`"c/templates/a.yaml" ${ONE}`],
    ],
    ['with a condition that is true', { 'c/templates/a.yaml': when('.Values.on') }, ['c', '--helm-set', 'on=true'], []],
    [
      'in directories, with several others',
      {
        'c/templates/a/b.yml': when('.Values.on'),
        'c/templates/c.json': when('.Values.on'),
        'c/templates/d.yaml': POD,
      },
      ['c', '--helm'],
      [
        '2 templates of "c" rendered nothing; other values can render them (--helm-values): "c/templates/a/b.yml" and "c/templates/c.json"',
      ],
    ],
    [
      'of a part',
      {
        'c/templates/a.yaml': POD,
        'c/charts/db/Chart.yaml': 'apiVersion: v2\nname: db\nversion: 1.0.0\n',
        'c/charts/db/templates/a.yaml': when('.Values.on'),
      },
      ['c', '--helm'],
      [`"c/charts/db/templates/a.yaml" ${ONE}`],
    ],
    [
      'of a part that is turned off',
      {
        'c/Chart.yaml': `${String(CHART['c/Chart.yaml'])}dependencies: [{name: db, version: 1.0.0, condition: db.enabled}]\n`,
        'c/values.yaml': 'db: {enabled: false}\n',
        'c/templates/a.yaml': POD,
        'c/charts/db/Chart.yaml': 'apiVersion: v2\nname: db\nversion: 1.0.0\n',
        'c/charts/db/templates/a.yaml': POD,
      },
      ['c', '--helm'],
      [`"c/charts/db/templates/a.yaml" ${ONE}`],
    ],
    [
      'that is no object',
      {
        'c/templates/a.yaml': when('.Values.on', 'a: 1\n'),
        'c/templates/_b.yaml': POD,
        'c/templates/NOTES.txt': POD,
        'c/templates/d.yaml': POD,
      },
      ['c', '--helm'],
      [],
    ],
    [
      'of a kind without images',
      {
        'c/templates/a.yaml': when('.Values.on', 'apiVersion: v1\nkind: Service\nmetadata: {name: a}\n'),
        'c/templates/d.yaml': POD,
      },
      ['c', '--helm'],
      [],
    ],
    [
      'of an unknown kind with images, or with a kind from values',
      {
        'c/templates/a.yaml': when('.Values.on', 'apiVersion: example.com/v1\nkind: Thing\nspec: {image: nginx}\n'),
        'c/templates/b.yaml': when('.Values.on', 'apiVersion: apps/v1\nkind: {{ .Values.kind }}\n'),
      },
      ['c', '--helm'],
      [
        '2 templates of "c" rendered nothing; other values can render them (--helm-values): "c/templates/a.yaml" and "c/templates/b.yaml"',
      ],
    ],
    [
      'that one of several releases renders',
      {
        'c/templates/a.yaml': when('.Values.on'),
        'tidewaiter.yaml': 'helm: [{chart: c, name: a}, {chart: c, name: b, set: {"on": true}}]\n',
      },
      ['c', '--helm'],
      [],
    ],
    [
      'that .helmignore excludes',
      { 'c/templates/a.yaml': POD, 'c/templates/b.yaml': POD, 'c/.helmignore': 'b.yaml\n' },
      ['c', '--helm'],
      ['"c/templates/b.yaml" is not rendered: the .helmignore of its chart excludes it'],
    ],
    [
      'of a chart that is not rendered',
      { 'c/templates/a.yaml': '{{ fail "no" }}\n', 'c/templates/b.yaml': when('.Values.on') },
      ['c', '--helm'],
      [],
    ],
  ])('%s', async (_what, more, argv, expected) => {
    plant({ ...CHART, ...more });
    expect(await notices(...argv)).toEqual(expected);
  });

  const part = (name: string, more: Tree, description = ''): Tree => ({
    [`${name}/Chart.yaml`]: `apiVersion: v2\nname: ${name}\nversion: 1.0.0\n${description}`,
    ...Object.fromEntries(Object.entries(more).map(([file, text]) => [`${name}/templates/${file}`, text])),
  });
  const OFF = { 'a.yaml': POD, 'b.yaml': when('.Values.on'), '_c.yaml': POD, 'd.yaml': when('.Values.on', 'a: 1\n') };
  const several = (chart: string, ...files: readonly string[]): string =>
    `${files.length} templates of "${chart}" rendered nothing; other values can render them (--helm-values): ${files.map((file) => `"${chart}/${file}"`).join(' and ')}`;

  test.each<readonly [what: string, packs: () => void, argv: readonly string[], expected: readonly string[]]>([
    [
      'a part of a directory',
      () => {
        plant({ ...CHART, 'c/templates/a.yaml': when('.Values.on') });
        plantPacked('c/charts/db-1.0.0.tgz', part('db', OFF));
      },
      ['c', '--helm'],
      [several('c', 'templates/a.yaml', 'charts/db-1.0.0.tgz/templates/b.yaml')],
    ],
    [
      'a part with two aliases, one of which renders it',
      () => {
        plant({
          ...CHART,
          'c/Chart.yaml': `${String(CHART['c/Chart.yaml'])}dependencies: [{name: db, version: 1.0.0, alias: one}, {name: db, version: 1.0.0, alias: two}]\n`,
          'c/values.yaml': 'two: {"on": true}\n',
        });
        plantPacked('c/charts/db-1.0.0.tgz', part('db', { 'b.yaml': when('.Values.on') }));
      },
      ['c', '--helm'],
      [],
    ],
    [
      'a chart',
      () => plantPacked('web.tgz', part('web', OFF)),
      ['web.tgz', '--helm'],
      [`"web.tgz/templates/b.yaml" ${ONE}`],
    ],
    [
      'a chart with values for it',
      () => plantPacked('web.tgz', part('web', OFF)),
      ['web.tgz', '--helm-set', 'on=true'],
      [],
    ],
    [
      'a chart with parts, packed and not, and one that is a library',
      () =>
        plantPacked('web.tgz', {
          ...part('web', { 'a.yaml': POD }),
          'web/charts/db.tgz': packed(part('db', OFF)),
          ...Object.fromEntries(Object.entries(part('cache', OFF)).map(([file, text]) => [`web/charts/${file}`, text])),
          'web/charts/lib.tgz': packed(part('lib', OFF, 'type: library\n')),
        }),
      ['web.tgz', '--helm'],
      [several('web.tgz', 'charts/cache/templates/b.yaml', 'charts/db/templates/b.yaml')],
    ],
  ])('of a packed chart: %s', async (_what, packs, argv, expected) => {
    packs();
    expect(await notices(...argv)).toEqual(expected);
  });

  test('is listed with the reason', async () => {
    plant({
      ...CHART,
      'c/templates/a.yaml': POD,
      'c/templates/b.yaml': when('.Values.on'),
      'c/templates/c.yaml': POD,
      'c/.helmignore': 'c.yaml\n',
    });
    const { out } = await runCommand(['check', 'c', '--helm', '--list-files']);
    expect(out.split('\n').filter((line) => line.includes('templates'))).toEqual([
      'read     c/templates/a.yaml  part of a Helm chart',
      'skipped  c/templates/b.yaml  rendered nothing',
      'skipped  c/templates/c.yaml  excluded by .helmignore',
    ]);
  });

  const FILES = ['a.yaml', 'b.yaml', 'sub/a.yaml', 'sub/c.yaml', 'sub/deep/d.yaml', 'x[1].yaml'];

  test.each([
    'a.yaml',
    'templates/*.yaml',
    'templates/sub',
    'templates/sub/',
    'sub/',
    '/sub',
    '/templates/a.yaml',
    'templates/*/c.yaml',
    '!*.yaml',
    '!*a*',
    'b.yaml\n!*a*',
    '# a.yaml\n\n  c.yaml  ',
    '?.yaml',
    '[ab].yaml',
    '[^a].yaml',
    'x\\\\[1\\\\].yaml',
    'd.yaml/',
    'templates',
    '\uFEFFa.yaml',
    'deep',
    'templates/sub/*',
  ])('is excluded as by Helm: %j', async (ignore) => {
    plant({
      ...CHART,
      ...Object.fromEntries(FILES.map((file) => [`c/templates/${file}`, POD.replace('name: a', `name: "${file}"`)])),
      'c/.helmignore': `${ignore}\nvalues.yaml.orig\n`,
    });
    const rendered = new Set(
      execFileSync(pathOf('helm4'), ['template', 'c'], { encoding: 'utf8' }).match(/(?<=^# Source: web\/).+$/gm),
    );
    const { out } = await runCommand(['check', 'c', '--helm', '--list-files', '-o', 'json']);
    const { files } = JSON.parse(out) as {
      readonly files: readonly { readonly path: string; readonly reason: string }[];
    };
    const excluded = files.flatMap(({ path: file, reason }) =>
      reason === 'helmignored' ? [file.slice('c/'.length)] : [],
    );
    expect(excluded).toEqual(FILES.map((file) => `templates/${file}`).filter((file) => !rendered.has(file)));
    expect(files.filter(({ reason }) => reason === 'silent')).toEqual([]);
  });
});
