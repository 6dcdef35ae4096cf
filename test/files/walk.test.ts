/** Folders as people and kubectl have them: what is read, by which name, and what is named because it is not read. */
import { spawnSync } from 'node:child_process';
import { chmodSync, linkSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, test } from 'vitest';
import { loadManifests } from '../../src/files/manifests.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { runCommand } from '../support/command.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';

const before = process.cwd();
let root = '';
beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-walk-'));
  process.chdir(root);
});
afterEach(() => rmSync(root, { recursive: true, force: true }));
afterAll(() => process.chdir(before));

/** A text is a file, `-> target` a symbolic link, `= target` a hard link, `|` a named pipe; `POD` a Pod named after its path. */
type Tree = Readonly<Record<string, string>>;
const POD = 'POD';

const podAt = (name: string): string => `apiVersion: v1\nkind: Pod\nmetadata: {name: '${name}'}\n`;

function plant(tree: Tree): void {
  for (const [name, content] of Object.entries(tree)) {
    mkdirSync(path.dirname(name), { recursive: true });
    if (content.startsWith('-> ')) symlinkSync(content.slice(3), name);
    else if (content.startsWith('= ')) linkSync(content.slice(2), name);
    else if (content === '|') spawnSync('mkfifo', [name]);
    else writeFileSync(name, content === POD ? podAt(name) : content);
  }
}

interface Row {
  readonly what: string;
  readonly tree: Tree;
  /** `d` unless said otherwise. */
  readonly paths?: readonly string[];
  readonly read: readonly string[];
  readonly notices?: readonly string[];
  readonly errors?: readonly string[];
  /** Files that kubectl does not read, but users expect. */
  readonly beyondKubectl?: true;
}

