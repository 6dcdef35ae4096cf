/**
 * Imports the file of a plugin. Node.js strips the types (22.18 or later). The specifier `tidewaiter` resolves to the running
 * program, so that plugins need no installed package and share its modules.
 */
import { realpathSync, type Stats, statSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { isObject } from '../pod/pointer.ts';
import { importProblem } from './import-problem.ts';
import { followImports, offerTidewaiter } from './modules.ts';

/** `problem` starts with the position if it is known: `:3:11: Expression expected`. */
export type Imported =
  | { readonly ok: true; readonly exported: unknown }
  | { readonly ok: false; readonly problem: string };

/** CommonJS (.cjs, .cts) has no unambiguous default export. */
const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs'];

export function importPlugin(file: string): Imported {
  offerTidewaiter();
  // require() loads synchronously, and works the same in the bundle and in the sources.
  const load = createRequire(import.meta.url);
  const resolved = realpathSync(file);
  followImports(resolved);
  try {
    const module: unknown = load(resolved);
    return { ok: true, exported: isObject(module) ? module['default'] : undefined };
  } catch (error) {
    return { ok: false, problem: importProblem(error, resolved) };
  }
}

/** Returns why the file cannot be a plugin; a sentence fragment. */
export function pluginFileProblem(file: string): string | undefined {
  const stats = statsOf(file);
  if (typeof stats === 'string') return stats;
  if (!stats.isFile()) return 'a plugin must be a file, not a directory';
  return EXTENSIONS.includes(path.extname(file))
    ? undefined
    : `a plugin must be a TypeScript or JavaScript module (${EXTENSIONS.join(', ')})`;
}

function statsOf(file: string): Stats | string {
  try {
    return statSync(file);
  } catch (error) {
    const isLocked = error instanceof Error && 'code' in error && error.code === 'EACCES';
    return isLocked ? 'permission denied' : 'no such file or directory';
  }
}
