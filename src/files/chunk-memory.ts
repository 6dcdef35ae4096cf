/** Memory for the chunks of a recording. */

export interface ChunkMemory {
  /** The least size of a chunk, except for the last one. */
  readonly chunkBytes: number;
  /** Returns memory of its own, of at least this size. */
  take(bytes: number): ArrayBuffer;
  /** Nothing reads the memory any more. */
  giveBack(memory: ArrayBuffer): void;
}

const CHUNK_BYTES = 256 * 1024;

/** Uses memory again: new memory for each chunk costs the kernel and the garbage collector more than reading the file. */
export function createChunkMemory(chunkBytes = CHUNK_BYTES): ChunkMemory {
  // For the piece that completes a chunk, too.
  const usual = 2 * chunkBytes;
  const free: ArrayBuffer[] = [];
  return {
    chunkBytes,
    take: (bytes) => (bytes > usual ? undefined : free.pop()) ?? new ArrayBuffer(Math.max(bytes, usual)),
    giveBack(memory) {
      // That of a long line is not kept.
      if (memory.byteLength === usual) free.push(memory);
    },
  };
}