const ROWS: readonly Row[] = [
  { what: 'a hidden manifest', tree: { 'd/.a.yaml': POD, 'd/b.yaml': POD }, read: ['d/.a.yaml', 'd/b.yaml'] },
  { what: 'a manifest in a hidden folder', tree: { 'd/.x/y/a.yml': POD }, read: ['d/.x/y/a.yml'] },
  {
    what: 'a hidden list',
    tree: { 'd/.a.json': '{"kind":"List","items":[{"apiVersion":"v1","kind":"Pod"}]}' },
    read: ['d/.a.json'],
  },
  {
    what: 'hidden files that are not manifests',
    tree: {
      'd/.ci.yml': 'a: 1\n',
      'd/.github/x.yaml': 'on: push\n',
      'd/.bad.yaml': 'a: [\n',
      'd/.c.json': '[]',
      'd/b.yaml': POD,
    },
    read: ['d/b.yaml'],
    notices: ['4 hidden files contain no Kubernetes object: "d/.bad.yaml", "d/.c.json", and 2 more'],
  },
  ...[
    ['an invisible line break', `# a\u0085b\n${podAt('a')}`],
    ['a byte order mark in the middle', `a: |\n  x\n\uFEFFb: 1\n${podAt('a')}`],
    ['more nesting than is read', `${podAt('a')}x: ${'['.repeat(150)}${']'.repeat(150)}\n`],
    ['keys with an escape, and a line separator', `"\\x61piVersion": v1\nkind: "Pod\u2028"\n`],
    ['a key with a long escape', `"\\U00000061piVersion": v1\nkind: "Pod\u2028"\n`],
    ['a key over two lines', `"api\\\n  Version": v1\nkind: "Pod\u2028"\n`],
    ['a fault behind another document', `a: 1\n---\napiVersion: v1\nkind: [\n`],
  ].map(([what = '', text = '']): Row => ({
    what: `a hidden file that is refused, and that kubectl may take: ${what}`,
    tree: { 'd/.a.yaml': text, 'd/b.yaml': POD },
    read: ['d/b.yaml'],
    errors: text.includes('---') ? ['d/.a.yaml', 'd/.a.yaml'] : ['d/.a.yaml'],
  })),
  {
    what: 'a hidden file of a tool with a fault',
    tree: { 'd/.pre-commit-config.yaml': 'exclude: "\\.md$\\u0041"\n', 'd/b.yaml': POD },
    read: ['d/b.yaml'],
    notices: ['"d/.pre-commit-config.yaml" is hidden and contains no Kubernetes object'],
  },
  {
    what: 'a hidden file that is binary',
    tree: { 'd/._a.yaml': `\0\u0005apiVersion`, 'd/b.yaml': POD },
    read: ['d/b.yaml'],
    notices: ['"d/._a.yaml" is hidden and contains no Kubernetes object'],
    beyondKubectl: true,
  },
  {
    what: 'one hidden file that cannot be read',
    tree: { 'd/.a.yaml': '-> gone', 'd/b.yaml': POD },
    read: ['d/b.yaml'],
    notices: ['"d/.a.yaml" is hidden and contains no Kubernetes object'],
    beyondKubectl: true,
  },
  {
    what: 'what git keeps',
    tree: { 'd/.git/a.yaml': POD, 'd/m/.git/modules/b.yaml': POD, 'd/x.yaml': POD },
    read: ['d/x.yaml'],
  },
  { what: 'what Subversion keeps', tree: { 'd/.svn/pristine/a.yaml': POD }, read: ['d/.svn/pristine/a.yaml'] },
  { what: 'what Mercurial keeps', tree: { 'd/x/.hg/a.json': POD }, read: ['d/x/.hg/a.json'] },
  { what: 'a folder called like the store of Jujutsu', tree: { 'd/.jj/a.yml': POD }, read: ['d/.jj/a.yml'] },
  { what: 'a folder called like the store of Bazaar', tree: { 'd/.bzr/a.yaml': POD }, read: ['d/.bzr/a.yaml'] },
  { what: 'a file called .git.yaml', tree: { 'd/.git.yaml': POD }, read: ['d/.git.yaml'] },
  {
    what: 'names that are nothing but an extension',
    tree: { 'd/.yaml': POD, 'd/.yml': POD, 'd/e/.json': POD, 'd/e/yaml': POD },
    read: ['d/.yaml', 'd/.yml', 'd/e/.json'],
  },
  {
    what: 'an extension in upper case and nothing else',
    tree: { 'd/.YAML': POD },
    read: ['d/.YAML'],
    beyondKubectl: true,
  },
  { what: 'names with two dots', tree: { 'd/..yaml': POD, 'd/a..yml': POD }, read: ['d/..yaml', 'd/a..yml'] },
  { what: 'a folder called .yaml', tree: { 'd/.yaml/a.yaml': POD }, read: ['d/.yaml/a.yaml'] },
  {
    what: 'dependencies',
    tree: { 'd/node_modules/p/a.yaml': POD, 'd/x.yaml': POD },
    read: ['d/x.yaml'],
    notices: ['"d/node_modules" is not read: it contains dependencies'],
  },
  {
    what: 'dependencies in many places',
    tree: { 'd/a/node_modules/a.yaml': POD, 'd/b/node_modules/a.yaml': POD, 'd/.venv/c.yaml': POD, 'd/x.yaml': POD },
    read: ['d/x.yaml'],
    notices: [
      '3 directories are not read because they contain dependencies: "d/a/node_modules", "d/b/node_modules", and "d/.venv"',
    ],
  },
  {
    what: 'a mounted ConfigMap',
    tree: {
      'd/..2026_11_29_03_40_51.123/a.yaml': POD,
      'd/..data': '-> ..2026_11_29_03_40_51.123',
      'd/a.yaml': '-> ..data/a.yaml',
    },
    read: ['d/a.yaml'],
  },
  {
    what: 'a folder that only looks like a mounted ConfigMap',
    tree: { 'd/..2026_11_29/evil.yaml': POD, 'd/..data': '-> ..2026_11_29' },
    read: ['d/..2026_11_29/evil.yaml'],
  },
  {
    what: 'extensions in upper case',
    tree: { 'd/a.YAML': POD, 'd/b.Json': '{}' },
    read: ['d/a.YAML'],
    notices: ['"d/b.Json" contains no Kubernetes object'],
    beyondKubectl: true,
  },
  { what: 'a folder called like a manifest', tree: { 'd/x.yaml/a.yml': POD }, read: ['d/x.yaml/a.yml'] },
  {
    what: 'two links to one file',
    tree: { 'd/z.yaml': POD, 'd/a.yaml': '-> z.yaml', 'd/b.yml': '-> a.yaml' },
    read: ['d/z.yaml'],
  },
  { what: 'a link to a file outside', tree: { 'o/a.txt': POD, 'd/a.yaml': '-> ../o/a.txt' }, read: ['d/a.yaml'] },
  { what: 'a link to a folder beside', tree: { 'd/z/a.yaml': POD, 'd/b': '-> z' }, read: ['d/z/a.yaml'] },
  {
    what: 'a link to a folder outside',
    tree: { 'o/a.yaml': POD, 'd/b': '-> ../o' },
    read: ['d/b/a.yaml'],
    beyondKubectl: true,
  },
  { what: 'a loop', tree: { 'd/a/b/up': '-> ../..', 'd/a/x.yaml': POD }, read: ['d/a/x.yaml'] },
  {
    what: 'a link to a parent',
    tree: { 'o.yaml': POD, 'd/up': '-> ..', 'd/x.yaml': POD },
    read: ['d/x.yaml'],
    notices: ['"d/up" is not followed: the link points to a parent directory'],
  },
  {
    what: 'a link to everything',
    tree: { 'd/all': '-> /', 'd/x.yaml': POD },
    read: ['d/x.yaml'],
    notices: ['"d/all" is not followed: the link points to a parent directory'],
  },
  { what: 'a hard link', tree: { 'd/a.yaml': POD, 'd/b.yaml': '= d/a.yaml' }, read: ['d/a.yaml', 'd/b.yaml'] },
  {
    what: 'a named pipe',
    tree: { 'd/a.yaml': '|', 'd/b.yaml': POD },
    read: ['d/b.yaml'],
    notices: ['"d/a.yaml" is not read: it is not a regular file'],
    beyondKubectl: true,
  },
  {
    what: 'one file by two arguments',
    tree: { 'd/a.yaml': POD },
    paths: ['d/a.yaml', 'd', './d/a.yaml'],
    read: ['d/a.yaml'],
  },
  { what: 'one folder by two arguments', tree: { 'd/a.yaml': POD }, paths: ['d', 'd/.'], read: ['d/a.yaml'] },
  {
    what: 'a folder and then what is around it',
    tree: { 'd/a.yaml': POD, 'b.yaml': POD },
    paths: ['d', '.'],
    read: ['d/a.yaml', 'b.yaml'],
  },
  {
    what: 'a hidden file that is named',
    tree: { 'd/.a.yaml': 'a: 1\n' },
    paths: ['d/.a.yaml'],
    read: [],
    errors: ['d/.a.yaml'],
  },
  {
    what: 'a file in a hidden folder that is named',
    tree: { '.d/a.yaml': 'a: 1\n' },
    paths: ['.d'],
    read: [],
    notices: ['".d/a.yaml" contains no Kubernetes object'],
  },
  {
    what: 'nothing but dependencies',
    tree: { 'd/node_modules/a.yaml': POD },
    read: [],
    notices: ['"d/node_modules" is not read: it contains dependencies'],
    errors: ['d'],
  },
  { what: 'an empty folder', tree: { 'd/a.txt': 'x' }, read: [], errors: ['d'] },
];

