/** Ctrl-C while `check` waits for something: the real program, and programs and servers that never end. */
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { setTimeout } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadManifests } from '../../src/files/manifests.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import type { CheckReport } from '../../src/report/check.ts';
import { type FaultServer, type Reaction, startFaultServer } from '../support/fault-registry.ts';
import { enterNewDirectory, plant, type Tree } from '../support/planted.ts';

const MAIN = path.resolve(import.meta.dirname, '../../src/main.ts');

let leave: () => void;
beforeEach(() => {
  leave = enterNewDirectory();
  plant({ ...FILES, ...programs('helm', 'kubectl', 'kustomize') });
  for (const name of ['helm', 'kubectl', 'kustomize']) chmodSync(`bin/${name}`, 0o755);
});
const children: ChildProcess[] = [];
const servers: FaultServer[] = [];
afterEach(async () => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
  for (const server of servers.splice(0)) await server.close();
  leave();
});

/** They say that they run, and do not end. */
function programs(...names: readonly string[]): Tree {
  return Object.fromEntries(names.map((name) => [`bin/${name}`, `#!/bin/sh\necho $$ >> ${RUNS}\nexec sleep 600\n`]));
}

const RUNS = 'runs';
const pod = (name: string): string =>
  `apiVersion: v1\nkind: Pod\nmetadata: {name: ${name}}\nspec: {containers: [{name: c, image: nginx}]}\n`;

const FILES: Tree = {
  'r/a/p0.yaml': pod('p0'),
  'r/a/p1.yaml': pod('p1'),
  'r/chart/Chart.yaml': 'apiVersion: v2\nname: chart\nversion: 1.0.0\n',
  'r/chart/templates/pod.yaml': pod('{{ .Release.Name }}'),
  'r/other/Chart.yaml': 'apiVersion: v2\nname: other\nversion: 1.0.0\n',
  'r/overlay/kustomization.yaml': 'resources: [pod.yaml]\n',
  'r/overlay/pod.yaml': pod('built'),
  'r/compose.yaml': 'services: {web: {image: nginx}}\n',
};

interface Run {
  readonly child: ChildProcess;
  readonly out: () => string;
  /** The exit code and the signal. */
  readonly ended: Promise<readonly unknown[]>;
}

function start(args: readonly string[], stdin: 'ignore' | 'pipe' = 'ignore'): Run {
  const env = { ...process.env, PATH: `${path.resolve('bin')}:${process.env['PATH']}` };
  const child = spawn(process.execPath, [MAIN, 'check', ...args], { env, stdio: [stdin, 'pipe', 'inherit'] });
  children.push(child);
  let out = '';
  child.stdout?.setEncoding('utf8').on('data', (text: string) => (out += text));
  return { child, out: () => out, ended: once(child, 'close') };
}

async function until(isTrue: () => boolean, { child }: Run): Promise<void> {
  while (!isTrue()) {
    expect(child.exitCode).toBeNull();
    await setTimeout(20);
  }
}

const programRuns = (): boolean => existsSync(RUNS) && readFileSync(RUNS, 'utf8') !== '';

async function hangingServer(responses: Readonly<Record<string, Reaction>> = {}): Promise<FaultServer> {
  const server = await startFaultServer();
  server.reactWith(({ url }) => responses[url] ?? { how: 'hang' });
  servers.push(server);
  return server;
}

interface Case {
  readonly what: string;
  /** Starts the program, and returns when it waits. */
  readonly waiting: () => Promise<Run>;
  /** The objects with findings. */
  readonly found: readonly string[];
  readonly errors: readonly string[];
}

const rendering =
  (...args: readonly string[]) =>
  async (): Promise<Run> => {
    const run = start(['r', '-o', 'json', ...args]);
    await until(programRuns, run);
    return run;
  };

const policyWith = (rule: string): Tree => ({
  'policy.yaml': `apiVersion: tidewaiter.dev/v1alpha1\nkind: ImagePolicy\nmetadata: {name: p}\nspec: {rules: [{rule: image-tag, parameters: {deny: [latest]}}, {rule: ${rule}}]}\n`,
});

