/** All commands report the same problem with a path in the same words. */
import { execFileSync, spawn } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runCommand } from '../support/command.ts';

const before = process.cwd();
const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-paths-'));
beforeAll(() => {
  process.chdir(folder);
  writeFileSync(
    'pod.yaml',
    'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "nginx:1"}]}\n',
  );
  mkdirSync('folder');
  writeFileSync('binary', Buffer.from([0x7f, 0x45, 0, 1]));
  writeFileSync('latin1', Buffer.from('a: caf\u00E9\n', 'latin1'));
  writeFileSync('huge', '');
  truncateSync('huge', 64 * 1024 * 1024 + 1);
  writeFileSync('locked', 'a: 1\n');
  chmodSync('locked', 0);
  chmodSync(folder, 0o755);
});
afterAll(() => {
  process.chdir(before);
  rmSync(folder, { recursive: true, force: true });
});

/** `PATH` is the bad one. */
const INPUTS: readonly (readonly string[])[] = [
  ['check', 'PATH'],
  ['check', 'pod.yaml', '-p', 'PATH'],
  ['pin', 'PATH', '--check'],
  ['drift', 'PATH'],
  ['replay', 'PATH'],
  ['replay', 'pod.yaml', '-p', 'PATH'],
  ['replay', 'pod.yaml', '--against', 'PATH'],
  ['test', 'PATH'],
  ['explain', 'pod', 'PATH'],
  ['explain', 'credentials', 'nginx', '--pull-secret', 'PATH'],
];

const FILES: readonly (readonly string[])[] = [
  ...['check', 'pin', 'drift', 'replay', 'test', 'serve'].map((command) =>
    command === 'serve' ? [command, '-c', 'PATH'] : [command, 'pod.yaml', '-c', 'PATH'],
  ),
  ['rules', '-c', 'PATH'],
  ['explain', 'pod', 'pod.yaml', '-c', 'PATH'],
  ['pin', 'pod.yaml', '--check', '--lock', 'PATH'],
];

const PLUGINS: readonly (readonly string[])[] = [
  ['check', 'pod.yaml', '--plugin', 'PATH'],
  ['rules', '--plugin', 'PATH'],
  ['replay', 'pod.yaml', '--plugin', 'PATH'],
];

async function outputOf(argv: readonly string[], bad: string): Promise<string> {
  const isRoot = process.getuid?.() === 0;
  // Nothing is locked for root.
  if (isRoot && bad === 'locked') process.seteuid?.(65_534);
  try {
    const { code, out, note } = await runCommand(argv.map((word) => (word === 'PATH' ? bad : word)));
    expect(code).toBe(2);
    return `${out}${note}`;
  } finally {
    if (isRoot) process.seteuid?.(0);
  }
}

const label = (argv: readonly string[]): string => argv.join(' ');

const PROBLEMS = [
  ['nowhere', 'no such file or directory'],
  ['pod.yaml/x', 'no such file or directory'],
  ['n'.repeat(300), 'the name is too long for a file'],
  ['binary', 'not a text file: it contains NUL bytes'],
  ['latin1', 'not UTF-8 text, from line 1 on'],
  ['huge', 'larger than 64 MiB; split the file'],
  ['locked', 'permission denied'],
] as const;

describe.each(INPUTS.map((argv) => [label(argv), argv] as const))('%s', (_label, argv) => {
  test.each(PROBLEMS)('%s', async (bad, problem) => {
    const text = await outputOf(argv, bad);
    expect(text).toContain(problem);
    expect(text).toContain(bad);
    const flag = argv.at(argv.indexOf('PATH') - 1) ?? '';
    if (flag.startsWith('-')) expect(text).toContain(`(set by ${flag === '-p' ? '--policy' : flag})`);
    expect(text).not.toMatch(/ENOENT|ENOTDIR|EACCES|internal error/);
  });

  test('a folder without files', async () => {
    expect(await outputOf(argv, 'folder')).toMatch(/folder\W+(error {2})?no ((\.ndjson, )?\.yaml, \.yml|test suite)/);
  });
});

