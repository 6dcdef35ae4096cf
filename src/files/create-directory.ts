/** Creates a directory, and those that it is in. */
import { mkdirSync, statSync } from 'node:fs';
import path from 'node:path';

/**
 * Throws errors of the system. The recursive mkdir of Node.js is not used: in /proc it does not end, because a directory that exists
 * reports that a file is missing. `mode`: of each directory that is created.
 */
export function createDirectory(directory: string, mode?: number): void {
  const parent = path.dirname(directory);
  try {
    createOne(directory, mode);
  } catch (error) {
    if (codeOf(error) !== 'ENOENT' || parent === directory) throw error;
    createDirectory(parent, mode);
    createOne(directory, mode);
  }
}

/** Another process can be faster. */
function createOne(directory: string, mode: number | undefined): void {
  try {
    mkdirSync(directory, { mode });
  } catch (error) {
    const isThere =
      codeOf(error) === 'EEXIST' && statSync(directory, { throwIfNoEntry: false })?.isDirectory() === true;
    if (!isThere) throw error;
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : undefined;
}
