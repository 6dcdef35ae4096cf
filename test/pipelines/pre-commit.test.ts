/** The hooks for pre-commit, installed by pre-commit from a Git repository with the sources. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { load } from 'js-yaml';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { describeWith } from '../support/real-part.ts';
import { programOf, pythonToolsMissing } from './python-tools.ts';
import { commitAll, commitSources, git } from './sources.ts';

const ROOT = path.resolve(import.meta.dirname, '../..');

interface Hook {
  readonly id: string;
  readonly language_version: string;
}

const HOOKS = load(readFileSync(path.join(ROOT, '.pre-commit-hooks.yaml'), 'utf8')) as readonly Hook[];

describe('.pre-commit-hooks.yaml', () => {
  test('names the version of Node.js that tidewaiter is tested with', () => {
    const { devDependencies } = JSON.parse(readFileSync(path.join(ROOT, 'package.json'), 'utf8')) as {
      devDependencies: { node: string };
    };
    expect(HOOKS.map(({ id, language_version: version }) => [id, version])).toEqual([
      ['tidewaiter-check', devDependencies.node],
      ['tidewaiter-pin', devDependencies.node],
    ]);
  });
});

const DIGEST = `sha256:${'a'.repeat(64)}`;
const pod = (image: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: web}\nspec: {containers: [{name: web, image: "${image}"}]}\n`;

/** Files that hooks are called with, and that contain no image for a cluster. */
const FOREIGN = {
  'values.yaml': 'image:\n  repository: nginx\n',
  'package.json': '{"name": "x"}\n',
  'broken.yaml': 'a: [1\n b: }\n',
  'chart/Chart.yaml': 'name: x\n',
  'chart/templates/web.yaml': 'apiVersion: v1\nkind: Pod\nmetadata:\n  {{- if .Values.a }}\n  name: a\n  {{- end }}\n',
};

describeWith(pythonToolsMissing, 'pre-commit', () => {
  let folder: string;
  let user: string;

  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-pre-commit-'));
    user = path.join(folder, 'user');
    const sources = path.join(folder, 'sources');
    // pre-commit prefers the name that Debian had.
    for (const name of ['bin/node', 'bin/nodejs']) link(name);
    const rev = commitSources(sources);
    const ids = HOOKS.map(({ id }) => id);
    const hooks = [
      { id: ids[0], language_version: 'system' },
      { id: ids[1], language_version: 'system', args: ['--check'] },
    ];
    const configuration = JSON.stringify({ repos: [{ repo: sources, rev, hooks }] });
    for (const [name, text] of Object.entries({ ...FOREIGN, '.pre-commit-config.yaml': configuration }))
      write(name, text);
    commitAll(user);
    const { status, stdout, stderr } = preCommit('install-hooks');
    if (status !== 0) throw new Error(`the hooks cannot be installed: ${stdout}${stderr}`);
  }, 600_000);

  afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

  function link(name: string): void {
    mkdirSync(path.join(folder, path.dirname(name)), { recursive: true });
    symlinkSync(process.execPath, path.join(folder, name));
  }

  function write(name: string, text: string): void {
    mkdirSync(path.join(user, path.dirname(name)), { recursive: true });
    writeFileSync(path.join(user, name), text);
  }

  function preCommit(...args: readonly string[]): { status: number | null; stdout: string; stderr: string } {
    const { PATH = '' } = process.env;
    const env = { ...process.env, PATH: `${folder}/bin:${PATH}`, PRE_COMMIT_HOME: path.join(folder, 'home') };
    return spawnSync(programOf('pre-commit'), args, { encoding: 'utf8', cwd: user, env });
  }

  test.each<readonly [hook: string, name: string, text: string, status: number, output: string]>([
    ['tidewaiter-check', 'pod.yaml', pod(`nginx:1.27@${DIGEST}`), 0, 'Passed'],
    ['tidewaiter-check', 'pod.yaml', pod('nginx'), 1, 'image "nginx" has no tag and defaults to "latest"'],
    ['tidewaiter-check', 'Dockerfile', 'FROM nginx:latest\n', 1, 'image "nginx:latest"'],
    ['tidewaiter-pin', 'pod.yaml', pod(`nginx:1.27@${DIGEST}`), 0, 'Passed'],
    ['tidewaiter-pin', 'pod.yaml', pod('nginx'), 1, 'pod.yaml:4:40  unpinned  image "nginx" has no digest'],
    ['tidewaiter-pin', 'Dockerfile', 'FROM nginx:1.27\n', 1, 'Dockerfile:1:6  unpinned'],
  ])('%s with foreign files and %s: %j', (hook, name, text, status, output) => {
    write(name, text);
    git(user, 'add', name);
    const result = preCommit('run', hook, '--all-files');
    git(user, 'rm', '--quiet', '--force', name);
    expect(result.stdout).toContain(output);
    expect(result.status).toBe(status);
  });
});

describeWith(pythonToolsMissing, 'the hook that init writes', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-init-hook-'));
  });
  afterAll(() => rmSync(folder, { recursive: true, force: true }), 120_000);

  function run(program: string, ...args: readonly string[]): { status: number | null; output: string } {
    const PATH = `${path.join(folder, 'bin')}${path.delimiter}${process.env['PATH'] ?? ''}`;
    const env = { ...process.env, PATH, PRE_COMMIT_HOME: path.join(folder, 'home') };
    const { status, stdout, stderr } = spawnSync(program, args, { encoding: 'utf8', cwd: folder, env });
    return { status, output: stdout + stderr };
  }

  test('passes at once, with the tests of the policy, and fails for another registry', { timeout: 600_000 }, () => {
    writeFileSync(path.join(folder, 'pod.yaml'), pod(`nginx:1.27@${DIGEST}`));
    writeFileSync(path.join(folder, 'Dockerfile'), 'FROM nginx:1.27\n');
    writeFileSync(path.join(folder, '.gitignore'), 'bin/\nhome/\n*.tgz\n');
    mkdirSync(path.join(folder, 'bin'));
    // pre-commit prefers the name that Debian had.
    for (const name of ['node', 'nodejs']) symlinkSync(process.execPath, path.join(folder, 'bin', name));
    const main = path.join(ROOT, 'src/main.ts');
    expect(run(process.execPath, main, 'init', '--pre-commit', '--ci', 'github')).toMatchObject({ status: 0 });
    // The package of this working tree instead of that of the registry, and no download of Node.js.
    const packed = run('npm', 'pack', ROOT, '--ignore-scripts', '--silent');
    const file = path.join(folder, packed.output.trim());
    const configuration = path.join(folder, '.pre-commit-config.yaml');
    const text = readFileSync(configuration, 'utf8');
    expect(text).toContain(`language_version: ${HOOKS[0]?.language_version}\n`);
    const local = text
      .replace(/'tidewaiter@[^']+'/, JSON.stringify(file))
      .replace(/language_version: .*/, 'language_version: system');
    writeFileSync(configuration, local);
    commitAll(folder);
    expect(run(programOf('pre-commit'), 'run', '--all-files')).toMatchObject({
      status: 0,
      output: expect.stringContaining('Passed') as string,
    });
    writeFileSync(path.join(folder, 'Dockerfile'), 'FROM ghcr.io/other/web:1\n');
    expect(run(programOf('pre-commit'), 'run', '--all-files')).toMatchObject({
      status: 1,
      output: expect.stringContaining('"ghcr.io/other/web:1" is not from an allowed registry') as string,
    });
  });
});
