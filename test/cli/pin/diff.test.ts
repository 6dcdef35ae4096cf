/** What `pin` prints, `git apply` makes of the files what `pin --write` makes of them. */
import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  cpSync,
  lstatSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  readlinkSync,
  rmSync,
  statSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, test } from 'vitest';
import { runPin } from '../../support/pin-registry.ts';

const root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-pin-diff-'));
const started = process.cwd();
afterAll(() => {
  process.chdir(started);
  rmSync(root, { recursive: true, force: true });
});

interface Tree {
  readonly files: Readonly<Record<string, string>>;
  /** From where to what, as `ln -s` takes it. */
  readonly links?: Readonly<Record<string, string>>;
  readonly modes?: Readonly<Record<string, number>>;
  /** Where pin and git are started. */
  readonly cwd?: string;
}

let runs = 0;
function plant({ files, links = {}, modes = {} }: Tree): string {
  const folder = path.join(root, String((runs += 1)));
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    writeFileSync(path.join(folder, name), text);
  }
  for (const [name, to] of Object.entries(links)) {
    mkdirSync(path.dirname(path.join(folder, name)), { recursive: true });
    symlinkSync(to, path.join(folder, name));
  }
  for (const [name, mode] of Object.entries(modes)) chmodSync(path.join(folder, name), mode);
  return folder;
}

/** Bytes, modes and links of all files. */
function contents(folder: string): Readonly<Record<string, string>> {
  const names = readdirSync(folder, { recursive: true, encoding: 'utf8' }).sort();
  return Object.fromEntries(
    names
      .filter((name) => !name.startsWith('.git'))
      .map((name) => {
        const file = path.join(folder, name);
        if (lstatSync(file).isSymbolicLink()) return [name, `-> ${readlinkSync(file)}`];
        const { mode } = statSync(file);
        return [name, lstatSync(file).isDirectory() ? '/' : `${mode.toString(8)} ${readFileSync(file, 'latin1')}`];
      }),
  );
}

interface Outcome {
  /** Of pin, pin --write, and pin --check after it. */
  readonly codes: readonly number[];
  readonly byGit: Readonly<Record<string, string>>;
  readonly byPin: Readonly<Record<string, string>>;
}

/** The tree as git leaves it with the diff, and as pin does. */
async function bothWays(tree: Tree, args: readonly string[], repository: boolean): Promise<Outcome> {
  const diffed = plant(tree);
  const written = `${diffed}-written`;
  cpSync(diffed, written, { recursive: true, verbatimSymlinks: true });
  if (repository) execFileSync('git', ['init', '-q', diffed]);
  process.chdir(path.join(diffed, tree.cwd ?? '.'));
  const shown = await runPin(args);
  execFileSync('git', ['apply', '--whitespace=nowarn', '-'], { input: shown.out, stdio: 'pipe' });
  process.chdir(path.join(written, tree.cwd ?? '.'));
  const [wrote, checked] = [await runPin(args, { write: true }), await runPin(args, { check: true })];
  const codes = [shown, wrote, checked].map(({ code }) => code);
  return { codes, byGit: contents(diffed), byPin: contents(written) };
}

const DONE = [0, 0, 0];

const POD = 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n  - name: a\n    image: nginx:1\n';

