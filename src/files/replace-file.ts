/**
 * Replaces the text of a file atomically: writes a temporary file next to it and renames that. A symbolic link stays a link, and
 * the file keeps its mode and owner.
 */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chownSync,
  closeSync,
  constants,
  fchmodSync,
  fsyncSync,
  openSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  type Stats,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { reasonOf } from './load-text.ts';

/** `problem` is a sentence fragment. */
export type ReplaceResult = { readonly ok: true } | { readonly ok: false; readonly problem: string };

const CHANGED: ReplaceResult = { ok: false, problem: 'the file changed during the run; run the command again' };

/** `before` is the text that the file must still have; undefined: the file must not exist yet. */
export function replaceFile(file: string, before: string | undefined, after: string): ReplaceResult {
  try {
    return before === undefined ? create(file, after) : replace(realpathSync(file), before, after);
  } catch (error) {
    return { ok: false, problem: reasonOf(error) };
  }
}

function create(file: string, text: string): ReplaceResult {
  if (statSync(file, { throwIfNoEntry: false }) !== undefined) return CHANGED;
  moveInto(file, text, undefined);
  return { ok: true };
}

function replace(target: string, before: string, after: string): ReplaceResult {
  // A user who can write to the directory could also replace a read-only file.
  accessSync(target, constants.W_OK);
  const stats = statSync(target);
  if (!stats.isFile()) return { ok: false, problem: 'it is not a regular file' };
  return moveInto(target, after, { stats, unchanged: () => readFileSync(target).equals(Buffer.from(before)) })
    ? { ok: true }
    : CHANGED;
}

interface OriginalFile {
  readonly stats: Stats;
  readonly unchanged: () => boolean;
}

function moveInto(target: string, text: string, original: OriginalFile | undefined): boolean {
  const directory = path.dirname(target);
  const temporary = path.join(
    directory,
    `.${path.basename(target).slice(0, 200)}.${randomBytes(6).toString('hex')}.tmp`,
  );
  try {
    writeTemporary(temporary, text, original?.stats);
    if (original !== undefined && !original.unchanged()) return false;
    renameSync(temporary, target);
  } finally {
    rmSync(temporary, { force: true });
  }
  syncDirectory(directory);
  return true;
}

function writeTemporary(temporary: string, text: string, stats: Stats | undefined): void {
  const file = openSync(temporary, 'wx', stats === undefined ? 0o666 : 0o600);
  try {
    writeFileSync(file, text);
    if (stats !== undefined) {
      keepOwner(temporary, stats);
      fchmodSync(file, stats.mode & 0o7777);
    }
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

/** Keeps the owner if possible: only root can change it. For other users, the file becomes their own, as with an editor. */
function keepOwner(temporary: string, { uid, gid }: Stats): void {
  const now = statSync(temporary);
  if (now.uid === uid && now.gid === gid) return;
  try {
    chownSync(temporary, uid, gid);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EPERM')) throw error;
  }
}

/** Makes the rename durable. Some systems cannot open a directory, and need no sync. */
function syncDirectory(directory: string): void {
  let opened: number | undefined;
  try {
    opened = openSync(directory, 'r');
    fsyncSync(opened);
  } catch (error) {
    if (!(error instanceof Error && 'code' in error)) throw error;
  } finally {
    if (opened !== undefined) closeSync(opened);
  }
}
