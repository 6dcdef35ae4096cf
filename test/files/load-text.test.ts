import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { expect, test } from 'vitest';
import { reasonOf } from '../../src/files/load-text.ts';

const FULL = '/dev/full';

/** Nothing in a text about a file that was written says that it cannot be read. */
test.each([
  ['ENOSPC', 'no space left on device'],
  ['EDQUOT', 'disk quota exceeded'],
  ['EROFS', 'the file system is read-only'],
  ['EMFILE', 'too many open files'],
  ['EIO', 'input/output error'],
  ['EWEIRD', 'cannot be read (EWEIRD)'],
])('the error %s of the system reads: %s', (code, expected) => {
  expect(reasonOf(Object.assign(new Error(code), { code }))).toBe(expected);
});

test('errors of real files have their reason', () => {
  const reason = (work: () => unknown): string => {
    try {
      work();
    } catch (error) {
      return reasonOf(error);
    }
    return 'none';
  };
  expect(reason(() => readFileSync('/dev/null/x'))).toBe('no such file or directory');
  if (process.platform !== 'linux') return;
  const file = openSync(FULL, 'w');
  expect(reason(() => writeSync(file, 'x'))).toBe('no space left on device');
  closeSync(file);
});