describe('the diff of pin', () => {
  const CASES: readonly (readonly [title: string, tree: Tree, args: readonly string[]])[] = [
    ['a link to a file', { files: { 'real/a.yaml': POD }, links: { 'link.yaml': 'real/a.yaml' } }, ['link.yaml']],
    [
      'a link to a link',
      { files: { 'a.yaml': POD }, links: { 'one.yaml': 'a.yaml', 'two.yaml': 'one.yaml' } },
      ['two.yaml'],
    ],
    ['a link to a directory', { files: { 'real/a.yaml': POD }, links: { deploy: 'real' } }, ['deploy']],
    [
      'links and the file itself',
      {
        files: { 'real/a.yaml': POD },
        links: { 'deploy/a.yaml': '../real/a.yaml', 'deploy/b.yaml': '../real/a.yaml' },
      },
      ['deploy', 'real', 'deploy/b.yaml'],
    ],
    ['a file named by ./ and ..', { files: { 'x/a.yaml': POD } }, ['./x/../x/a.yaml']],
    ['a subdirectory as the current one', { files: { 'sub/dir/a.yaml': POD }, cwd: 'sub' }, ['dir']],
    [
      'a link from above, to here',
      { files: { 'sub/a.yaml': POD }, links: { 'up.yaml': 'sub/a.yaml' }, cwd: 'sub' },
      ['../up.yaml'],
    ],
    ['an executable file', { files: { 'a.yaml': POD }, modes: { 'a.yaml': 0o755 } }, ['a.yaml']],
    ['a byte order mark', { files: { 'a.yaml': `\uFEFF${POD}` } }, ['a.yaml']],
    ['no final newline', { files: { 'a.yaml': POD.trimEnd() } }, ['a.yaml']],
    ['CRLF without a final newline', { files: { 'a.yaml': POD.trimEnd().replaceAll('\n', '\r\n') } }, ['a.yaml']],
    ['one line', { files: { Dockerfile: 'FROM nginx' } }, ['Dockerfile']],
    ...[
      'with space.yaml',
      ' front and end .yaml',
      'quote".yaml',
      "it's.yaml",
      'tab\there.yaml',
      'back\\slash.yaml',
      'line\nbreak.yaml',
      'ünïcode-日本.yaml',
      'pod 2026-11-29 10:00:00 +0000.yaml',
      '\u0001\u007f.yaml',
      '-dash.yaml',
      'a/b c/"d"/e.yaml',
      '\u202eodd.yaml',
    ].map((name): readonly [string, Tree, readonly string[]] => [
      `the name ${JSON.stringify(name)}`,
      { files: { [name]: POD } },
      [`./${name}`],
    ]),
  ];
  test.each(CASES)('is what git apply takes: %s', async (_title, tree, args) => {
    for (const repository of [false, true]) {
      const { codes, byGit, byPin } = await bothWays(tree, args, repository);
      expect({ codes, byGit }).toEqual({ codes: DONE, byGit: byPin });
    }
  });

  test('is what git apply takes, for any name and text', async () => {
    const part = fc
      .string({
        unit: fc.constantFrom('a', 'Z', ' ', '"', "'", '\\', '\t', 'é', '.', '0', '-', ':', '+'),
        maxLength: 9,
      })
      .map((text) => `x${text}`);
    const tree = fc.record({
      names: fc.uniqueArray(fc.array(part, { minLength: 1, maxLength: 3 }), {
        minLength: 1,
        maxLength: 3,
        selector: (parts) => parts.join('/'),
      }),
      crlf: fc.boolean(),
      cut: fc.boolean(),
      linked: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(tree, async ({ names, crlf, cut, linked }) => {
        const text = cut ? POD.trimEnd() : POD;
        const files = Object.fromEntries(
          names.map((parts, index) => [
            `real/${index}/${parts.join('/')}.yaml`,
            crlf ? text.replaceAll('\n', '\r\n') : text,
          ]),
        );
        const [first = ''] = Object.keys(files);
        const links: Record<string, string> = linked ? { 'link to.yaml': first } : {};
        const { codes, byGit, byPin } = await bothWays({ files, links }, ['real', ...Object.keys(links)], false);
        expect({ codes, byGit }).toEqual({ codes: DONE, byGit: byPin });
      }),
      { numRuns: 40 },
    );
  });

  test('says of a file outside of the current directory that git rejects it', async () => {
    const folder = plant({ files: { 'here/b.yaml': POD, 'there/a.yaml': POD } });
    process.chdir(path.join(folder, 'here'));
    const message =
      'the file is outside the current directory, so "git apply" rejects its diff; run tidewaiter in a directory that contains the file, or use --write';
    const { code, out, note } = await runPin(['../there/a.yaml', 'b.yaml']);
    expect({ code, names: out.match(/^--- .*$/gm) }).toEqual({
      code: 0,
      names: ['--- a/../there/a.yaml', '--- a/b.yaml'],
    });
    expect(note).toBe(
      `../there/a.yaml  notice  ${message}\n2 files, 2 images: 0 already pinned, 2 to pin; use --write to update the files\n`,
    );
    expect((await runPin(['../there/a.yaml'], { write: true })).note).not.toContain('git apply');
  });
});

describe('what pin counts', () => {
  const list = (...items: readonly string[]): string =>
    `apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec:\n  containers:\n${items.map((item) => `  - ${item}\n`).join('')}`;
  const CASES: readonly (readonly [name: string, text: string, check: string, count: string])[] = [
    [
      'a.yaml',
      list('{name: a, image: &i "nginx:1"}', '{name: b, image: *i}', '{name: c, image: *i}'),
      'a.yaml:6:25  unpinned  image "nginx:1" has no digest (used 3 times)\n',
      '1 file, 1 image: 0 already pinned, 1 unpinned\nto pin: tidewaiter pin a.yaml --write\n',
    ],
    [
      'a.yaml',
      list('&c {name: a, image: nginx}', '{<<: *c, name: b}', '{name: c, image: nginx}'),
      'a.yaml:6:25  unpinned  image "nginx" has no digest (used 2 times)\na.yaml:8:22  unpinned  image "nginx" has no digest\n',
      '1 file, 2 images: 0 already pinned, 2 unpinned\nto pin: tidewaiter pin a.yaml --write\n',
    ],
    [
      'a.yaml',
      `apiVersion: v1\nkind: List\nitems:\n- &p {apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: r.io/a}]}}\n- *p\n- {<<: *p, metadata: {name: b}}\n`,
      'a.yaml:4:92  unpinned  image "r.io/a" has no digest (used 3 times)\n',
      '1 file, 1 image: 0 already pinned, 1 unpinned\nto pin: tidewaiter pin a.yaml --write\n',
    ],
    [
      'compose.yaml',
      'x-a: &a {image: "r.io/a:1"}\nservices: {a: *a, b: {<<: *a}, c: {image: "r.io/a:1"}}\n',
      'compose.yaml:1:17  unpinned  image "r.io/a:1" has no digest (used 2 times)\ncompose.yaml:2:43  unpinned  image "r.io/a:1" has no digest\n',
      '1 file, 2 images: 0 already pinned, 2 unpinned\nto pin: tidewaiter pin compose.yaml --write\n',
    ],
    [
      'a.yaml',
      list(`{name: a, image: &i nginx:1@sha256:${'a'.repeat(64)}}`, '{name: b, image: *i}'),
      '',
      '1 file, 1 image: 1 already pinned\n',
    ],
  ];
  test.each(CASES)('is each text once, with its uses: %s %#', async (name, text, check, count) => {
    const folder = plant({ files: { [name]: text } });
    process.chdir(folder);
    const { out, note } = await runPin([name], { check: true });
    expect({ out, note }).toEqual({ out: check, note: count });
  });

  test('is said of what is written, too', async () => {
    process.chdir(plant({ files: { 'a.yaml': list('{name: a, image: &i r.io/a:1}', '{name: b, image: *i}') } }));
    const { out, note } = await runPin(['a.yaml'], { write: true });
    expect(out).toMatch(/^a\.yaml:6:25 {2}pinned {2}r\.io\/a:1@sha256:[0-9a-f]{64} \(used 2 times\)\n$/);
    expect(note).toBe('1 file, 1 image: 0 already pinned, 1 pinned now\n');
  });

  test.each([
    ['b.yaml', 'image: [\n'],
    ['b.yaml', 'apiVersion: v1\nkind: Pod\nmetadata: {name: p}\nspec: {containers: 5}\n'],
    ['kustomization.yaml', 'images: [}\n'],
    ['compose.yaml', 'services:\n\ta: 1\n'],
  ])('is "to pin" without --write, also beside a file that cannot be read: %s %#', async (name, text) => {
    process.chdir(plant({ files: { 'a.yaml': POD, [name]: text } }));
    const { code, note } = await runPin(['.']);
    expect({ code, last: note.split('\n').at(-2) }).toEqual({
      code: 2,
      last: '2 files, 1 image: 0 already pinned, 1 to pin, 1 error; use --write to update the files',
    });
  });
});