const load = (paths: readonly string[]): ReturnType<typeof loadManifests> =>
  loadManifests(paths, { kinds: kindTable(), namespace: 'default', stdin: process.stdin });

describe('a walk', () => {
  test.each(ROWS)('$what', async ({ tree, paths = ['d'], read, notices = [], errors = [] }) => {
    plant(tree);
    const found = await load(paths);
    expect(found.manifests.map(({ file }) => file)).toEqual(read);
    expect(found.notices.map(({ message }) => message)).toEqual(notices);
    expect(found.errors.map(({ file }) => file)).toEqual(errors);
  });

  test('a hidden folder that is locked is left out, a visible one is an error', async () => {
    plant({ 'd/.x/a.yaml': POD, 'd/y/a.yaml': POD, 'd/z.yaml': POD });
    chmodSync('d/.x', 0);
    chmodSync('d/y', 0);
    chmodSync(root, 0o755);
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    const found = await load(['d']).finally(() => isRoot && process.seteuid?.(0));
    expect(found.manifests.map(({ file }) => file)).toEqual(['d/z.yaml']);
    expect(found.errors.map(({ file, message }) => `${file}: ${message}`)).toEqual(['d/y: permission denied']);
    expect(found.notices.map(({ message }) => message)).toEqual(['"d/.x" is hidden and contains no Kubernetes object']);
  });
});

