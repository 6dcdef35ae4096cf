/** Temporary files without a name. */
import { fstatSync, mkdirSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSpool } from '../../src/files/spool.ts';
import { inOwnFolders } from '../support/own-folders.ts';

inOwnFolders('spool');

const MEBIBYTE = 1024 * 1024;

test('returns the texts that were added, as often as they are read, in memory and in a file', () => {
  const texts = fc.array(
    fc.oneof(fc.string({ unit: 'grapheme' }), fc.constantFrom('a'.repeat(700_000), 'ü'.repeat(9))),
    {
      maxLength: 8,
    },
  );
  fc.assert(
    fc.property(texts, texts, (first, second) => {
      const spool = createSpool('.');
      try {
        for (const text of first) spool.add(text);
        expect([...spool.texts()]).toEqual(first);
        for (const text of second) spool.add(text);
        for (let time = 0; time < 2; time += 1) expect([...spool.texts()]).toEqual([...first, ...second]);
      } finally {
        spool.close();
      }
      expect(readdirSync('.')).toEqual([]);
    }),
    { numRuns: 30 },
  );
});

/** The descriptors of files in the current directory. */
function openFiles(): readonly number[] {
  const links = readdirSync('/proc/self/fd').flatMap((fd) => {
    try {
      return [{ fd: Number(fd), target: readlinkSync(`/proc/self/fd/${fd}`) }];
    } catch {
      // That of the directory itself.
      return [];
    }
  });
  return links.filter(({ target }) => target.startsWith(`${path.resolve('.')}/`)).map(({ fd }) => fd);
}

test.runIf(process.platform === 'linux')('leaves no file, which only its owner could read, and closes it', () => {
  const spool = createSpool('.');
  spool.add('a');
  expect(openFiles()).toEqual([]);
  spool.add('a'.repeat(MEBIBYTE));
  const [fd = -1] = openFiles();
  expect({ mode: fstatSync(fd).mode & 0o777, names: readdirSync('.') }).toEqual({ mode: 0o600, names: [] });
  spool.close();
  spool.close();
  expect(openFiles()).toEqual([]);
});

test('names the directory in errors, and what helps', () => {
  mkdirSync('there');
  const spool = createSpool('there/absent');
  spool.add('a');
  expect(() => spool.add('a'.repeat(MEBIBYTE))).toThrow(
    'cannot write a temporary file in "there/absent": no such file or directory; set TMPDIR to a directory with more space',
  );
});
