/** What ignore files exclude: .gitignore as git reads it (git is the oracle), and our own file and key above it. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { ignoreRules } from '../../src/files/ignore-rules.ts';
import { loadRegularText } from '../../src/files/load-text.ts';
import { walkDirectory } from '../../src/files/walk.ts';
import { runCommand } from '../support/command.ts';

const before = process.cwd();
let root = '';
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-ignored-'));
  process.chdir(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
afterAll(() => process.chdir(before));

const FILES = [
  'a.yaml',
  'A.yaml',
  'b c.yaml',
  'build/a.yaml',
  'build/keep.yaml',
  'deep/build/a.yaml',
  'deep/x/y/a.yaml',
  'deep/x/y/b.yaml',
  'docs/a.yaml',
  'docs/sub/a.yaml',
  '#odd.yaml',
  '!odd.yaml',
  'f[1].yaml',
  'f1.yaml',
];

function plant(files: Readonly<Record<string, string>>): void {
  for (const [name, content] of Object.entries(files)) {
    mkdirSync(path.dirname(name), { recursive: true });
    writeFileSync(name, content);
  }
}

const ALL = Object.fromEntries(FILES.map((name) => [name, 'a: 1\n']));
const NAMES = { accepts: (name: string): boolean => name.endsWith('.yaml'), described: '.yaml' };

async function walked(directory: string, patterns: readonly string[] = []): Promise<readonly string[]> {
  const rules = ignoreRules(directory, { directory: '.', patterns });
  const found = await walkDirectory(directory, NAMES, { seen: new Set(), rules });
  return (found?.files ?? []).map(({ path: file }) => file);
}

function listedByGit(directory: string): readonly string[] {
  execFileSync('git', ['init', '-q', '.']);
  const args = [
    '-c',
    'core.excludesFile=/dev/null',
    '-c',
    'core.ignoreCase=false',
    'ls-files',
    '-oz',
    '--exclude-standard',
  ];
  const out = execFileSync('git', [...args, '--', directory], { encoding: 'utf8' });
  return out.split('\0').filter((name) => name.endsWith('.yaml'));
}

const RULES: readonly (readonly [what: string, files: Readonly<Record<string, string>>])[] = [
  ['a name', { '.gitignore': 'a.yaml\n' }],
  ['a directory', { '.gitignore': 'build/\n' }],
  ['a name at the top', { '.gitignore': '/build\n' }],
  ['an inner slash', { '.gitignore': 'deep/build\n' }],
  ['two stars', { '.gitignore': 'deep/**/a.yaml\n' }],
  ['leading stars', { '.gitignore': '**/sub\n' }],
  ['a star that crosses no slash', { '.gitignore': 'docs/*.yaml\n' }],
  ['a question mark', { '.gitignore': 'f?.yaml\n' }],
  ['a class', { '.gitignore': '[ab].yaml\n' }],
  ['an escaped class', { '.gitignore': 'f\\[1\\].yaml\n' }],
  ['a negation', { '.gitignore': '*.yaml\n!a.yaml\n' }],
  ['a negation below an excluded directory', { '.gitignore': 'build/\n!build/keep.yaml\n' }],
  ['a negation below excluded content', { '.gitignore': 'build/*\n!build/keep.yaml\n' }],
  ['comments and blank lines', { '.gitignore': '# a.yaml\n\n   \nb c.yaml\n' }],
  ['escaped signs', { '.gitignore': '\\#odd.yaml\n\\!odd.yaml\n' }],
  ['trailing spaces', { '.gitignore': 'a.yaml   \n' }],
  ['CRLF', { '.gitignore': 'a.yaml\r\nbuild/\r\n' }],
  ['case', { '.gitignore': 'A.yaml\n' }],
  ['a file in a subdirectory', { 'deep/.gitignore': 'a.yaml\n' }],
  ['a deeper file that takes back', { '.gitignore': 'b.yaml\n', 'deep/x/.gitignore': '!b.yaml\n' }],
  ['everything', { '.gitignore': '*\n' }],
  ['a directory of any depth', { '.gitignore': 'build\n' }],
];

describe('.gitignore', () => {
  test.each(RULES)('%s', async (_what, files) => {
    plant({ ...ALL, ...files });
    const expected = listedByGit('.').toSorted();
    expect((await walked('.')).map((file) => path.normalize(file)).toSorted()).toEqual(expected);
    // A directory that is excluded itself is read because it is named.
    if (expected.length > 0) expect((await walked('deep')).toSorted()).toEqual(listedByGit('deep').toSorted());
  });
});

describe('.tidewaiterignore and the configuration', () => {
  test.each([
    ['excludes', { '.tidewaiterignore': 'docs/\n' }, [], ['docs/a.yaml', 'docs/sub/a.yaml']],
    ['takes back', { '.gitignore': 'docs/\n*.yaml\n!docs/**\n', '.tidewaiterignore': '!docs/\n!*.yaml\n' }, [], []],
    ['patterns exclude', {}, ['docs/', '/a.yaml'], ['a.yaml', 'docs/a.yaml', 'docs/sub/a.yaml']],
    ['patterns take back', { '.tidewaiterignore': 'docs/\n' }, ['!docs/'], []],
  ])('%s', async (_what, files, patterns, missing) => {
    plant({ ...ALL, ...files });
    const left = new Set((await walked('.', patterns)).map((file) => path.normalize(file)));
    expect(FILES.filter((name) => !left.has(name)).toSorted()).toEqual(missing);
  });

  test('apply to check, pin, and drift, and --no-ignore reads everything', async () => {
    const pod =
      'apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: a, image: "r.example.com/a:1"}]}\n';
    plant({ 'x/tidewaiter.yaml': 'ignore: [skipped]\n', 'x/skipped/a.yaml': pod, 'x/a.yaml': pod });
    const counts = async (command: readonly string[]): Promise<number> => {
      const { out } = await runCommand([...command, 'x', '-c', 'x/tidewaiter.yaml', '-o', 'json']);
      return (JSON.parse(out) as { readonly images: readonly unknown[] }).images.length;
    };
    expect(await counts(['check'])).toBe(1);
    expect(await counts(['check', '--no-ignore'])).toBe(2);
    expect(await counts(['pin', '--check'])).toBe(1);
    expect(await counts(['pin', '--check', '--no-ignore'])).toBe(2);
    const named = await runCommand(['check', 'x/skipped', '-c', 'x/tidewaiter.yaml', '-o', 'json']);
    expect(JSON.parse(named.out)).toMatchObject({ summary: { images: 1 } });
  });
});

test('an ignore file that is a device or a pipe is not read', async () => {
  expect(loadRegularText('/dev/zero')).toEqual({ problem: 'not a regular file' });
  plant({ 'd/a.yaml': 'a: 1\n' });
  // Opening the pipe would wait for a writer.
  execFileSync('mkfifo', ['d/.gitignore', 'd/.tidewaiterignore']);
  expect(await walked('d')).toEqual(['d/a.yaml']);
});
