/** Writes the changed text of an input file. */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';
import { replaceFile, type ReplaceResult } from './replace-file.ts';

const LEAVES =
  'a symbolic link leads from the named directory to this file outside of it; to change the file, name it on the command line';

/**
 * `paths` are those of the command line. The author of a directory does not choose which files outside of it are changed:
 * a link that leaves it is followed only if the command line names the link or the directory that it leads to.
 */
export function writeInput(
  file: string,
  { before, after, paths }: { readonly before: string; readonly after: string; readonly paths: readonly string[] },
): ReplaceResult {
  return leavesInputs(file, paths) ? { ok: false, problem: LEAVES } : replaceFile(file, before, after);
}

function leavesInputs(file: string, paths: readonly string[]): boolean {
  const [found, real] = [path.resolve(file), realOf(file)];
  const isFound = paths.some((one) => isBelow(found, path.resolve(one)));
  const isNamed = paths.some((one) => path.resolve(one) === found || isBelow(real, realOf(one)));
  return isFound && !isNamed;
}

function realOf(file: string): string {
  return existsSync(file) ? realpathSync(file) : path.resolve(file);
}

function isBelow(file: string, directory: string): boolean {
  const [first] = path.relative(directory, file).split(path.sep);
  return first !== '' && first !== '..';
}
