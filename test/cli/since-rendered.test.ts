/** `check --since` with `--helm` and `--kustomize`: the charts and kustomizations of the revision are rendered as those of today. */
import { spawn } from 'node:child_process';
import {
  chmodSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { helmMissing, pathOf } from '../chart/assets.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { plantPacked } from '../support/packed.ts';
import { plant, type Tree } from '../support/planted.ts';
import { describeWith } from '../support/real-part.ts';
import { BAD, commit, GOOD, inNewRepository, type Outcome, pod, since, WORSE, write } from '../support/since.ts';

inNewRepository();

const { PATH = '', TMPDIR } = process.env;
beforeEach(() => {
  mkdirSync('.git/tmp', { recursive: true });
  process.env['TMPDIR'] = path.resolve('.git/tmp');
});
afterEach(() => {
  process.env['PATH'] = PATH;
  if (TMPDIR === undefined) delete process.env['TMPDIR'];
  else process.env['TMPDIR'] = TMPDIR;
});

interface Row {
  readonly what: string;
  readonly old: Tree;
  /** Archives with a chart. */
  readonly packs?: Readonly<Record<string, Tree>>;
  readonly now: () => void;
  readonly expected: Omit<Outcome, 'code'>;
  /** The notices about the revision. */
  readonly notices?: readonly string[];
}

const NAMED = '{{ .Release.Name }}-';
const template = (name: string, image = '{{ .Values.image }}'): string =>
  pod(`${NAMED}${name}`, image, `name: "${NAMED}${name}"`);

const CHART = 'apiVersion: v2\nname: web\nversion: 1.0.0\n';
const chart = (folder: string, image: string, more: Tree = {}): Tree => ({
  [`${folder}/Chart.yaml`]: CHART,
  [`${folder}/values.yaml`]: `image: "${image}"\n`,
  [`${folder}/templates/a.yaml`]: template('a'),
  [`${folder}/templates/b.yaml`]: template('b', 'redis'),
  ...more,
});

/** A chart that others depend on. */
const database = (folder: string, image: string): Tree =>
  chart(folder, image, { [`${folder}/Chart.yaml`]: CHART.replace('web', 'db') });

const LABELED = template('a').replace('{name:', '{labels: {x: y}, name:');
const NOTHING = { changed: 0, unchanged: 2, denied: 0, existing: 0 };

const CHARTS: readonly Row[] = [
  { what: 'nothing', old: chart('c', BAD), now: () => undefined, expected: NOTHING },
  {
    what: 'a value',
    old: chart('c', GOOD),
    now: () => write('c/values.yaml', `image: ${BAD}\n`),
    expected: { changed: 1, unchanged: 1, denied: 1, existing: 0 },
  },
  {
    what: 'a comment in the values',
    old: chart('c', BAD),
    now: () => write('c/values.yaml', `# a comment\nimage: ${BAD}\n`),
    expected: NOTHING,
  },
  {
    what: 'a template that moved',
    old: chart('c', BAD),
    now: () => renameSync('c/templates/a.yaml', 'c/templates/z.yaml'),
    expected: NOTHING,
  },
  {
    what: 'a label in a template with a bad image',
    old: chart('c', BAD),
    now: () => write('c/templates/a.yaml', LABELED),
    expected: { changed: 1, unchanged: 1, denied: 0, existing: 2 },
  },
  {
    what: 'a template that git does not know',
    old: chart('c', GOOD),
    now: () => write('c/templates/c.yaml', template('c', BAD)),
    expected: { changed: 1, unchanged: 2, denied: 1, existing: 0 },
  },
  {
    what: 'a new chart',
    old: { 'x.txt': 'x' },
    now: () => plant(chart('c', BAD)),
    expected: { changed: 2, unchanged: 0, denied: 2, existing: 0 },
  },
  {
    what: 'a chart in another directory',
    old: chart('c', BAD),
    now: () => renameSync('c', 'd'),
    expected: NOTHING,
  },
  {
    what: 'a chart with another name, whose objects have other names',
    old: chart('c', BAD),
    now: () => write('c/Chart.yaml', CHART.replace('web', 'api')),
    expected: { changed: 2, unchanged: 0, denied: 2, existing: 0 },
  },
  {
    what: 'a manifest that became a template',
    old: { ...chart('c', GOOD), 'plain.yaml': pod('p', BAD) },
    now: () => renameSync('plain.yaml', 'c/templates/p.yaml'),
    expected: { changed: 0, unchanged: 3, denied: 0, existing: 0 },
  },
  {
    what: 'a file with values that the configuration names',
    old: {
      ...chart('c', BAD),
      'env/prod.yaml': `image: ${GOOD}\n`,
      'tidewaiter.yaml': 'helm: [{chart: c, values: [env/prod.yaml]}]\n',
    },
    now: () => write('env/prod.yaml', `image: ${BAD}\n`),
    expected: { changed: 1, unchanged: 1, denied: 1, existing: 0 },
  },
  {
    what: 'a chart that could not be rendered',
    old: chart('c', BAD, { 'c/templates/a.yaml': '{{ fail "old" }}' }),
    now: () => write('c/templates/a.yaml', template('a')),
    expected: { changed: 2, unchanged: 0, denied: 2, existing: 0 },
    notices: [
      '"c" cannot be rendered at "HEAD", so all of its objects count as new: helm template failed: execution error at (web/templates/a.yaml:1:3): old',
    ],
  },
  {
    what: 'a dependency that is missing in the revision',
    old: chart('c', BAD, {
      'c/Chart.yaml': `${CHART}dependencies: [{name: gone, version: 1.0.0, repository: "https://charts.example.com"}]\n`,
    }),
    now: () => write('c/Chart.yaml', CHART),
    expected: { changed: 2, unchanged: 0, denied: 2, existing: 0 },
    notices: [
      '"c" cannot be rendered at "HEAD", so all of its objects count as new: dependencies are missing: "gone"; run helm dependency build c',
    ],
  },
  {
    what: 'a dependency that git does not have, and that did not change',
    old: chart('c', GOOD, {
      '.gitignore': 'charts/\n',
      'c/Chart.yaml': `${CHART}dependencies: [{name: db, version: 1.0.0, repository: "https://charts.example.com"}]\n`,
      'c/charts/db/Chart.yaml': CHART.replace('web', 'db'),
      'c/charts/db/templates/db.yaml': pod('db', BAD),
    }),
    now: () => write('c/values.yaml', `image: ${BAD}\n`),
    expected: { changed: 1, unchanged: 2, denied: 1, existing: 0 },
  },
  {
    what: 'a link to a file outside of the chart',
    old: chart('c', BAD, { 'shared/a.yaml': template('x') }),
    now: () => write('c/values.yaml', `image: ${GOOD}\n`),
    expected: { changed: 2, unchanged: 2, denied: 0, existing: 0 },
  },
];

const OTHER = { 'package/package.json': '{}' };
const replaced = (before: string, after: string, content: Tree): void => {
  rmSync(before);
  plantPacked(after, content);
};

const PACKED: readonly Row[] = [
  {
    what: 'nothing in an archive',
    old: {},
    packs: { 'c.tgz': chart('c', BAD) },
    now: () => undefined,
    expected: NOTHING,
  },
  {
    what: 'an archive with another value',
    old: {},
    packs: { 'c.tgz': chart('c', GOOD) },
    now: () => plantPacked('c.tgz', chart('c', BAD)),
    expected: { changed: 1, unchanged: 1, denied: 1, existing: 0 },
  },
  {
    what: 'an archive with another version in its name',
    old: {},
    packs: { 'c-1.tgz': chart('c', BAD), 'gone.tgz': OTHER },
    now: () => {
      rmSync('gone.tgz');
      replaced('c-1.tgz', 'c-2.tgz', chart('c', BAD, { 'c/templates/a.yaml': LABELED }));
    },
    expected: { changed: 1, unchanged: 1, denied: 0, existing: 2 },
  },
  {
    what: 'a directory that became an archive',
    old: chart('c', BAD),
    now: () => {
      rmSync('c', { recursive: true });
      plantPacked('c.tgz', chart('c', BAD));
    },
    expected: NOTHING,
  },
  {
    what: 'an archive that became a directory',
    old: {},
    packs: { 'c.tgz': chart('c', BAD) },
    now: () => {
      rmSync('c.tgz');
      plant(chart('c', BAD));
    },
    expected: NOTHING,
  },
  {
    what: 'a new archive',
    old: { 'x.txt': 'x' },
    now: () => plantPacked('c.tgz', chart('c', BAD)),
    expected: { changed: 2, unchanged: 0, denied: 2, existing: 0 },
  },
  {
    what: 'an archive that was not a chart',
    old: {},
    packs: { 'c.tgz': OTHER },
    now: () => plantPacked('c.tgz', chart('c', BAD)),
    expected: { changed: 2, unchanged: 0, denied: 2, existing: 0 },
  },
  {
    what: 'an archive in a chart',
    old: chart('c', GOOD),
    packs: { 'c/charts/db-1.tgz': database('db', GOOD) },
    now: () => replaced('c/charts/db-1.tgz', 'c/charts/db-2.tgz', database('db', BAD)),
    expected: { changed: 1, unchanged: 3, denied: 1, existing: 0 },
  },
  {
    what: 'an archive in a chart that replaces a directory',
    old: { ...chart('c', GOOD), ...database('c/charts/db', GOOD) },
    now: () => {
      rmSync('c/charts/db', { recursive: true });
      plantPacked('c/charts/db-2.tgz', database('db', BAD));
    },
    expected: { changed: 1, unchanged: 3, denied: 1, existing: 0 },
  },
  {
    what: 'a directory in a chart that replaces an archive',
    old: chart('c', GOOD),
    packs: { 'c/charts/db-1.tgz': database('db', GOOD) },
    now: () => {
      rmSync('c/charts/db-1.tgz');
      plant(database('c/charts/database', BAD));
    },
    expected: { changed: 1, unchanged: 3, denied: 1, existing: 0 },
  },
  {
    what: 'an archive that could not be rendered',
    old: {},
    packs: { 'c.tgz': chart('c', BAD, { 'c/templates/a.yaml': '{{ fail "old" }}' }) },
    now: () => plantPacked('c.tgz', chart('c', BAD)),
    expected: { changed: 2, unchanged: 0, denied: 2, existing: 0 },
    notices: [
      '"c.tgz" cannot be rendered at "HEAD", so all of its objects count as new: helm template failed: execution error at (web/templates/a.yaml:1:3): old',
    ],
  },
];

describeWith(helmMissing, 'check --since --helm', () => {
  beforeEach(() => {
    mkdirSync('.git/bin', { recursive: true });
    symlinkSync(pathOf('helm3'), '.git/bin/helm');
    process.env['PATH'] = `${path.resolve('.git/bin')}${path.delimiter}${PATH}`;
  });

  test.each([...CHARTS, ...PACKED])(
    'compares $what',
    async ({ what, old, packs = {}, now, expected, notices = [] }) => {
      plant(old);
      for (const [file, content] of Object.entries(packs)) plantPacked(file, content);
      if (what.startsWith('a link')) symlinkSync('../../shared/a.yaml', 'c/templates/linked.yaml');
      commit();
      now();
      const { report, code: _code, ...outcome } = await since('.', '--helm', '--since', 'HEAD');
      expect(report.errors).toEqual([]);
      expect(readdirSync('.git/tmp')).toEqual([]);
      expect(outcome).toEqual(expected);
      expect(report.notices.map(({ message }) => message).filter((text) => text.includes('HEAD'))).toEqual(notices);
    },
  );

  test('a link that leads out of the repository is not followed', async () => {
    const secret = path.resolve('../tidewaiter-secret.yaml');
    writeFileSync(secret, template('s', BAD));
    plant(chart('c', BAD));
    symlinkSync(secret, 'c/templates/s.yaml');
    commit();
    rmSync('c/templates/s.yaml');
    write('c/templates/s.yaml', template('s', BAD));
    const { report } = await since('.', '--helm', '--since', 'HEAD');
    rmSync(secret);
    expect(report.notices.map(({ message }) => message)).toContain(
      '"c" cannot be rendered at "HEAD", so all of its objects count as new: c/templates/s.yaml: the link leads out of the repository, or to nothing',
    );
    expect(report.summary).toMatchObject({ denied: 3 });
  });

  test('Ctrl-C removes the old files', { timeout: 90_000 }, async () => {
    plant(chart('c', BAD));
    commit();
    write('c/values.yaml', `image: ${GOOD}\n`);
    rmSync('.git/bin/helm');
    const real = pathOf('helm3');
    // Waits when it renders the old files, and says where they are.
    write(
      '.git/bin/helm',
      `#!/bin/sh\ncase "$*" in *tidewaiter-revision-*) echo "$*" > ${path.resolve('.git/old')}; sleep 60;; esac\nexec ${real} "$@"\n`,
    );
    chmodSync('.git/bin/helm', 0o755);
    const main = path.resolve(import.meta.dirname, '../../src/main.ts');
    const child = spawn(process.execPath, [main, 'check', '.', '--helm', '--since', 'HEAD'], { stdio: 'ignore' });
    const ended = new Promise((resolve) => child.on('exit', (...how) => resolve(how)));
    await expect.poll(() => readdirSync('.git'), { timeout: 60_000 }).toContain('old');
    const [folder = ''] = /[^ ]*tidewaiter-revision-[^/ ]+/.exec(readFileSync('.git/old', 'utf8')) ?? [];
    expect(readdirSync(folder)).toEqual(['c']);
    child.kill('SIGINT');
    expect(await ended).toEqual([2, null]);
    expect(() => readdirSync(folder)).toThrow('ENOENT');
  });
});

const KUSTOMIZATION = 'resources: [pod.yaml]\n';
const overlay = (image: string): string =>
  `resources: [../base]\nnamePrefix: x-\nimages: [{name: web, newName: "${image}"}]\n`;
const BASE: Tree = { 'base/kustomization.yaml': KUSTOMIZATION, 'base/pod.yaml': pod('web', 'web') };
const two = (one: string, other: string): Tree => ({
  ...BASE,
  'prod/kustomization.yaml': overlay(one),
  'test/kustomization.yaml': overlay(other).replace('x-', 't-'),
});
const NAMES = (image: string): string => image.replace(/[:@].*$/, '');
const PINNED = `images: [{name: web, newName: nginx, digest: "sha256:${'a'.repeat(64)}"}]\n`;
const pinned = (prefix: string): string => `resources: [../base]\nnamePrefix: ${prefix}-\n${PINNED}`;

const KUSTOMIZATIONS: readonly Row[] = [
  { what: 'nothing', old: two(NAMES(BAD), NAMES(BAD)), now: () => undefined, expected: NOTHING },
  {
    what: 'an overlay',
    old: { ...two(BAD, BAD), 'prod/kustomization.yaml': pinned('x') },
    now: () => write('prod/kustomization.yaml', overlay(WORSE)),
    expected: { changed: 1, unchanged: 1, denied: 1, existing: 0 },
  },
  {
    what: 'a base that two overlays use',
    old: { ...two(BAD, BAD), 'prod/kustomization.yaml': pinned('x') },
    now: () => write('base/pod.yaml', pod('web', 'web', 'name: web, labels: {x: y}')),
    expected: { changed: 2, unchanged: 0, denied: 0, existing: 2 },
  },
  {
    what: 'a base outside of the directory that is checked',
    old: { ...two(BAD, BAD) },
    now: () => write('base/pod.yaml', pod('web', 'web', 'name: web, labels: {x: y}')),
    expected: { changed: 1, unchanged: 0, denied: 0, existing: 2 },
  },
  {
    what: 'a file of a generator, whose name the Pod contains',
    old: {
      'kustomization.yaml': `${KUSTOMIZATION}configMapGenerator: [{name: c, files: [key=data.txt]}]\n`,
      'data.txt': 'one',
      'pod.yaml': pod('web', BAD).replace('}]}', '}], volumes: [{name: v, configMap: {name: c}}]}'),
    },
    now: () => write('data.txt', 'two'),
    expected: { changed: 1, unchanged: 0, denied: 0, existing: 2 },
  },
  {
    what: 'an unrelated file in its directory',
    old: { ...two(BAD, BAD), 'prod/README.md': 'old' },
    now: () => write('prod/README.md', 'new'),
    expected: NOTHING,
  },
  {
    what: 'an overlay in another directory',
    old: two(BAD, BAD),
    now: () => renameSync('prod', 'production'),
    expected: NOTHING,
  },
  {
    what: 'a new overlay',
    old: { ...BASE, 'test/kustomization.yaml': overlay(BAD) },
    now: () => write('prod/kustomization.yaml', overlay(BAD).replace('x-', 'p-')),
    expected: { changed: 1, unchanged: 1, denied: 1, existing: 0 },
  },
  {
    what: 'manifests that a new kustomization includes',
    old: { 'pod.yaml': pod('web', BAD) },
    now: () => write('kustomization.yaml', KUSTOMIZATION),
    expected: { changed: 0, unchanged: 1, denied: 0, existing: 0 },
  },
  {
    what: 'manifests whose kustomization is gone',
    old: { 'a/pod.yaml': pod('web', BAD), 'a/kustomization.yaml': KUSTOMIZATION, ...two(BAD, BAD) },
    now: () => rmSync('a/kustomization.yaml'),
    expected: { changed: 0, unchanged: 3, denied: 0, existing: 0 },
  },
  {
    what: 'a kustomization that could not be built',
    old: { ...two(BAD, BAD), 'prod/kustomization.yaml': `${overlay(BAD)}patches: [{path: gone.yaml}]\n` },
    now: () => write('prod/kustomization.yaml', overlay(BAD)),
    expected: { changed: 1, unchanged: 1, denied: 1, existing: 0 },
    notices: [
      expect.stringMatching(/^"prod" cannot be rendered at "HEAD", so all of its objects count as new: .*gone\.yaml/),
    ],
  },
];

describeWith(kubectlMissing, 'check --since --kustomize', () => {
  test.each(KUSTOMIZATIONS)('compares $what', async ({ what, old, now, expected, notices = [] }) => {
    plant(old);
    commit();
    now();
    const paths = what.includes('outside') ? ['prod'] : ['.'];
    const { report, code: _code, ...outcome } = await since(...paths, '--kustomize', '--since', 'HEAD');
    expect(report.errors).toEqual([]);
    expect(readdirSync('.git/tmp')).toEqual([]);
    expect(outcome).toEqual(expected);
    expect(report.notices.map(({ message }) => message).filter((text) => text.includes('HEAD'))).toEqual(notices);
  });
});

describe('files of the revision', () => {
  test('are not written without a chart or kustomization that differs', async () => {
    write('d/a.yaml', pod('a', BAD));
    commit();
    process.env['TMPDIR'] = path.resolve('missing');
    expect(await since('d', '--helm', '--kustomize', '--since', 'HEAD')).toMatchObject({ unchanged: 1 });
  });
});
