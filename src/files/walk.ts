/**
 * Lists the files of a directory that are worth reading, for all commands. `kubectl apply -R` reads hidden files, so they are
 * listed and marked. kubectl follows no links to directories, but they are followed here because mounted ConfigMaps contain them.
 */
import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import type { SkippedFile } from './skipped-files.ts';
import { reasonOf } from './load-text.ts';

/** Selects the files of a directory, and describes them for messages. */
export interface FileNames {
  accepts(name: string): boolean;
  readonly described: string;
}

/** A name that is only the extension counts, because kubectl reads `.yaml` as well. */
export function isManifestName(name: string): boolean {
  return /\.(ya?ml|json)$/i.test(name);
}

export interface DirectoryFile {
  readonly path: string;
  /** Its name, or the name of a directory on its path, starts with a dot. */
  readonly hidden: boolean;
  /** Why it cannot be read; a sentence fragment. */
  readonly problem?: string;
}

export interface DirectoryFiles {
  /** Sorted by name, level by level. */
  readonly files: readonly DirectoryFile[];
  readonly skipped: readonly SkippedFile[];
  /** Other names of files that were already found. */
  readonly again: readonly string[];
  /** True if the directory has no file with an accepted name, not even one that was already listed. */
  readonly empty: boolean;
}

/**
 * Skipped without a notice: git tracks no file below a directory with this name, so no author can add one. Directories of other
 * version control systems can be tracked.
 */
const STORE = '.git';
/** Directories with dependencies, which are often thousands of files of other projects. */
export const DEPENDENCIES: ReadonlySet<string> = new Set([
  'node_modules',
  '.venv',
  '.tox',
  '.terraform',
  '.terragrunt-cache',
  '.cache',
  '.yarn',
  '.pnpm-store',
]);

/** Returns the stats of a path, or why they cannot be read. */
export function statOrProblem(at: string): Stats | string {
  try {
    return statSync(at);
  } catch (error) {
    return reasonOf(error);
  }
}

interface Walk {
  readonly names: FileNames;
  /** Real paths of files and directories. */
  readonly seen: Set<string>;
  readonly files: DirectoryFile[];
  readonly skipped: SkippedFile[];
  readonly again: string[];
  /** Links are followed after everything else has its own name. */
  readonly links: string[];
  /** Hidden entries come last, so that files of a mounted ConfigMap get their visible names. */
  readonly hidden: string[];
  accepted: number;
}

/** Skips the real paths in `seen`, and adds those that it finds. */
export function walkDirectory(directory: string, names: FileNames, seen: Set<string>): DirectoryFiles {
  const walk: Walk = { names, seen, files: [], skipped: [], again: [], links: [], hidden: [], accepted: 0 };
  const known = seen.size;
  openDirectory(directory, false, walk);
  const wasKnown = seen.size === known;
  for (const link of walk.links) enter(link, false, walk);
  for (const entry of walk.hidden) enter(entry, true, walk);
  return {
    files: walk.files
      .map((file) => ({ file, segments: file.path.split(path.sep) }))
      .sort(byName)
      .map(({ file }) => file),
    skipped: walk.skipped,
    again: walk.again,
    empty: walk.accepted === 0 && !wasKnown,
  };
}

interface NamedSegments {
  readonly segments: readonly string[];
}

function byName({ segments: one }: NamedSegments, { segments: other }: NamedSegments): number {
  const at = one.findIndex((segment, index) => segment !== other[index]);
  const [left = '', right = ''] = [one[at], other[at]];
  return left < right ? -1 : 1;
}

function openDirectory(directory: string, hidden: boolean, walk: Walk): void {
  let entries: readonly Dirent[];
  try {
    const real = realOf(directory);
    // A symbolic link can point back to a parent.
    if (walk.seen.has(real)) return;
    walk.seen.add(real);
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    walk.accepted += 1;
    walk.files.push({ path: directory, hidden, problem: reasonOf(error) });
    return;
  }
  for (const { name, isLink } of entries.map(named).sort((one, other) => (one.name < other.name ? -1 : 1))) {
    const at = path.join(directory, name);
    if (name === STORE) continue;
    if (hidden) enter(at, true, walk);
    else if (name.startsWith('.')) walk.hidden.push(at);
    else if (isLink) walk.links.push(at);
    else enter(at, false, walk);
  }
}

function named(entry: Dirent): { readonly name: string; readonly isLink: boolean } {
  return { name: entry.name, isLink: entry.isSymbolicLink() };
}

function enter(at: string, hidden: boolean, walk: Walk): void {
  const found = statOrProblem(at);
  const name = path.basename(at);
  if (typeof found !== 'string' && found.isDirectory()) return enterDirectory(at, hidden, walk);
  if (!walk.names.accepts(name)) return;
  walk.accepted += 1;
  if (typeof found === 'string') walk.files.push({ path: at, hidden, problem: found });
  else if (!found.isFile()) walk.skipped.push({ path: at, why: 'irregular' });
  else if (isNew(at, walk.seen)) walk.files.push({ path: at, hidden });
  else walk.again.push(at);
}

function enterDirectory(at: string, hidden: boolean, walk: Walk): void {
  if (DEPENDENCIES.has(path.basename(at))) {
    walk.skipped.push({ path: at, why: 'dependencies' });
    return;
  }
  const target = realOf(at);
  if (!isWithin(realOf(path.dirname(at)), target)) openDirectory(at, hidden, walk);
  // Everything within the directory is listed anyway.
  else if (!walk.seen.has(target)) walk.skipped.push({ path: at, why: 'parent' });
}

function isWithin(directory: string, parent: string): boolean {
  return `${directory}${path.sep}`.startsWith(parent.endsWith(path.sep) ? parent : `${parent}${path.sep}`);
}

/** A file that was deleted meanwhile is reported when it is read. */
function realOf(at: string): string {
  try {
    return realpathSync.native(at);
  } catch {
    return path.resolve(at);
  }
}

/** Compares real paths, so two links to one file count as one file. */
export function isNew(file: string, seen: Set<string>): boolean {
  const before = seen.size;
  return seen.add(realOf(file)).size > before;
}
