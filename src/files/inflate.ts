/** Decompresses gzip and zstd, recognized by their first bytes; other content stays as it is. */
import { createGunzip, createZstdDecompress, type Gunzip, type ZstdDecompress } from 'node:zlib';
import { type ByteQueue, byteQueue, type Chunks } from './byte-queue.ts';

/** With the sizes of Node.js (16 and 64 KiB), reading a file takes three times the CPU time. */
export const PIECE_BYTES = 256 * 1024;

type Engine = Gunzip | ZstdDecompress;

const FORMATS: readonly { readonly magic: Buffer; readonly create: () => Engine }[] = [
  {
    magic: Buffer.from([0x1f, 0x8b]),
    create: () => createGunzip({ chunkSize: PIECE_BYTES }),
  },
  {
    magic: Buffer.from([0x28, 0xb5, 0x2f, 0xfd]),
    create: () => createZstdDecompress({ chunkSize: PIECE_BYTES }),
  },
];
const MAGIC_BYTES = Math.max(...FORMATS.map(({ magic }) => magic.length));

interface InflateOptions {
  /**
   * No piece is used after the next one is read, so that its memory can be freed. The garbage collector leaves up to 64 MiB of such
   * memory in each thread (test/bench/README.md).
   */
  readonly freesPieces?: boolean;
}

/** Rejects if compressed content is damaged, or after its last bytes if it ends early. */
export async function* inflated(
  source: Chunks,
  { freesPieces = false }: InflateOptions = {},
): AsyncGenerator<Buffer, void> {
  const input = byteQueue(source);
  try {
    const start = await input.peek(MAGIC_BYTES);
    const create = FORMATS.find(({ magic }) => start.subarray(0, magic.length).equals(magic))?.create;
    // Compressed files can be joined; Node.js stops after the first zstd frame.
    while ((await input.peek(1)).length > 0) {
      if (create === undefined) yield await input.take(PIECE_BYTES);
      else yield* freesPieces ? freed(frame(create(), input)) : frame(create(), input);
    }
  } finally {
    await input.close();
  }
}

/** Ends without an error where compressed content ends early: a process that ended while it wrote leaves such a file. */
export async function* untilCut(source: Chunks, onCut: (error: unknown) => void = () => undefined): Chunks {
  try {
    yield* source;
  } catch (error) {
    if (!isCut(error)) throw error;
    onCut(error);
  }
}

/** Returns undefined if the error is not about compressed content. */
export function inflateProblem(error: unknown): string | undefined {
  if (isCut(error)) return 'the compressed content ends early';
  return /^Z(STD)?_/.test(codeOf(error)) ? 'the compressed content is damaged' : undefined;
}

/** zlib and zstd fail with it only at the end of what they got. */
function isCut(error: unknown): boolean {
  return codeOf(error) === 'Z_BUF_ERROR';
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}

async function* freed(pieces: AsyncIterable<Buffer>): AsyncGenerator<Buffer, void> {
  for await (const piece of pieces) {
    yield piece;
    const { buffer, byteOffset, byteLength } = piece;
    // Node.js writes to the same memory until it is full.
    if (buffer instanceof ArrayBuffer && byteOffset + byteLength === buffer.byteLength) buffer.transfer(0);
  }
}

async function* frame(engine: Engine, input: ByteQueue): AsyncGenerator<Buffer, void> {
  let onTaken = (): void => undefined;
  const allTaken = (): Promise<void> | undefined =>
    engine.readableLength === 0 ? undefined : new Promise((resolve) => (onTaken = resolve));
  const fed = feed(engine, input, allTaken);
  try {
    for await (const chunk of engine) {
      if (engine.readableLength === 0) onTaken();
      yield chunk as Buffer;
    }
  } finally {
    engine.destroy();
    const { bytes, last } = await fed;
    const unread = bytes - engine.bytesWritten;
    if (unread > 0) input.giveBack(last.subarray(last.length - unread));
  }
}

/** Writes piece after piece, until the engine or the input has ended. */
async function feed(
  engine: Engine,
  input: ByteQueue,
  allTaken: () => Promise<void> | undefined,
): Promise<{ readonly bytes: number; readonly last: Buffer }> {
  const closed = new Promise<void>((resolve) => engine.once('close', resolve));
  let bytes = 0;
  let last: Buffer = Buffer.alloc(0);
  while (!engine.destroyed) {
    const piece = await input.take(PIECE_BYTES);
    if (piece.length === 0) break;
    bytes += piece.length;
    last = piece;
    // An engine that was closed does not call back.
    await Promise.race([new Promise<void>((resolve) => engine.write(piece, () => resolve())), closed]);
    // The frame has ended.
    if (engine.bytesWritten < bytes) return { bytes, last };
  }
  // An engine that fails loses what was not taken.
  await Promise.race([allTaken(), closed]);
  if (!engine.destroyed) engine.end();
  return { bytes, last };
}
