import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterEach, beforeEach, describe, expect, test } from 'vitest';
import { writeInput } from '../../src/files/write-input.ts';

let root = '';

beforeEach(() => {
  root = mkdtempSync(path.join(tmpdir(), 'tidewaiter-write-'));
  for (const one of ['d/sub', 'o']) mkdirSync(path.join(root, one), { recursive: true });
  for (const one of ['d/a.yaml', 'o/out.yaml']) writeFileSync(path.join(root, one), 'before');
  symlinkSync('../o/out.yaml', path.join(root, 'd/file.yaml'));
  symlinkSync('../../o', path.join(root, 'd/sub/dir'));
  symlinkSync('../a.yaml', path.join(root, 'd/sub/in.yaml'));
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('an input is changed', () => {
  test.each([
    { file: 'd/a.yaml', paths: ['d'], real: 'd/a.yaml' },
    { file: 'd/a.yaml', paths: ['d/a.yaml'], real: 'd/a.yaml' },
    { file: 'd/sub/in.yaml', paths: ['d'], real: 'd/a.yaml' },
    { file: 'd/file.yaml', paths: ['d/file.yaml'], real: 'o/out.yaml' },
    { file: 'd/file.yaml', paths: ['d', 'd/file.yaml'], real: 'o/out.yaml' },
    { file: 'd/file.yaml', paths: ['d', 'o'], real: 'o/out.yaml' },
    { file: 'd/file.yaml', paths: ['.'], real: 'o/out.yaml' },
    { file: 'd/sub/dir/out.yaml', paths: ['d/sub/dir'], real: 'o/out.yaml' },
    // The Dockerfile of a service, for example.
    { file: 'o/out.yaml', paths: ['d/a.yaml'], real: 'o/out.yaml' },
  ])('$file, with $paths', ({ file, paths, real }) => {
    expect(write(file, paths)).toEqual({ ok: true });
    expect(readFileSync(path.join(root, real), 'utf8')).toBe('after');
  });
});

describe('an input behind a link that leaves the named directory is not changed', () => {
  test.each([
    { file: 'd/file.yaml', paths: ['d'] },
    { file: 'd/sub/dir/out.yaml', paths: ['d'] },
    { file: 'd/sub/dir/out.yaml', paths: ['d', 'd/a.yaml'] },
  ])('$file, with $paths', ({ file, paths }) => {
    expect(write(file, paths)).toEqual({ ok: false, problem: expect.stringContaining('name it on the command line') });
    expect(readFileSync(path.join(root, 'o/out.yaml'), 'utf8')).toBe('before');
  });
});

function write(file: string, paths: readonly string[]): ReturnType<typeof writeInput> {
  const at = (one: string): string => path.join(root, one);
  return writeInput(at(file), { before: 'before', after: 'after', paths: paths.map(at) });
}
