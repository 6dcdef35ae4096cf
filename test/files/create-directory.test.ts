/** Directories that commands create for their output. */
import { existsSync, mkdirSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { describe, expect, test } from 'vitest';
import { createDirectory } from '../../src/files/create-directory.ts';
import { recordedReview } from '../recording/lines.ts';
import { runCommand } from '../support/command.ts';
import { inOwnFolders } from '../support/own-folders.ts';

inOwnFolders('create-directory');

describe('a new directory', () => {
  test('is created with those that it is in, each with the mode', () => {
    createDirectory('a/b/c', 0o700);
    expect(['a', 'a/b', 'a/b/c'].map((each) => (statSync(each).mode & 0o777).toString(8))).toEqual([
      '700',
      '700',
      '700',
    ]);
  });

  test('can exist, also as a link', () => {
    mkdirSync('a');
    symlinkSync('a', 'link');
    createDirectory('a');
    createDirectory('link');
    createDirectory('link/b');
    expect(existsSync('a/b')).toBe(true);
  });

  test.each([
    ['a file', 'file', 'EEXIST'],
    ['in a file', 'file/a', 'ENOTDIR'],
    ['a link to nothing', 'lost', 'EEXIST'],
    ['in a directory of the system that cannot have others', '/proc/tidewaiter/a', 'ENOENT'],
  ])('that is %s is an error', (_name, directory, code) => {
    writeFileSync('file', '');
    symlinkSync('nothing', 'lost');
    expect(() => createDirectory(directory)).toThrow(expect.objectContaining({ code }) as Error);
  });
});

const PROC = '/proc/tidewaiter';

describe('an output in /proc, which cannot have directories, is an error at once, of', () => {
  test.each([
    [
      ['shrink', 'r.ndjson', '--out', PROC],
      `${PROC}/reviews: the directory cannot be created: no such file or directory`,
    ],
    [
      ['suggest', '--from', 'r.ndjson', '--out', PROC],
      `${PROC}: the directory cannot be created: no such file or directory`,
    ],
    [
      ['import-audit', 'r.ndjson', '--out', PROC],
      `cannot write the recording to "${PROC}" (set by --out): no such file or directory`,
    ],
    [
      ['replay', 'r.ndjson', '--shard', '1/2', '--out', PROC],
      `cannot write the result of the shard to "${PROC}": no such file or directory (set by --out)`,
    ],
    [
      ['check', 'pod.yaml', '--write-baseline', `${PROC}/baseline.json`],
      `cannot write baseline "${PROC}/baseline.json": no such file or directory`,
    ],
  ])('%j', async (argv, message) => {
    writeFileSync('r.ndjson', `${JSON.stringify(recordedReview())}\n`);
    writeFileSync(
      'pod.yaml',
      '{apiVersion: v1, kind: Pod, metadata: {name: a}, spec: {containers: [{name: a, image: "a:1"}]}}',
    );
    const { code, note, out } = await runCommand(argv);
    expect({ code, text: `${note}${out}` }).toEqual({ code: 2, text: expect.stringContaining(message) as string });
  });
});
