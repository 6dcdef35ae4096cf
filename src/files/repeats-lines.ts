/** Finds the lines of type `repeats` in a recording without parsing the others, so that reviews can be counted as they are read. */
import type { RecordedRepeats } from '../recording/format.ts';
import { readRecorded } from '../recording/read-line.ts';
import type { Chunks } from './byte-queue.ts';
import { NEWLINE, nextNewline } from './recording-chunks.ts';

/** They have a few short values, and reviews are longer. */
const MAX_BYTES = 4096;
const TYPE = Buffer.from('"repeats"');

/** Ends without an error where the recording cannot be read: reading its reviews reports that. */
export async function* repeatsLines(content: Chunks): AsyncGenerator<RecordedRepeats, void> {
  const begun = begunLine();
  try {
    for await (const piece of content) {
      const bytes =
        typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      const first = bytes.indexOf(NEWLINE);
      if (first < 0) begun.add(bytes);
      else {
        const last = bytes.lastIndexOf(NEWLINE);
        yield* repeatsIn(begun.end(bytes.subarray(0, first)));
        yield* wholeLines(bytes.subarray(first + 1, last + 1));
        begun.add(bytes.subarray(last + 1));
      }
    }
  } catch {
    return;
  }
  yield* repeatsIn(begun.end(Buffer.alloc(0)));
}

interface BegunLine {
  add(bytes: Buffer): void;
  /** Empty if the line is longer than any of type `repeats`. */
  end(bytes: Buffer): Buffer;
}

function begunLine(): BegunLine {
  let parts: Buffer[] = [];
  let size = 0;
  const add = (bytes: Buffer): void => {
    size += bytes.length;
    // The memory of a piece is used again.
    if (size <= MAX_BYTES) parts.push(Buffer.from(bytes));
  };
  return {
    add,
    end(bytes) {
      add(bytes);
      const line = size <= MAX_BYTES ? Buffer.concat(parts) : Buffer.alloc(0);
      parts = [];
      size = 0;
      return line;
    },
  };
}

/** Most lines are reviews, which are longer, and are not searched. */
function* wholeLines(bytes: Buffer): Generator<RecordedRepeats, void> {
  let start = 0;
  for (let end = nextNewline(bytes, 0); end >= 0; end = nextNewline(bytes, start)) {
    if (end > start && end - start <= MAX_BYTES) yield* repeatsIn(bytes.subarray(start, end));
    start = end + 1;
  }
}

function repeatsIn(line: Buffer): readonly RecordedRepeats[] {
  if (!line.includes(TYPE)) return [];
  try {
    const read = readRecorded(JSON.parse(line.toString()));
    return read.ok && read.recorded.type === 'repeats' ? [read.recorded] : [];
  } catch (error) {
    if (error instanceof SyntaxError) return [];
    throw error;
  }
}