describe.each(FILES.map((argv) => [label(argv), argv] as const))('%s', (_label, argv) => {
  const isLock = argv.includes('--lock');
  // A lock that is not there yet is empty.
  const problems = PROBLEMS.filter(([, problem]) => !isLock || !/no such|too long/.test(problem));
  test.each([...problems, ['folder', 'expected a file, found a directory'] as const])('%s', async (bad, problem) => {
    const text = await outputOf(
      argv.filter((word) => !isLock || word !== '--check'),
      bad,
    );
    expect(text).toBe(
      isLock
        ? `${bad}: ${problem} (set by --lock)\n`
        : `cannot read configuration file ${JSON.stringify(bad)}: ${problem} (set by --config)\n`.replace(
            /"(n{200})n*"/,
            '"$1…"',
          ),
    );
  });
});

describe.each(PLUGINS.map((argv) => [label(argv), argv] as const))('%s', (_label, argv) => {
  test.each([
    ['nowhere.ts', 'no such file or directory'],
    ['pod.yaml/x.ts', 'no such file or directory'],
    ['folder', 'a plugin must be a file, not a directory'],
    ['binary', 'a plugin must be a TypeScript or JavaScript module (.ts, .mts, .js, .mjs)'],
  ])('%s', async (bad, problem) => {
    expect(await outputOf(argv, bad)).toBe(`${bad}: ${problem} (set by --plugin)\n`);
  });
});

describe('an empty path', () => {
  const SERVE = ['--cert', '--key', '--certs-dir', '--policy', '--plugin'].map((flag) => ['serve', flag, 'PATH']);
  test.each([...INPUTS, ...FILES, ...PLUGINS, ...SERVE].map((argv) => [label(argv), argv] as const))(
    '%s',
    async (_label, argv) => {
      const { code, note } = await runCommand(argv.map((word) => (word === 'PATH' ? '' : word)));
      expect(code).toBe(2);
      expect(note).toMatch(/^\S+: invalid value "": the path is empty\n/m);
    },
  );
});

test('pin reports a file without images once, and input without images', async () => {
  writeFileSync('values.yaml', 'a: 1\n');
  const { code, out, note } = await runCommand(['pin', 'values.yaml', '--check']);
  expect(code).toBe(2);
  expect(`${out}${note}`.match(/not a Kubernetes manifest, kustomization/g)).toHaveLength(1);
  const json = await runCommand(['pin', 'values.yaml', '--check', '-o', 'json']);
  const { files } = JSON.parse(json.out) as { files: readonly { state: string }[] };
  expect(files.map(({ state }) => state)).toEqual(['failed']);
  writeFileSync('map.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n');
  const empty = await runCommand(['pin', 'map.yaml', '--check']);
  expect(empty.code).toBe(0);
  expect(empty.note).toContain('map.yaml  notice  no images found\n');
});

test('pin --skip-foreign skips named files without images, and check and pin no paths that do not exist', async () => {
  writeFileSync('values.yaml', 'a: 1\n');
  writeFileSync('broken.yaml', 'a: [1\n b: }\n');
  writeFileSync('template.yaml', 'apiVersion: v1\n{{- if .Values.a }}\nkind: Pod\n{{- end }}\n');
  writeFileSync('map.yaml', 'apiVersion: v1\nkind: ConfigMap\nmetadata: {name: a}\n');
  const files = ['values.yaml', 'broken.yaml', 'template.yaml', 'map.yaml'];
  const named = await runCommand(['pin', '--check', '--skip-foreign', ...files]);
  expect({ code: named.code, errors: named.note.match(/ error /g) }).toEqual({ code: 0, errors: null });
  for (const argv of [
    ['check', '--skip-foreign', 'nowhere.yaml'],
    ['pin', '--check', '--skip-foreign', 'nowhere.yaml'],
  ]) {
    const { code, out, note } = await runCommand(argv);
    expect({ code, text: `${out}${note}` }).toEqual({
      code: 2,
      text: expect.stringContaining('no such file or directory'),
    });
  }
});

test('a named pipe is read once: it has no source lines, and check does not wait for another writer', async () => {
  execFileSync('mkfifo', ['pipe']);
  spawn('sh', ['-c', 'cat pod.yaml > pipe']);
  const { code, out } = await runCommand(['check', 'pipe', '--source-lines', '1']);
  expect(code).toBe(0);
  expect(out).toContain('1 file, 1 workload, 1 image');
  expect(out).not.toContain('│');
});
