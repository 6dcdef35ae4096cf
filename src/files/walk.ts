/**
 * A folder -> the files in it that are worth reading, for all commands. `kubectl apply -R` reads hidden files and folders, so they are
 * read here as well, and marked. It follows no link to a folder; people and mounted ConfigMaps have them, so they are followed here.
 */
import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import type { SkippedFile } from './skipped-files.ts';
import { reasonOf } from './load-text.ts';

/** Which files of a folder are read, and how a message says that there is none. */
export interface FileNames {
  accepts(name: string): boolean;
  readonly described: string;
}

/** Also a name that is nothing but the extension: kubectl takes `.yaml` as well. */
export function isManifestName(name: string): boolean {
  return /\.(ya?ml|json)$/i.test(name);
}

export interface DirectoryFile {
  readonly path: string;
  /** It, or a folder on the way to it, has a name that begins with a dot. */
  readonly hidden: boolean;
  /** Why it cannot be read; a sentence fragment. */
  readonly problem?: string;
}

export interface DirectoryFiles {
  /** By name, level by level. */
  readonly files: readonly DirectoryFile[];
  readonly skipped: readonly SkippedFile[];
  /** Files by other names than that under which they were found before. */
  readonly again: readonly string[];
  /** No file with a name that is accepted, not even one that was found before. */
  readonly empty: boolean;
}

/**
 * Left out in silence: git tracks no file below a folder of this name, so no author can bring one. The stores of other
 * systems can be tracked by git like any folder.
 */
const STORE = '.git';
/** What package managers and tools fetch: other people's files, often many thousands. */
const DEPENDENCIES = new Set([
  'node_modules',
  '.venv',
  '.tox',
  '.terraform',
  '.terragrunt-cache',
  '.cache',
  '.yarn',
  '.pnpm-store',
]);

/** What is at a path, or why that cannot be said. */
export function statOrProblem(at: string): Stats | string {
  try {
    return statSync(at);
  } catch (error) {
    return reasonOf(error);
  }
}

interface Walk {
  readonly names: FileNames;
  /** Real paths of files and folders. */
  readonly seen: Set<string>;
  readonly files: DirectoryFile[];
  readonly skipped: SkippedFile[];
  readonly again: string[];
  /** To be followed when all that is no link has its own name. */
  readonly links: string[];
  /** To be opened when all that can be reached without it is known: so the files of a mounted ConfigMap have the names that people see. */
  readonly hidden: string[];
  accepted: number;
}

/** `seen` are real paths that are not to be found again; those that are found are added. */
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
    // A symbolic link can lead back to where we are.
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
  // Within the folder that is walked, all of it is known anyway.
  else if (!walk.seen.has(target)) walk.skipped.push({ path: at, why: 'parent' });
}

function isWithin(directory: string, parent: string): boolean {
  return `${directory}${path.sep}`.startsWith(parent.endsWith(path.sep) ? parent : `${parent}${path.sep}`);
}

/** One that has gone meanwhile is told where it is read. */
function realOf(at: string): string {
  try {
    return realpathSync.native(at);
  } catch {
    return path.resolve(at);
  }
}

/** By its real path: two links to one file are one file. */
export function isNew(file: string, seen: Set<string>): boolean {
  const before = seen.size;
  return seen.add(realOf(file)).size > before;
}
