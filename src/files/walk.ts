/**
 * Lists the files of a directory that are worth reading, for all commands. `kubectl apply -R` reads hidden files, so they are
 * listed and marked. kubectl follows no links to directories, but they are followed here because mounted ConfigMaps contain them.
 */
import { type Dirent, readdirSync, realpathSync, type Stats, statSync } from 'node:fs';
import path from 'node:path';
import type { IgnoreRules } from './ignore-rules.ts';
import { createPauses } from './pauses.ts';
import type { SkippedFile } from './skipped-files.ts';
import { MISSING, NOT_UTF_8_NAME, reasonOf } from './load-text.ts';

/** Selects the files of a directory, and describes them for messages. */
export interface FileNames {
  accepts(name: string): boolean;
  readonly described: string;
}

/** A name that is only the extension counts, because kubectl reads `.yaml` as well. */
export function isManifestName(name: string): boolean {
  return /\.(ya?ml|json)$/i.test(name);
}

/** Packed Helm charts, and archives of other programs. */
export function isArchiveName(name: string): boolean {
  return /\.(?:tgz|tar\.gz)$/i.test(name);
}

export interface DirectoryFile {
  readonly path: string;
  /** Its name, or the name of a directory on its path, starts with a dot. */
  readonly hidden: boolean;
  /** The directory of the Helm chart that it is a part of. */
  readonly chart?: string | undefined;
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
  readonly links: Entry[];
  /** Hidden entries come last, so that files of a mounted ConfigMap get their visible names. */
  readonly hidden: Entry[];
  accepted: number;
}

/** What applies to everything in a directory. */
interface Place {
  readonly hidden: boolean;
  readonly rules: IgnoreRules | undefined;
  readonly chart: string | undefined;
}

interface Entry extends Place {
  readonly at: string;
  readonly kind: Kind;
  /** undefined: a link, or a name that is that of no file. */
  readonly real: string | undefined;
}

/** `other`: a link, which can lead to a file or a directory, or an irregular file. */
type Kind = 'file' | 'directory' | 'other';

interface WalkOptions {
  /** Real paths to skip; those that are found are added. */
  readonly seen: Set<string>;
  /** Without them, nothing is ignored. */
  readonly rules?: IgnoreRules | undefined;
  /** Ends the walk. */
  readonly stop?: AbortSignal | undefined;
}

/** Returns undefined if it was stopped. */
export async function walkDirectory(
  directory: string,
  names: FileNames,
  { seen, rules, stop }: WalkOptions,
): Promise<DirectoryFiles | undefined> {
  const walk: Walk = { names, seen, files: [], skipped: [], again: [], links: [], hidden: [], accepted: 0 };
  const known = seen.size;
  const start: Entry = { at: directory, hidden: false, rules, chart: undefined, kind: 'directory', real: undefined };
  if (!(await walked(openDirectory(start, walk), stop))) return undefined;
  const wasKnown = seen.size === known;
  if (!(await walked(enterAll([walk.links, walk.hidden], walk), stop))) return undefined;
  return {
    files: walk.files
      .map((file) => ({ file, segments: file.path.split(path.sep) }))
      .sort(byName)
      .map(({ file }) => file),
    skipped: walk.skipped,
    again: walk.again,
    empty: walk.accepted === 0 && !wasKnown && !walk.skipped.some(({ why }) => why === 'ignored'),
  };
}

/** A walk pauses at each step, because Ctrl-C is noticed only between turns of the event loop. */
type Steps = Generator<void, void>;

/** Returns false if the steps were stopped. */
async function walked(steps: Steps, stop: AbortSignal | undefined): Promise<boolean> {
  const pause = createPauses();
  while (steps.next().done !== true) {
    const turn = pause();
    if (turn !== undefined) await turn;
    if (stop?.aborted === true) return false;
  }
  return true;
}

/** Lists can grow meanwhile. */
function* enterAll(lists: readonly (readonly Entry[])[], walk: Walk): Steps {
  for (const list of lists) for (const entry of list) yield* enter(entry, walk);
}

interface NamedSegments {
  readonly segments: readonly string[];
}

function byName({ segments: one }: NamedSegments, { segments: other }: NamedSegments): number {
  const at = one.findIndex((segment, index) => segment !== other[index]);
  const [left = '', right = ''] = [one[at], other[at]];
  return left < right ? -1 : 1;
}

