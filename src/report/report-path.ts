/** The path of a file relative to the directory of the report, which code hosts need for annotations. */
import path from 'node:path';

export type FilePlace =
  /** Uses forward slashes on every system. */
  | { readonly at: 'inside'; readonly path: string }
  /** An absolute path. */
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