test.each([
  ['check', '-o', 'json'],
  ['pin', '--check', '-o', 'json'],
])('a hidden file that is not UTF-8 is an error of %s', async (...args) => {
  plant({ 'd/b.yaml': POD });
  writeFileSync('d/.a.yaml', Buffer.from(`# caf\u00E9\n${podAt('a')}`, 'latin1'));
  const { code, out } = await runCommand([...args, 'd']);
  const { errors } = JSON.parse(out) as { errors: readonly { file: string; message: string }[] };
  expect({ code, errors: errors.map(({ file, message }) => `${file}: ${message}`) }).toEqual({
    code: 2,
    errors: ['d/.a.yaml: not UTF-8 text, from line 1 on'],
  });
});

test('pin sees the images of a hidden file with a fault', async () => {
  const pod = `${podAt('a')}spec: {containers: [{name: a, image: nginx}]}\n`;
  plant({ 'd/.a.yaml': `${pod}---\nb: [\n`, 'd/.b.yaml': 'c: [\n' });
  const { code, out } = await runCommand(['pin', '--check', '-o', 'json', 'd']);
  const { images, errors, notices } = JSON.parse(out) as Record<string, readonly { file: string; message: string }[]>;
  expect(code).toBe(2);
  expect(images?.map(({ file }) => file)).toEqual(['d/.a.yaml']);
  expect(errors?.map(({ file }) => file)).toEqual(['d/.a.yaml']);
  expect(notices?.map(({ message }) => message)).toEqual([
    '"d/.b.yaml" is hidden and contains no image that could be pinned',
  ]);
});

describe('UTF-16 with a byte order mark', () => {
  const swapped = (text: string): Buffer => Buffer.from(`\uFEFF${text}`, 'utf16le').swap16();
  const rows: readonly (readonly [string, Buffer, string | undefined])[] = [
    ['little-endian', Buffer.from(`\uFEFF${podAt('a')}`, 'utf16le'), 'a'],
    ['big-endian', swapped(podAt('b')), 'b'],
    ['beyond the first plane', Buffer.from(`\uFEFF${podAt('😀')}`, 'utf16le'), '😀'],
    ['JSON', swapped('{"apiVersion":"v1","kind":"Pod","metadata":{"name":"c"}}'), 'c'],
    ['half of a character in a comment', Buffer.from(`\uFEFF# \uD83D\n${podAt('d')}`, 'utf16le'), 'd'],
    ['without the mark', Buffer.from(podAt('e'), 'utf16le'), undefined],
  ];

  test.each(rows)('%s', async (_what, bytes, name) => {
    writeFileSync('a.yaml', bytes);
    const { manifests, errors } = await load(['a.yaml']);
    expect(manifests.map(({ request }) => request.name)).toEqual(name === undefined ? [] : [name]);
    expect(errors).toHaveLength(name === undefined ? 1 : 0);
    if (kubectlMissing !== undefined) return;
    const args = ['annotate', '--local', '-f', 'a.yaml', 'a=1', '-o', 'jsonpath={.metadata.name}'];
    expect(spawnSync('kubectl', args, { encoding: 'utf8' }).stdout).toBe(name ?? '');
  });

  test('pin does not write it', async () => {
    writeFileSync('a.yaml', Buffer.from(`\uFEFF${podAt('a')}`, 'utf16le'));
    const { code, note } = await runCommand(['pin', 'a.yaml', '--check']);
    expect({ code, note }).toEqual({
      code: 2,
      note: expect.stringContaining('a.yaml  error  the file is UTF-16; save it as UTF-8\n'),
    });
  });
});

describeWith(kubectlMissing, 'kubectl -R', () => {
  /** Deliberately skipped files have a notice, except those of version control. */
  const skipped = /node_modules|\.venv|\.git\//;

  test.each(ROWS.filter(({ beyondKubectl, errors }) => !beyondKubectl && errors === undefined))(
    '$what: reads nothing that is not read here',
    async ({ tree, paths = ['d'] }) => {
      plant(tree);
      const flags = paths.flatMap((at) => ['-f', at]);
      const args = ['annotate', '--local', '-R', ...flags, 'a=1', '-o', 'jsonpath={.metadata.name}{"\\n"}'];
      const { stdout } = spawnSync('kubectl', args, { encoding: 'utf8' });
      const applied = stdout.split('\n').filter((name) => name !== '' && !skipped.test(name));
      const names = (await load(paths)).manifests.map(({ request }) => request.name);
      expect([...new Set(applied)].filter((name) => !names.includes(name))).toEqual([]);
    },
  );
});