const CASES: readonly Case[] = [
  {
    what: 'Helm',
    waiting: rendering('--helm'),
    found: ['p0', 'p1', 'r/compose.yaml', 'built'],
    errors: ['r/chart/Chart.yaml: interrupted: 2 charts are not rendered; this is the first of them'],
  },
  {
    what: 'kubectl kustomize, whose files mean what is built of them',
    waiting: rendering('--kustomize'),
    found: ['p0', 'p1', 'r/compose.yaml'],
    errors: ['r/overlay/kustomization.yaml: interrupted: this kustomization is not built'],
  },
  {
    what: 'standard input',
    async waiting() {
      const run = start(['r/a', '-', 'r/overlay', '-o', 'json'], 'pipe');
      // The files come first, so that the input is read when it takes more than a pipe holds.
      const text = `${pod('in')}---\n`.repeat(2000);
      await new Promise((resolve) => run.child.stdin?.write(text, resolve));
      return run;
    },
    found: ['p0', 'p1'],
    errors: ['stdin: interrupted: 2 paths are not read; this is the first of them'],
  },
  {
    what: 'a chart of an old revision',
    async waiting() {
      // Renders the chart of today, and waits for the old one.
      const helm = `case "$*" in *tidewaiter-revision-*) echo $$ >> ${RUNS}; exec sleep 600;; esac; cat rendered`;
      plant({ 'bin/helm': `#!/bin/sh\n${helm}\n`, rendered: pod('rendered') });
      for (const args of [
        ['init', '-q'],
        ['add', 'r'],
        ['commit', '-qm', 'x'],
      ])
        execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@example.com', ...args]);
      plant({ 'r/chart/values.yaml': 'a: 1\n', 'r/a/p0.yaml': pod('new') });
      return rendering('--helm', '--since', 'HEAD')();
    },
    found: [],
    errors: ['r/a/p0.yaml: interrupted: 6 of 6 objects are not evaluated; this is the first of them'],
  },
  {
    what: 'a registry',
    async waiting() {
      const server = await hangingServer();
      const host = `127.0.0.1:${server.port}`;
      plant(policyWith('image-exists'));
      plant({
        'tidewaiter.yaml': `registries: [{host: "${host}", insecure: true, allowPrivate: true}]\n`,
        'a.yaml': pod('slow').replace('nginx', `${host}/web:1.0`),
      });
      const run = start(['a.yaml', 'r/a', '-p', 'policy.yaml', '-o', 'json']);
      await until(() => server.waiting > 0, run);
      return run;
    },
    found: ['p0', 'p1'],
    errors: ['a.yaml: interrupted: 1 of 3 objects is not evaluated'],
  },
  {
    what: 'an API server',
    async waiting() {
      const server = await hangingServer({ '/version': { body: '{}' } });
      plant(policyWith('pull-secret-usable'));
      plant({
        'kubeconfig.yaml': `apiVersion: v1\nkind: Config\ncurrent-context: c\nclusters: [{name: c, cluster: {server: "http://127.0.0.1:${server.port}"}}]\ncontexts: [{name: c, context: {cluster: c, user: u}}]\nusers: [{name: u, user: {}}]\n`,
      });
      const run = start(['r/a', '-p', 'policy.yaml', '--kubeconfig', 'kubeconfig.yaml', '-o', 'json']);
      await until(() => server.waiting > 0, run);
      return run;
    },
    found: [],
    errors: ['r/a/p0.yaml: interrupted: 2 of 2 objects are not evaluated; this is the first of them'],
  },
];

describe('Ctrl-C reports what is evaluated, and exits with 2', { timeout: 90_000 }, () => {
  test.each(CASES)('while it waits for $what', async ({ waiting, found, errors }) => {
    const { child, out, ended } = await waiting();
    child.kill('SIGINT');
    expect(await ended).toEqual([2, null]);
    const report = JSON.parse(out()) as CheckReport;
    expect(report.findings.filter(({ rule }) => rule === 'image-tag').map(({ name }) => name)).toEqual(found);
    expect(report.errors.map(({ file, message }) => `${file}: ${message}`)).toEqual(errors);
    expect(report.summary.errors).toBe(1);
  });
});

