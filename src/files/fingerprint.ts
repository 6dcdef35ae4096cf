/**
 * The state of files and directories without their contents: equal fingerprints mean that no file was added, removed, replaced,
 * or written between them. Opens nothing, so a pipe cannot block it, and uses no synchronous calls, so a slow disk cannot either.
 */
import type { BigIntStats } from 'node:fs';
import { lstat, readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
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
  writtenMs: number;
}

/** `paths`: files, and directories with manifests; they need not exist. */
export async function fingerprintOf(paths: readonly string[]): Promise<Fingerprint> {
  const walk: Walk = { lines: [], directories: new Set(), seen: new Set(), pipes: [], writtenMs: 0 };
  for (const named of paths) {
    walk.directories.add(path.dirname(path.resolve(named)));
    const found = await add(named, walk);
    if (named === '-' || (found !== undefined && !found.isFile() && !found.isDirectory())) walk.pipes.push(named);
  }
  const { lines, directories, pipes, writtenMs } = walk;
  return { text: lines.join('\n'), directories: [...directories], writtenMs, pipes };
}

async function add(at: string, walk: Walk): Promise<BigIntStats | undefined> {
  const found = await statsOf(at);
  if (found === undefined) {
    walk.lines.push(`${at} absent`);
    return undefined;
  }
  const { dev, ino, mode, size, mtimeNs, ctimeNs } = found;
  walk.lines.push(`${at} ${dev}:${ino} ${mode} ${size} ${mtimeNs} ${ctimeNs}`);
  walk.writtenMs = Math.max(walk.writtenMs, Number(mtimeNs) / 1e6);
  await addTargetOf(at, walk);
  if (found.isDirectory()) await addEntries(at, `${dev}:${ino}`, walk);
  return found;
}

/** A file that a link points to can be written in its own directory. */
async function addTargetOf(at: string, { directories }: Walk): Promise<void> {
  try {
    if ((await lstat(at)).isSymbolicLink()) directories.add(path.dirname(await realpath(at)));
  } catch {
    // Removed meanwhile; the next fingerprint differs.
  }
}

async function addEntries(directory: string, identity: string, walk: Walk): Promise<void> {
  walk.directories.add(path.resolve(directory));
  if (walk.seen.has(identity)) return;
  walk.seen.add(identity);
  for (const { name, isCandidate } of await entriesOf(directory)) {
    if (isCandidate) await add(path.join(directory, name), walk);
  }
}

/** Hidden entries are no policies, and those of a mounted ConfigMap have visible links. */
async function entriesOf(
  directory: string,
): Promise<readonly { readonly name: string; readonly isCandidate: boolean }[]> {
  try {
    const entries = await readdir(directory, { withFileTypes: true });
    return entries
      .map((entry) => ({
        name: entry.name,
        isCandidate:
          !entry.name.startsWith('.') &&
          !DEPENDENCIES.has(entry.name) &&
          (isManifestName(entry.name) || !entry.isFile()),
      }))
      .sort((one, other) => (one.name < other.name ? -1 : 1));
  } catch {
    return [];
  }
}

async function statsOf(at: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(at, { bigint: true });
  } catch {
    return undefined;
  }
}
