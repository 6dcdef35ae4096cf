/** The files of a revision by path and by directory. */
import path from 'node:path';
import type { GitFile } from './tree.ts';

export interface TreeIndex {
  /** By the absolute path. */
  file(at: string): GitFile | undefined;
  /** The files in a directory and below. */
  under(directory: string): readonly GitFile[];
}

/** All paths in a directory sort before its name with this character. */
const AFTER_SEPARATOR = String.fromCodePoint(path.sep.charCodeAt(0) + 1);

export function treeIndex(files: readonly GitFile[]): TreeIndex {
  const byPath = new Map(files.map((file) => [file.path, file]));
  const sorted = [...byPath.values()].sort((one, other) => (one.path < other.path ? -1 : 1));
  const firstFrom = (text: string): number => {
    let low = 0;
    let high = sorted.length;
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((sorted[middle]?.path ?? '') < text) low = middle + 1;
      else high = middle;
    }
    return low;
  };
  return {
    file: (at) => byPath.get(at),
    under(directory) {
      const prefix = directory.endsWith(path.sep) ? directory : `${directory}${path.sep}`;
      return sorted.slice(firstFrom(prefix), firstFrom(`${prefix.slice(0, -1)}${AFTER_SEPARATOR}`));
    },
  };
}
