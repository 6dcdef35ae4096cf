/** Where a file is, seen from the folder that a report is read in: what code hosts show annotations by. */
import path from 'node:path';

export type FilePlace =
  /** With forward slashes, on every system. */
  | { readonly at: 'inside'; readonly path: string }
  /** Absolute: no part of the folder. */
  | { readonly at: 'outside'; readonly path: string }
  | { readonly at: 'stdin' };

export function placeIn(folder: string, file: string): FilePlace {
  if (file === 'stdin') return { at: 'stdin' };
  const absolute = path.resolve(folder, file);
  const relative = path.relative(folder, absolute);
  const outside = relative === '..' || relative.startsWith(`..${path.sep}`) || path.isAbsolute(relative);
  return outside
    ? { at: 'outside', path: absolute }
    : { at: 'inside', path: relative.replaceAll(path.sep, '/') || '.' };
}
