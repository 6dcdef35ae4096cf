/** Cuts a recording into chunks of whole lines, in constant memory. Threads evaluate them. */
import type { Chunks } from './byte-queue.ts';
import { type ChunkMemory, createChunkMemory } from './chunk-memory.ts';

export interface LineChunk {
  /** Whole lines, at the start of memory of their own, which can be larger. */
  readonly bytes: Buffer<ArrayBuffer>;
  /** 1-based number of the first line. */
  readonly line: number;
  /** The end of a file without a line break: it can be a part of a line. */
  readonly isCut: boolean;
}

/** No review is as large: the server does not record larger ones. */
export const MAX_LINE_BYTES = 32 * 1024 * 1024;
export const NEWLINE = 0x0a;

export class LineTooLong extends Error {
  constructor() {
    super(`the line is longer than ${MAX_LINE_BYTES >> 20} MiB`);
    this.name = 'LineTooLong';
  }
}

/** The source failed, or a line is too long. */
export interface ChunkFailure {
  readonly error: unknown;
  readonly line: number;
}

/** Yields what was read before a failure, then the failure. Uses no piece after the next one is read. */
export async function* lineChunks(
  source: Chunks,
  memory = createChunkMemory(),
): AsyncGenerator<LineChunk | ChunkFailure, void> {
  const collected = collectLines(memory);
  let line = 1;
  const next = (bytes: Buffer<ArrayBuffer>, isCut = false): LineChunk => {
    const chunk = { bytes, line, isCut };
    line += newlinesIn(bytes);
    return chunk;
  };
  let failure: { readonly error: unknown } | undefined;
  try {
    for await (const piece of source) {
      collected.add(piece);
      if (collected.size() >= memory.chunkBytes && collected.hasLines()) yield next(collected.takeLines());
      if (collected.begun() > MAX_LINE_BYTES) throw new LineTooLong();
    }
  } catch (error) {
    failure = { error };
  }
  if (collected.hasLines()) yield next(collected.takeLines());
  if (failure !== undefined) yield { ...failure, line };
  else if (collected.size() > 0) yield next(collected.takeRest(), true);
}

interface Collected {
  add(piece: Uint8Array | string): void;
  size(): number;
  hasLines(): boolean;
  /** Bytes after the last line break. */
  begun(): number;
  takeLines(): Buffer<ArrayBuffer>;
  takeRest(): Buffer<ArrayBuffer>;
}

function collectLines(memory: ChunkMemory): Collected {
  let collected = Buffer.from(memory.take(0));
  let size = 0;
  /** Bytes up to the last line break. */
  let end = 0;
  /** Moves the bytes from `start` on to other memory, and returns the memory before. */
  const moveRest = (start: number, capacity: number): Buffer<ArrayBuffer> => {
    const before = collected;
    collected = Buffer.from(memory.take(capacity));
    before.copy(collected, 0, start, size);
    size -= start;
    return before;
  };
  const take = (length: number): Buffer<ArrayBuffer> => {
    end = 0;
    return moveRest(length, size - length).subarray(0, length);
  };
  return {
    add(piece) {
      const bytes =
        typeof piece === 'string' ? Buffer.from(piece) : Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
      if (size + bytes.length > collected.length) memory.giveBack(moveRest(0, 2 * (size + bytes.length)).buffer);
      bytes.copy(collected, size);
      const newline = bytes.lastIndexOf(NEWLINE);
      if (newline >= 0) end = size + newline + 1;
      size += bytes.length;
    },
    size: () => size,
    hasLines: () => end > 0,
    begun: () => size - end,
    takeLines: () => take(end),
    takeRest: () => take(size),
  };
}

function newlinesIn(bytes: Buffer): number {
  let count = 0;
  for (let at = nextNewline(bytes, 0); at >= 0; at = nextNewline(bytes, at + 1)) count += 1;
  return count;
}

/** Like `indexOf`, whose call takes longer than to pass an empty line. Little compressed content can be a billion of them. */
export function nextNewline(bytes: Buffer, from: number): number {
  return bytes[from] === NEWLINE ? from : bytes.indexOf(NEWLINE, from);
}
