/** Reads recordings line by line, in constant memory. */
import { createReadStream } from 'node:fs';
import { fieldPath } from '../pod/pointer.ts';
import type { Recorded } from '../recording/format.ts';
import { readRecorded } from '../recording/read-line.ts';
import type { Chunks } from './byte-queue.ts';
import { inflated, inflateProblem, untilCut } from './inflate.ts';
import { reasonOf } from './load-text.ts';
import { lineChunks, type LineChunk, LineTooLong, nextNewline } from './recording-chunks.ts';

/** `problem` is a sentence fragment; `line` is 1-based. */
export type RecordedEntry =
  | { readonly recorded: Recorded; readonly line: number }
  | { readonly problem: string; readonly line: number };

/** Reads a file, compressed or not. A last line that is incomplete is no error: a server can end at any time. */
export async function* recordedEntries(file: string, source?: Chunks): AsyncGenerator<RecordedEntry, void> {
  for await (const chunk of lineChunks(untilCut(inflated(source ?? createReadStream(file))))) {
    if ('error' in chunk) yield { problem: chunkProblem(chunk.error), line: chunk.line };
    else yield* entriesIn(chunk);
  }
}

/** Says why the rest of a file cannot be read. */
export function chunkProblem(error: unknown): string {
  if (error instanceof LineTooLong) return error.message;
  return inflateProblem(error) ?? reasonOf(error);
}

/** Reports whether to read a line, before it is parsed. */
export type LineTest = (text: Buffer, line: number) => boolean;

/** Reads the lines of a chunk. */
export function* entriesIn(
  { bytes, line: first, isCut }: LineChunk,
  isIncluded: LineTest = () => true,
): Generator<RecordedEntry, void> {
  let line = first;
  for (let start = 0; start < bytes.length; line += 1) {
    const newline = nextNewline(bytes, start);
    const end = newline < 0 ? bytes.length : newline;
    const entry = end === start ? undefined : includedEntry(bytes.subarray(start, end), line, isIncluded);
    start = end + 1;
    if (entry !== undefined && !(isCut && 'problem' in entry)) yield entry;
  }
}

function includedEntry(text: Buffer, line: number, isIncluded: LineTest): RecordedEntry | undefined {
  return isIncluded(text, line) ? entryOf(text.toString(), line) : undefined;
}

function entryOf(text: string, line: number): RecordedEntry {
  const value = parsed(text);
  if (value === undefined) return { problem: 'not valid JSON', line };
  const read = readRecorded(value);
  if (read.ok) return { recorded: read.recorded, line };
  const [fault] = read.faults;
  const at = fault === undefined || fault.pointer === '' ? '' : `${fieldPath(fault.pointer)}: `;
  return { problem: `${at}${fault?.problem ?? 'not a line of a recording'}`, line };
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
