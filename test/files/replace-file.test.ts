import {
  chmodSync,
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
import { afterAll, beforeEach, describe, expect, test } from 'vitest';
import { replaceFile } from '../../src/files/replace-file.ts';

const root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-replace-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = root;
let runs = 0;
beforeEach(() => {
  folder = path.join(root, String((runs += 1)));
  mkdirSync(folder);
});

const NOBODY = 65_534;

/** Root may write everything. */
function asNobody<T>(run: () => T): T {
  if (process.geteuid?.() !== 0) return run();
  chmodSync(root, 0o711);
  process.seteuid?.(NOBODY);
  try {
    return run();
  } finally {
    process.seteuid?.(0);
  }
}

const at = (...names: readonly string[]): string => path.join(folder, ...names);

describe('replaceFile', () => {
  test('writes the new text, keeps the mode, and leaves nothing beside it', () => {
    writeFileSync(at('a.yaml'), 'old');
    chmodSync(at('a.yaml'), 0o754);
    expect(replaceFile(at('a.yaml'), 'old', 'new')).toEqual({ ok: true });
    expect(readFileSync(at('a.yaml'), 'utf8')).toBe('new');
    expect(statSync(at('a.yaml')).mode & 0o7777).toBe(0o754);
    expect(readdirSync(folder)).toEqual(['a.yaml']);
  });

  test('keeps a symbolic link, and writes beside its target', () => {
    mkdirSync(at('real'));
    writeFileSync(at('real', 'a.yaml'), 'old');
    symlinkSync('real/a.yaml', at('link.yaml'));
    symlinkSync('link.yaml', at('second.yaml'));
    expect(replaceFile(at('second.yaml'), 'old', 'new')).toEqual({ ok: true });
    expect(lstatSync(at('second.yaml')).isSymbolicLink()).toBe(true);
    expect(readlinkSync(at('link.yaml'))).toBe('real/a.yaml');
    expect(readFileSync(at('real', 'a.yaml'), 'utf8')).toBe('new');
    expect(readdirSync(at('real'))).toEqual(['a.yaml']);
  });

  test('puts another file in the place of the old one: a reader of the old one sees it whole', () => {
    writeFileSync(at('a.yaml'), 'old');
    const before = statSync(at('a.yaml')).ino;
    replaceFile(at('a.yaml'), 'old', 'new');
    expect(statSync(at('a.yaml')).ino).not.toBe(before);
  });

  test('leaves a file that has changed meanwhile', () => {
    writeFileSync(at('a.yaml'), 'theirs');
    const problem = 'the file changed during the run; run the command again';
    expect(replaceFile(at('a.yaml'), 'old', 'new')).toEqual({ ok: false, problem });
    expect(replaceFile(at('a.yaml'), undefined, 'new')).toEqual({ ok: false, problem });
    expect(readFileSync(at('a.yaml'), 'utf8')).toBe('theirs');
    expect(readdirSync(folder)).toEqual(['a.yaml']);
  });

  test('makes a file that was not there', () => {
    expect(replaceFile(at('new.yaml'), undefined, 'new')).toEqual({ ok: true });
    expect(readFileSync(at('new.yaml'), 'utf8')).toBe('new');
  });

  test('says why it could not, and leaves nothing', () => {
    expect(replaceFile(at('absent.yaml'), 'old', 'new')).toEqual({ ok: false, problem: 'no such file or directory' });
    expect(replaceFile(at('no', 'folder.yaml'), undefined, 'new')).toEqual({
      ok: false,
      problem: 'no such file or directory',
    });
    expect(replaceFile(folder, 'old', 'new')).toEqual({ ok: false, problem: 'it is not a regular file' });
    expect(readdirSync(folder)).toEqual([]);
  });

  test('respects a file, and a folder, that is read-only', () => {
    writeFileSync(at('a.yaml'), 'old');
    chmodSync(at('a.yaml'), 0o444);
    expect(asNobody(() => replaceFile(at('a.yaml'), 'old', 'new'))).toEqual({
      ok: false,
      problem: 'permission denied',
    });
    chmodSync(at('a.yaml'), 0o666);
    chmodSync(folder, 0o555);
    expect(asNobody(() => replaceFile(at('a.yaml'), 'old', 'new'))).toEqual({
      ok: false,
      problem: 'permission denied',
    });
    chmodSync(folder, 0o755);
    expect(readFileSync(at('a.yaml'), 'utf8')).toBe('old');
  });
});
