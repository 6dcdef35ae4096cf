/**
 * A plugin's file -> what it exports. Node itself strips the types (from 22.18); `tidewaiter` is this very program wherever
 * the file is, so that nothing has to be installed beside it and both have the same modules.
 */
import { realpathSync, type Stats, statSync } from 'node:fs';
import { createRequire, registerHooks } from 'node:module';
import path from 'node:path';
import { isObject } from '../pod/pointer.ts';
import { importProblem } from './import-problem.ts';

/** `problem` begins with the place, where one is known: `:3:11: Expression expected`. */
export type Imported =
  | { readonly ok: true; readonly exported: unknown }
  | { readonly ok: false; readonly problem: string };

/** Not .cjs and .cts: a plugin has a default export, and nobody has to guess what is one. */
const EXTENSIONS = ['.ts', '.mts', '.js', '.mjs'];

export function importPlugin(file: string): Imported {
  const problem = fileProblem(file);
  if (problem !== undefined) return { ok: false, problem: `: ${problem}` };
  offerTidewaiter();
  // Not import(): a plugin is loaded at once or not at all, and the same way from the bundle and from the sources.
  const load = createRequire(import.meta.url);
  const resolved = realpathSync(file);
  try {
    const module: unknown = load(resolved);
    return { ok: true, exported: isObject(module) ? module['default'] : undefined };
  } catch (error) {
    return { ok: false, problem: importProblem(error, resolved) };
  }
}

function fileProblem(file: string): string | undefined {
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

/** Beside this file's bundle, or above it in the sources. */
const API = new URL(import.meta.url.endsWith('.ts') ? '../index.ts' : './index.js', import.meta.url).href;

let offered = false;

function offerTidewaiter(): void {
  if (offered) return;
  offered = true;
  registerHooks({
    resolve: (specifier, context, next) =>
      specifier === 'tidewaiter' ? { url: API, shortCircuit: true } : next(specifier, context),
  });
}
