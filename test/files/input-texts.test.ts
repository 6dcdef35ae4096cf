import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type Input, type LoadOptions, loadInputs } from '../../src/files/input-texts.ts';

let root = '';
const before = process.cwd();

const FILES: Readonly<Record<string, string | Uint8Array>> = {
  'deploy/web.yaml': 'a: 1\n',
  'deploy/api.yml': 'b: 1\n',
  'deploy/job.JSON': '{}\n',
  'deploy/notes.txt': 'x\n',
  'deploy/.hidden.yaml': 'x\n',
  'deploy/base/deep/x.yaml': 'c: 1\n',
  'deploy/base.yaml': 'd: 1\n',
  'deploy/node_modules/x/p.yaml': 'x\n',
  'deploy/.git/p.yaml': 'x\n',
  plain: 'e: 1\n',
  'empty/readme.md': 'x\n',
  'broken/a.yaml': 'a: 1\n',
  'broken/nul.yaml': 'a: \0\n',
  'broken/utf16.yaml': Buffer.from('\uFEFFa: 1\n', 'utf16le'),
  'broken/latin1.yaml': Buffer.from('# one\na: caf\u00E9\n', 'latin1'),
  'broken/z.yaml': 'z: 1\n',
  'mark.yaml': '\uFEFFa: é😀\n',
  'zero.yaml': '',
};

beforeAll(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-documents-'));
  process.chdir(root);
  for (const [name, content] of Object.entries(FILES)) {
    mkdirSync(path.dirname(name), { recursive: true });
    writeFileSync(name, content);
  }
});

afterAll(() => {
  process.chdir(before);
  rmSync(root, { recursive: true, force: true });
});

async function load(paths: readonly string[], options?: LoadOptions): Promise<readonly Input[]> {
  return Array.fromAsync(loadInputs(paths, options));
}

async function summary(...paths: readonly string[]): Promise<readonly string[]> {
  return (await load(paths)).map(
    (input) => `${input.path}: ${'text' in input ? JSON.stringify(input.text) : input.problem}`,
  );
}

describe('files and folders', () => {
  test('a file is read whatever it is called, and keeps the spelling of its path', async () => {
    expect(
      await Promise.all(
        ['plain', './plain', path.join(root, 'plain'), 'deploy/.hidden.yaml', 'deploy/../plain'].map((at) =>
          summary(at),
        ),
      ),
    ).toEqual([
      ['plain: "e: 1\\n"'],
      ['./plain: "e: 1\\n"'],
      [`${path.join(root, 'plain')}: "e: 1\\n"`],
      ['deploy/.hidden.yaml: "x\\n"'],
      ['deploy/../plain: "e: 1\\n"'],
    ]);
  });

  test('a folder gives its YAML and JSON files, all levels down, by name', async () => {
    expect((await load(['deploy/'])).map((input) => input.path)).toEqual([
      'deploy/.hidden.yaml',
      'deploy/api.yml',
      'deploy/base/deep/x.yaml',
      'deploy/base.yaml',
      'deploy/job.JSON',
      'deploy/web.yaml',
    ]);
  });

  test('a byte order mark stays, so that offsets are those of the file', async () => {
    expect(await summary('mark.yaml')).toEqual(['mark.yaml: "\uFEFFa: é😀\\n"']);
  });

  test('an empty file is a text', async () => {
    expect(await summary('zero.yaml')).toEqual(['zero.yaml: ""']);
  });

  test('symbolic links are followed once: a loop ends, and a mounted ConfigMap gives each of its files once', async () => {
    mkdirSync('mount/..2026_01_01', { recursive: true });
    writeFileSync('mount/..2026_01_01/policy.yaml', 'p: 1\n');
    symlinkSync('..2026_01_01', 'mount/..data');
    symlinkSync('..data/policy.yaml', 'mount/policy.yaml');
    mkdirSync('mount/loop');
    symlinkSync('..', 'mount/loop/back');
    symlinkSync('loop', 'mount/again');
    expect(await summary('mount')).toEqual(['mount/policy.yaml: "p: 1\\n"']);
  });
});

