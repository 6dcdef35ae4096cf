/** Files that a command creates. */
import { existsSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { UserError } from '../error/user-error.ts';
import { createDirectory } from '../files/create-directory.ts';
import { reasonOf } from '../files/load-text.ts';
import { fileText } from '../files/location-text.ts';
import { replaceFile } from '../files/replace-file.ts';

/** A file to write. */
export interface NewFile {
  readonly path: string;
  readonly text: string;
}

/** Writes nothing if one of the files exists, unless `force` is set. */
export function writeNewFiles(files: readonly NewFile[], force: boolean): void {
  const existing = files.filter(({ path: file }) => existsSync(file));
  if (existing.length > 0 && !force) {
    const names = existing.map(({ path: file }) => fileText(file)).join(', ');
    throw new UserError(`${names}: already there, and nothing was written; to replace, add --force`);
  }
  for (const file of files) writeNewFile(file);
}

export function writeNewFile({ path: file, text }: NewFile): void {
  const directory = path.dirname(file);
  createFor(directory);
  const before = onFiles(file, () => (existsSync(file) ? readFileSync(file, 'utf8') : undefined));
  const written = replaceFile(file, before, text);
  if (!written.ok) throw new UserError(`${fileText(file)}: ${written.problem}`);
}

function createFor(directory: string): void {
  try {
    createDirectory(directory);
  } catch (error) {
    const problem = directoryProblem(error);
    const what = problem === NOT_A_DIRECTORY ? problem : `the directory cannot be created: ${problem}`;
    throw new UserError(`${fileText(directory)}: ${what}`, { cause: error });
  }
}

/** Runs an operation on a file or directory that the user has named; an error of the system is theirs to fix. */
export function onFiles<T>(named: string, operation: () => T): T {
  try {
    return operation();
  } catch (error) {
    throw new UserError(`${fileText(named)}: ${directoryProblem(error)}`, { cause: error });
  }
}

/** Says why a directory cannot be created or read. */
export function directoryProblem(error: unknown): string {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return code === 'EEXIST' || code === 'ENOTDIR' ? NOT_A_DIRECTORY : reasonOf(error);
}

const NOT_A_DIRECTORY = 'expected a directory, found a file';
