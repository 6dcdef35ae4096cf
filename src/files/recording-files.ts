/** Finds the files of recordings. */
import { createReadStream, type Dirent, readdirSync, statSync } from 'node:fs';
import path from 'node:path';
import { RECORDING_START, startsRecording } from '../recording/read-line.ts';
import { type ByteQueue, byteQueue, type Chunks } from './byte-queue.ts';
import { inflated, untilCut } from './inflate.ts';

/** Names of segments begin with their time, so that their order is that of their reviews. */
export function isRecordingName(name: string): boolean {
  return /\.ndjson(\.zst|\.gz)?$/.test(name);
}

/**
 * Returns the segments of a directory and of the directories in it, as several servers write them, in the order of their names,
 * and a file as it is.
 */
export function recordingFiles(named: string): readonly string[] {
  if (!statSync(named).isDirectory()) return [named];
  const files = [...segmentsIn(named), ...directoriesIn(named).flatMap(segmentsIn)];
  return files.toSorted((one, other) => compare(path.basename(one), path.basename(other)) || compare(one, other));
}

function segmentsIn(directory: string): readonly string[] {
  return entriesIn(directory)
    .filter((entry) => isRecordingName(entry.name) && !entry.isDirectory())
    .map(({ name }) => path.join(directory, name));
}

function directoriesIn(directory: string): readonly string[] {
  return entriesIn(directory)
    .filter((entry) => entry.isDirectory() && !entry.name.startsWith('.') && entry.name !== 'node_modules')
    .map(({ name }) => path.join(directory, name));
}

/** None in a directory that cannot be read: an inner one is named as not read, and reading the named one as manifests says why. */
function entriesIn(directory: string): readonly Dirent[] {
  try {
    return readdirSync(directory, { withFileTypes: true });
  } catch {
    return [];
  }
}

function compare(one: string, other: string): number {
  return one < other ? -1 : Number(one > other);
}

/** Returns what else is in a directory with segments, without hidden files. */
export function besideRecordings(directory: string): readonly string[] {
  const read = new Set(directoriesIn(directory).filter((inner) => segmentsIn(inner).length > 0));
  const segments = new Set(segmentsIn(directory));
  return entriesIn(directory)
    .filter(({ name }) => !name.startsWith('.'))
    .map(({ name }) => path.join(directory, name))
    .filter((file) => !read.has(file) && !segments.has(file))
    .sort();
}

/** Reports whether a file contains lines of a recording, by its start. */
export async function isRecording(file: string, source?: Chunks): Promise<boolean> {
  const queue = byteQueue(untilCut(inflated(source ?? createReadStream(file))));
  try {
    return await beginsWithLines(queue);
  } catch {
    return false;
  } finally {
    await queue.close();
  }
}

const PEEK_BYTES = 64 * 1024;

/** Reads little of what the server wrote, because the rest can be damaged; other programs can have changed the order of the keys. */
export async function beginsWithLines(queue: ByteQueue): Promise<boolean> {
  const start = (await queue.peek(RECORDING_START.length)).toString();
  if (start === RECORDING_START || !start.startsWith('{')) return start === RECORDING_START;
  return startsRecording((await queue.peek(PEEK_BYTES)).toString());
}