describe('what cannot be read', () => {
  test('does not hide the others', async () => {
    expect(await summary('nowhere.yaml', 'broken', 'plain/x', 'empty')).toEqual([
      'nowhere.yaml: no such file or directory',
      'broken/a.yaml: "a: 1\\n"',
      'broken/latin1.yaml: not UTF-8 text, from line 2 on',
      'broken/nul.yaml: not a text file: it contains NUL bytes',
      'broken/utf16.yaml: "\uFEFFa: 1\\n"',
      'broken/z.yaml: "z: 1\\n"',
      'plain/x: no such file or directory',
      'empty: no .yaml, .yml, or .json file found',
    ]);
  });

  test('a link that leads nowhere, or to itself', async () => {
    mkdirSync('links');
    symlinkSync('gone', 'links/dangling.yaml');
    symlinkSync('self.yaml', 'links/self.yaml');
    symlinkSync('gone', 'links/no-manifest');
    expect(await summary('links')).toEqual([
      'links/dangling.yaml: no such file or directory',
      'links/self.yaml: a symbolic link that points to itself',
    ]);
  });

  test('what is not ours', async () => {
    mkdirSync('locked/inner', { recursive: true });
    writeFileSync('locked/a.yaml', 'a: 1\n', { mode: 0 });
    chmodSync('locked/inner', 0);
    chmodSync('.', 0o755);
    expect(await asNobody(() => summary('locked'))).toEqual([
      'locked/a.yaml: permission denied',
      'locked/inner: permission denied',
    ]);
  });

  /** Nothing is locked for root. */
  async function asNobody<T>(work: () => Promise<T>): Promise<T> {
    const isRoot = process.getuid?.() === 0;
    if (isRoot) process.seteuid?.(65_534);
    try {
      return await work();
    } finally {
      if (isRoot) process.seteuid?.(0);
    }
  }

  test('a file that is too large', async () => {
    writeFileSync('large.yaml', '');
    truncateSync('large.yaml', 64 * 1024 * 1024 + 1);
    expect(await summary('large.yaml')).toEqual(['large.yaml: larger than 64 MiB; split the file']);
    rmSync('large.yaml');
  });

  test('a URL', async () => {
    expect(await summary('https://example.com/web.yaml')).toEqual([
      'https://example.com/web.yaml: URLs are not supported; download the file and pipe it to "-"',
    ]);
  });
});

describe('standard input and pipes', () => {
  async function* chunks(...parts: readonly (string | Uint8Array)[]): AsyncGenerator<string | Uint8Array> {
    yield* parts;
  }

  test('- is standard input, once', async () => {
    const smile = Buffer.from('😀');
    expect(await load(['-', '-'], { stdin: chunks('a: ', smile.subarray(0, 2), smile.subarray(2)) })).toEqual([
      { path: 'stdin', hidden: false, named: true, text: 'a: 😀' },
      { path: 'stdin', hidden: false, named: true, problem: 'standard input was already read; use "-" only once' },
    ]);
  });

  test('it has the same limits', async () => {
    const part = Buffer.alloc(1024 * 1024, 'x');
    let taken = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        taken += 1;
        yield part;
      }
    }
    expect(await load(['-'], { stdin: endless() })).toEqual([
      { path: 'stdin', hidden: false, named: true, problem: 'larger than 64 MiB; split the file' },
    ]);
    expect(taken).toBe(65);
    expect(await load(['-'], { stdin: chunks('\0') })).toEqual([
      { path: 'stdin', hidden: false, named: true, problem: 'not a text file: it contains NUL bytes' },
    ]);
  });

  test('it is the standard input of the process by default', async () => {
    const module = path.resolve(import.meta.dirname, '../../src/files/input-texts.ts');
    const script = `import { loadInputs } from ${JSON.stringify(module)}; for await (const input of loadInputs(['-'])) console.log(JSON.stringify(input));`;
    const child = spawn(process.execPath, ['--input-type=module', '-e', script], {
      stdio: ['pipe', 'pipe', 'inherit'],
    });
    child.stdin.end('a: 1');
    expect((await Array.fromAsync(child.stdout)).join('')).toBe(
      '{"path":"stdin","hidden":false,"named":true,"text":"a: 1"}\n',
    );
  });

  test('a pipe is read like a file', async () => {
    execFileSync('sh', ['-c', 'mkfifo pipe']);
    const writer = spawn('sh', ['-c', 'echo "a: 1" > pipe'], { stdio: 'ignore' });
    const closed = once(writer, 'close');
    expect(await summary('pipe')).toEqual(['pipe: "a: 1\\n"']);
    await closed;
  });

  test('a pipe in a directory is not read, because it may never end', async () => {
    mkdirSync('pipes');
    execFileSync('sh', ['-c', 'mkfifo pipes/a.yaml']);
    writeFileSync('pipes/b.yaml', 'b: 1\n');
    expect(await summary('pipes')).toEqual(['pipes/b.yaml: "b: 1\\n"']);
  });
});