function* openDirectory(entry: Entry, walk: Walk): Steps {
  const { at: directory, hidden, rules, chart, real = realOf(directory) } = entry;
  let entries: readonly Dirent[];
  try {
    // A symbolic link can point back to a parent.
    if (walk.seen.has(real)) return;
    walk.seen.add(real);
    entries = readdirSync(directory, { withFileTypes: true });
  } catch (error) {
    walk.accepted += 1;
    walk.files.push({ path: directory, hidden, problem: reasonOf(error) });
    return;
  }
  const place = { rules: rules?.within(directory), chart: chartAt(directory, entries, chart) };
  for (const found of entries.toSorted((one, other) => (one.name < other.name ? -1 : 1))) {
    if (found.name === STORE) continue;
    yield;
    const one = entryOf(found, { ...place, at: directory, real, hidden });
    if (hidden) yield* enter(one, walk);
    else if (one.hidden) walk.hidden.push(one);
    else if (found.isSymbolicLink()) walk.links.push(one);
    else yield* enter(one, walk);
  }
}

interface OpenDirectory extends Place {
  readonly at: string;
  readonly real: string;
}

function entryOf(found: Dirent, { at, real, hidden, ...place }: OpenDirectory): Entry {
  const { name } = found;
  const kind = kindOf(found);
  return {
    ...place,
    at: path.join(at, name),
    kind,
    real: kind === 'other' || isUnreadable(name) ? undefined : `${withSeparator(real)}${name}`,
    hidden: hidden || name.startsWith('.'),
  };
}

function kindOf(entry: Dirent): Kind {
  if (entry.isFile()) return 'file';
  return entry.isDirectory() ? 'directory' : 'other';
}

/**
 * Helm loads a directory as a chart if it contains a file with exactly this name, and the charts in `charts/` with it
 * (helm.sh/helm/v4/pkg/chart/v2/loader).
 */
function chartAt(directory: string, entries: readonly Dirent[], outer: string | undefined): string | undefined {
  if (!entries.some(({ name }) => name === 'Chart.yaml')) return outer;
  const isPart = outer !== undefined && path.relative(outer, directory).split(path.sep)[0] === 'charts';
  return isPart ? outer : directory;
}

/** `problem`: why it is unknown what is there. */
type Found = 'file' | 'directory' | 'irregular' | { readonly problem: string };

function* enter(entry: Entry, walk: Walk): Steps {
  const { at, kind, rules } = entry;
  const found = foundAt(entry);
  const isBadName = typeof found === 'object' && found.problem === NOT_UTF_8_NAME;
  const isDirectory = found === 'directory' || (isBadName && kind !== 'file');
  if (!isDirectory && !walk.names.accepts(path.basename(at))) return;
  if (rules?.excludes(at, isDirectory)) walk.skipped.push({ path: at, why: 'ignored' });
  else if (found === 'directory') yield* enterDirectory(entry, walk);
  else addFile(entry, found, walk);
}

/** The list of the directory is enough for most entries; what changes meanwhile is reported when it is read. */
function foundAt({ at, kind, real }: Entry): Found {
  if (real !== undefined && kind !== 'other') return kind;
  const stats = statOrProblem(at);
  if (typeof stats === 'string')
    return { problem: stats === MISSING && isUnreadable(path.basename(at)) ? NOT_UTF_8_NAME : stats };
  if (stats.isDirectory()) return 'directory';
  return stats.isFile() ? 'file' : 'irregular';
}

/** Node.js replaces bytes that are not UTF-8, so a name with them is that of no file; kubectl reads the file or directory. */
function isUnreadable(name: string): boolean {
  return name.includes('\uFFFD');
}

function addFile({ at, hidden, chart, real }: Entry, found: Exclude<Found, 'directory'>, walk: Walk): void {
  walk.accepted += 1;
  if (typeof found === 'object') walk.files.push({ path: at, hidden, chart, problem: found.problem });
  else if (found === 'irregular') walk.skipped.push({ path: at, why: 'irregular' });
  else if (addNew(real ?? realOf(at), walk.seen)) walk.files.push({ path: at, hidden, chart });
  else walk.again.push(at);
}

function* enterDirectory(entry: Entry, walk: Walk): Steps {
  const { at, real } = entry;
  if (DEPENDENCIES.has(path.basename(at))) {
    walk.skipped.push({ path: at, why: 'dependencies' });
    return;
  }
  const target = real ?? realOf(at);
  if (real !== undefined || !isWithin(realOf(path.dirname(at)), target)) yield* openDirectory(entry, walk);
  // Everything within the directory is listed anyway.
  else if (!walk.seen.has(target)) walk.skipped.push({ path: at, why: 'parent' });
}

function isWithin(directory: string, parent: string): boolean {
  return `${directory}${path.sep}`.startsWith(withSeparator(parent));
}

function withSeparator(directory: string): string {
  return directory.endsWith(path.sep) ? directory : `${directory}${path.sep}`;
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
  return addNew(realOf(file), seen);
}

function addNew(real: string, seen: Set<string>): boolean {
  const before = seen.size;
  return seen.add(real).size > before;
}
