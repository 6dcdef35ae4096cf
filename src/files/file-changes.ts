/**
 * Reports that files may have changed. A kubelet replaces the files of a mount by renaming the symbolic link `..data` beside them, so
 * directories are watched, not files. A poll finds what a watch misses: network file systems, a directory that was replaced, and a
 * system without watches.
 */
import { type FSWatcher, statSync, watch } from 'node:fs';
import path from 'node:path';

export interface ChangeTimes {
  /** How long a change waits for further changes. */
  readonly quietMs: number;
  readonly pollMs: number;
}

const TIMES: ChangeTimes = { quietMs: 100, pollMs: 10_000 };

/** Calls `onChange` after each change, and at each poll. Keeps no process running. The result ends it. */
export function onFileChange(
  files: readonly string[],
  onChange: () => void,
  { quietMs, pollMs }: ChangeTimes = TIMES,
): () => void {
  let quiet: NodeJS.Timeout | undefined;
  const change = (): void => {
    clearTimeout(quiet);
    quiet = setTimeout(onChange, quietMs).unref();
  };
  const watchers = [...new Set(files.map((file) => path.dirname(file)))].map((directory) =>
    watchDirectory(directory, change),
  );
  const poll = setInterval(() => {
    for (const { renew } of watchers) renew();
    onChange();
  }, pollMs).unref();
  return () => {
    clearTimeout(quiet);
    clearInterval(poll);
    for (const { close } of watchers) close();
  };
}

interface DirectoryWatch {
  /** Watches again if the directory was replaced, or was not watched. */
  readonly renew: () => void;
  readonly close: () => void;
}

function watchDirectory(directory: string, onChange: () => void): DirectoryWatch {
  let watcher: FSWatcher | undefined;
  let watched: number | undefined;
  const close = (): void => {
    watcher?.close();
    watcher = undefined;
    watched = undefined;
  };
  const renew = (): void => {
    const inode = statSync(directory, { throwIfNoEntry: false })?.ino;
    if (inode === watched && watcher !== undefined) return;
    close();
    try {
      watcher = watch(directory, { persistent: false }, onChange).on('error', close);
      watched = inode;
    } catch {
      // The poll tries again.
    }
  };
  renew();
  return { renew, close };
}
