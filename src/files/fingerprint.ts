/**
 * The state of files and directories without their contents: equal fingerprints mean that no file was added, removed, replaced,
 * or written between them. Opens no file, so a pipe cannot block it. The calls are synchronous, with pauses: promises take 20 times
 * as long for thousands of files.
 */
import { type BigIntStats, type Dirent, lstatSync, readdirSync, realpathSync, statSync } from 'node:fs';
import path from 'node:path';
import { createPauses } from './pauses.ts';
import { DEPENDENCIES, isManifestName } from './walk.ts';

export interface Fingerprint {
  readonly text: string;
  /** The directories in which a change can change the fingerprint. */
  readonly directories: readonly string[];
  /** The time of the last write, in milliseconds since 1970. */
  readonly writtenMs: number;
  /** Named paths that can be read only once: `-`, and paths that are neither files nor directories. */
  readonly pipes: readonly string[];
}

interface Walk {
  readonly lines: string[];
  readonly directories: Set<string>;
  /** Device and inode of each directory, because links can form a loop. */
  readonly seen: Set<string>;
  readonly pipes: string[];
  readonly pause: () => Promise<void> | undefined;
  writtenMs: number;
}

/** `paths`: files, and directories with manifests; they need not exist. */
export async function fingerprintOf(paths: readonly string[]): Promise<Fingerprint> {
  const walk: Walk = {
    lines: [],
    directories: new Set(),
    seen: new Set(),
    pipes: [],
    pause: createPauses(),
    writtenMs: 0,
  };
  for (const named of paths) {
    walk.directories.add(path.dirname(path.resolve(named)));
    const found = await add(named, isLink(named), walk);
    if (named === '-' || (found !== undefined && !found.isFile() && !found.isDirectory())) walk.pipes.push(named);
  }
  const { lines, directories, pipes, writtenMs } = walk;
  return { text: lines.join('\n'), directories: [...directories], writtenMs, pipes };
}

async function add(at: string, isALink: boolean, walk: Walk): Promise<BigIntStats | undefined> {
  await walk.pause();
  const found = statsOf(at);
  if (found === undefined) {
    walk.lines.push(`${at} absent`);
    return undefined;
  }
  const { dev, ino, mode, size, mtimeNs, ctimeNs } = found;
  walk.lines.push(`${at} ${dev}:${ino} ${mode} ${size} ${mtimeNs} ${ctimeNs}`);
  walk.writtenMs = Math.max(walk.writtenMs, Number(mtimeNs) / 1e6);
  if (isALink) addTargetOf(at, walk);
  if (found.isDirectory()) await addEntries(at, `${dev}:${ino}`, walk);
  return found;
}

/** A file that a link points to can be written in its own directory. */
function addTargetOf(at: string, { directories }: Walk): void {
  try {
    directories.add(path.dirname(realpathSync(at)));
  } catch {
    // Removed meanwhile; the next fingerprint differs.
  }
}

async function addEntries(directory: string, identity: string, walk: Walk): Promise<void> {
  walk.directories.add(path.resolve(directory));
  if (walk.seen.has(identity)) return;
  walk.seen.add(identity);
  for (const entry of entriesOf(directory)) await add(path.join(directory, entry.name), entry.isSymbolicLink(), walk);
}

/** Hidden entries are no policies, and those of a mounted ConfigMap have visible links. */
function entriesOf(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true })
      .filter((entry) => !entry.name.startsWith('.') && !DEPENDENCIES.has(entry.name))
      .filter((entry) => isManifestName(entry.name) || !entry.isFile())
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch {
    return [];
  }
}

function isLink(at: string): boolean {
  return lstatSync(at, { throwIfNoEntry: false })?.isSymbolicLink() ?? false;
}

function statsOf(at: string): BigIntStats | undefined {
  try {
    return statSync(at, { bigint: true });
  } catch {
    return undefined;
  }
}
