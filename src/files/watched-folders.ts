/** Watches directories, because a watch on a file does not follow an editor that replaces the file. */
import { type FSWatcher, watch } from 'node:fs';

/** Each directory costs an inotify watch, and a repository can have tens of thousands of directories. */
export const MAX_FOLDERS = 2000;

export interface FolderWatch {
  /** Watches these directories and no others; returns how many it watches, and how many it does not. */
  keep(folders: readonly string[]): { readonly count: number; readonly left: number };
  close(): void;
}

/** `onChange` gets the name in the directory, or null if the system does not know it. */
export function watchFolders(onChange: (name: string | null) => void): FolderWatch {
  const watchers = new Map<string, FSWatcher>();
  const drop = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  return {
    keep(folders) {
      const kept = new Set(folders.slice(0, MAX_FOLDERS));
      for (const folder of watchers.keys()) if (!kept.has(folder)) drop(folder);
      for (const folder of kept) {
        if (watchers.has(folder)) continue;
        const watcher = watchOne(folder, onChange);
        watcher?.on('error', () => drop(folder));
        if (watcher !== undefined) watchers.set(folder, watcher);
      }
      return { count: watchers.size, left: folders.length - watchers.size };
    },
    close() {
      for (const folder of watchers.keys()) drop(folder);
    },
  };
}

/** Returns undefined if the directory no longer exists or the system has no watches left. */
function watchOne(folder: string, onChange: (name: string | null) => void): FSWatcher | undefined {
  try {
    return watch(folder, (_event, name) => onChange(name));
  } catch {
    return undefined;
  }
}
