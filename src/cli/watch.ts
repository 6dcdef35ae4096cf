/** Runs something again whenever one of the files that it read changes. */
import { type FSWatcher, readdirSync, statSync, watch } from 'node:fs';
import path from 'node:path';
import { interruptible } from './interrupt.ts';
import type { Terminal } from './terminal.ts';
import { UserError } from '../error/user-error.ts';

/** Editors and checkouts write many files at once; this much silence means that they are done. */
const QUIET_MS = 100;
/** Each costs an inotify watch, and a repository can have tens of thousands. */
const MAX_FOLDERS = 2000;

/** One run: its exit code, and the files and folders that it looked at. */
export interface WatchedRun {
  readonly code: number;
  readonly read: readonly string[];
}

/** Until the first SIGINT or SIGTERM; resolves with the exit code of the last run. */
export function watchFiles(run: () => Promise<WatchedRun>, terminal: Terminal): Promise<number> {
  return interruptible((signal) => runAndWatch(run, signal, terminal));
}

export async function runAndWatch(
  run: () => Promise<WatchedRun>,
  stop: AbortSignal,
  terminal: Terminal,
): Promise<number> {
  let last: WatchedRun = { code: 0, read: [] };
  const changes = changeSignal();
  const watched = watchedFolders(changes.note);
  try {
    while (!stop.aborted) {
      changes.clear();
      last = await runSafely(run, last, terminal);
      const { count, left } = watched.keep(foldersOf(last.read));
      const more = left === 0 ? '' : ` (${left} more are not watched; pass fewer directories)`;
      terminal.note(`watching ${count} folder${count === 1 ? '' : 's'}${more}; Ctrl-C ends\n`);
      await changes.next(stop);
    }
  } finally {
    watched.close();
  }
  return last.code;
}

/** A configuration file with a fault, say: it is told, and the next change may mend it. */
async function runSafely(
  run: () => Promise<WatchedRun>,
  { read }: WatchedRun,
  terminal: Terminal,
): Promise<WatchedRun> {
  try {
    return await run();
  } catch (error) {
    if (!(error instanceof UserError) || read.length === 0) throw error;
    terminal.note(`${error.message}\n`);
    return { code: 2, read };
  }
}

interface Changes {
  readonly note: () => void;
  readonly clear: () => void;
  /** Resolves when something has changed since `clear` and then been quiet for a moment, or at `stop`. */
  next(stop: AbortSignal): Promise<void>;
}

function changeSignal(): Changes {
  let changed = false;
  let timer: NodeJS.Timeout | undefined;
  let wake = (): void => undefined;
  return {
    note() {
      changed = true;
      clearTimeout(timer);
      timer = setTimeout(() => wake(), QUIET_MS);
    },
    clear() {
      changed = false;
      clearTimeout(timer);
    },
    async next(stop) {
      const { promise, resolve } = Promise.withResolvers<void>();
      wake = resolve;
      stop.addEventListener('abort', () => resolve(), { once: true });
      if (stop.aborted) resolve();
      // What changed while the run was still reading.
      if (changed) timer = setTimeout(() => wake(), QUIET_MS);
      await promise;
      clearTimeout(timer);
    },
  };
}

interface FolderWatch {
  /** Watches these and no others. */
  keep(folders: readonly string[]): { readonly count: number; readonly left: number };
  close(): void;
}

/** Folders, not files: an editor that replaces a file by renaming another leaves a watch on the file with the old one. */
function watchedFolders(onChange: () => void): FolderWatch {
  const watchers = new Map<string, FSWatcher>();
  const drop = (folder: string): void => {
    watchers.get(folder)?.close();
    watchers.delete(folder);
  };
  return {
    keep(folders) {
      const wanted = new Set(folders.slice(0, MAX_FOLDERS));
      for (const folder of watchers.keys()) if (!wanted.has(folder)) drop(folder);
      for (const folder of wanted) {
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

/** `undefined` when the folder has gone meanwhile, or the system has no watches left. */
function watchOne(folder: string, onChange: () => void): FSWatcher | undefined {
  try {
    return watch(folder, (_event, name) => {
      if (concerns(name)) onChange();
    });
  } catch {
    return undefined;
  }
}

/** Manifests, and folders; not what editors and tools put beside them. */
function concerns(name: string | null): boolean {
  return name === null || (!name.startsWith('.') && ['.yaml', '.yml', '.json', ''].includes(path.extname(name)));
}

/** Of a file its folder, of a folder all in it that can hold manifests; of what is not there the folder where it would be. */
function foldersOf(paths: readonly string[]): readonly string[] {
  const found = new Set<string>();
  for (const one of paths) {
    if (one === '-') continue;
    if (isFolder(one)) addTree(path.resolve(one), found);
    else if (isFolder(path.dirname(one))) found.add(path.resolve(path.dirname(one)));
  }
  return [...found];
}

function addTree(folder: string, found: Set<string>): void {
  if (found.has(folder) || found.size > MAX_FOLDERS) return;
  found.add(folder);
  for (const entry of entriesOf(folder)) {
    if (entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules') {
      addTree(path.join(folder, entry.name), found);
    }
  }
}

function entriesOf(folder: string): readonly { readonly name: string; isDirectory(): boolean }[] {
  try {
    return readdirSync(folder, { withFileTypes: true });
  } catch {
    return [];
  }
}

function isFolder(at: string): boolean {
  return statSync(at, { throwIfNoEntry: false })?.isDirectory() ?? false;
}
