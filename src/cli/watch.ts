/** Repeats a run whenever a file that it read changes. */
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { MAX_FOLDERS, watchFolders } from '../files/watched-folders.ts';
import { interruptible } from './interrupt.ts';
import type { Terminal } from './terminal.ts';
import { UserError } from '../error/user-error.ts';

/** Editors and checkouts write many files at once, so a run waits for a pause of this length. */
const QUIET_MS = 100;

/** The exit code of a run, and the files and directories that it read. */
export interface WatchedRun {
  readonly code: number;
  readonly read: readonly string[];
}

/** Watches until the first SIGINT or SIGTERM, and resolves with the exit code of the last run. */
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
  const watched = watchFolders((name) => {
    if (concerns(name)) changes.note();
  });
  try {
    while (!stop.aborted) {
      changes.clear();
      last = await runSafely(run, last, terminal);
      const { count, left } = watched.keep(foldersOf(last.read));
      const more = left === 0 ? '' : ` (${left} more are not watched; pass fewer directories)`;
      terminal.note(`watching ${count} ${count === 1 ? 'directory' : 'directories'}${more}; press Ctrl-C to stop\n`);
      await changes.next(stop);
    }
  } finally {
    watched.close();
  }
  return last.code;
}

/** Reports a user error, such as an invalid configuration file, and goes on, because the next change can fix it. */
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
  /** Resolves after a change since `clear` and a pause, or when `stop` aborts. */
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
      // A file changed during the run.
      if (changed) timer = setTimeout(() => wake(), QUIET_MS);
      await promise;
      clearTimeout(timer);
    },
  };
}

/** Reports whether a change concerns a manifest or a directory, and not a temporary file of an editor. */
function concerns(name: string | null): boolean {
  return name === null || (!name.startsWith('.') && ['.yaml', '.yml', '.json', ''].includes(path.extname(name)));
}

/**
 * Returns the directories to watch: that of a file, even if the file does not exist, and a named directory with its
 * subdirectories.
 */
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