/** The text that each format has for the error, and what a machine reads. */
const FORMATS: readonly (readonly [format: string, read: (text: string) => unknown, message: RegExp])[] = [
  ['pretty', String, /^ +error {2}interrupted: 2 charts/m],
  ['json', JSON.parse, /"message":"interrupted: 2 charts/],
  ['sarif', JSON.parse, /"executionSuccessful":false.*"text":"interrupted: 2 charts/],
  ['gitlab', JSON.parse, /"description":"not evaluated: interrupted: 2 charts/],
  ['junit', String, /<error message="interrupted: 2 charts/],
  ['github', String, /^::error .*::interrupted: 2 charts/m],
  ['markdown', String, /interrupted: 2 charts/],
  ['html', String, /interrupted: 2 charts/],
];

test('each format says that the result is a part', { timeout: 90_000 }, async () => {
  const run = start(['r', '--helm', ...FORMATS.flatMap(([format]) => ['--report', `${format}=${format}`])]);
  await until(programRuns, run);
  run.child.kill('SIGINT');
  expect(await run.ended).toEqual([2, null]);
  for (const [format, read, message] of FORMATS) {
    const found = read(readFileSync(format, 'utf8'));
    expect(typeof found === 'string' ? found : JSON.stringify(found), format).toMatch(message);
  }
});

describe('a second Ctrl-C', { timeout: 90_000 }, () => {
  const waits = `
    import { interruptible } from ${JSON.stringify(path.resolve(import.meta.dirname, '../../src/cli/interrupt.ts'))};
    await interruptible((stop) => new Promise((resolve) => {
      stop.addEventListener('abort', () => process.stdout.write('stopped'));
      setTimeout(resolve, 600_000);
      process.stdout.write('waits');
    }));`;
  const waiting = async (): Promise<Run> => {
    const child = spawn(process.execPath, ['--input-type=module', '-e', waits], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    children.push(child);
    let out = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => (out += text));
    const run = { child, out: () => out, ended: once(child, 'close') };
    await until(() => out === 'waits', run);
    return run;
  };

  test.each(['SIGINT', 'SIGTERM'] as const)('ends the process at once: %s', async (signal) => {
    const run = await waiting();
    run.child.kill(signal);
    await until(() => run.out() === 'waitsstopped', run);
    await setTimeout(1000);
    run.child.kill(signal);
    expect(await run.ended).toEqual([null, signal]);
  });

  test('is not the same signal from npm', async () => {
    const run = start(['r', '--helm', '-o', 'json']);
    await until(programRuns, run);
    run.child.kill('SIGINT');
    run.child.kill('SIGINT');
    expect(await run.ended).toEqual([2, null]);
  });
});

describe('files that are not read', () => {
  const patched: Tree = {
    'd/a.yaml': 'apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: patched}\n',
    'd/b.yaml': pod('b'),
    'd/kustomization.yaml': 'resources: [b.yaml]\npatches: [{path: a.yaml}]\n',
    'd/z/c.yaml': pod('c'),
  };

  /** `after`: how many texts are read before Ctrl-C. */
  const loaded = async (paths: readonly string[], after: number): ReturnType<typeof loadManifests> => {
    const stop = new AbortController();
    let read = 0;
    const textOf = (): undefined => {
      read += 1;
      if (read >= after) stop.abort();
      return undefined;
    };
    if (after === 0) stop.abort();
    return loadManifests(paths, {
      kinds: kindTable(),
      namespace: 'default',
      stdin: process.stdin,
      textOf,
      stop: stop.signal,
    });
  };

  test.each([
    { what: 'none', after: 5, names: ['b', 'c'], errors: [] },
    // A kustomization says that the file before it is a patch.
    {
      what: 'after a patch',
      after: 1,
      names: [],
      errors: ['d/b.yaml: interrupted: 3 paths are not read; this is the first of them'],
    },
    {
      what: 'after an object',
      after: 2,
      names: ['b'],
      errors: ['d/z/c.yaml: interrupted: 2 paths are not read; this is the first of them'],
    },
    { what: 'all', after: 0, names: [], errors: ['d: interrupted: 2 paths are not read; this is the first of them'] },
  ])('$what', async ({ after, names, errors }) => {
    plant(patched);
    plant({ 'more.yaml': pod('more') });
    const found = await loaded(after === 5 ? ['d'] : ['d', 'more.yaml'], after);
    expect(found.manifests.map(({ request }) => request.name)).toEqual(names);
    expect(found.errors.map(({ file, message }) => `${file}: ${message}`)).toEqual(errors);
    expect(found.isInterrupted).toBe(errors.length > 0);
  });
});
