/** Paths as git knows them, and as messages show them. */
import { existsSync, realpathSync } from 'node:fs';
import path from 'node:path';

/** Without symbolic links: git knows a file only by its real path. */
export function realPath(file: string): string {
  return existsSync(file) ? realpathSync.native(file) : path.resolve(file);
}

/** Relative to the working directory. */
export function shown(file: string): string {
  return path.relative(realPath('.'), file) || '.';
}
