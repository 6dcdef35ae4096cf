/** Collects the bytes of one response. */
export interface BodyBuffer {
  /** The maximum number of bytes. */
  readonly limit: number;
  /** The number of bytes received. */
  readonly offered: number;
  /** Adds a chunk, which waits until there is room for it. */
  offer(chunk: Buffer): void;
  /** Copies the waiting chunks, into `memory` if its own memory is too small; false if the limit is exceeded. */
  keep(memory: Buffer | undefined): boolean;
  /** Returns the collected bytes, never a part of `memory`. */
  read(): Buffer;
}

const FIRST_BYTES = 4096;
const NOTHING = Buffer.alloc(0);

export function createBodyBuffer(limit: number, length: number | undefined): BodyBuffer {
  // Allocated when there is room.
  let bytes: Buffer = NOTHING;
  let isLent = false;
  let kept = 0;
  let offered = 0;
  let waiting: Buffer[] = [];

  function reserve(size: number, memory: Buffer | undefined): void {
    if (size <= bytes.length) return;
    const wanted = Math.max(size, bytes.length === 0 ? (length ?? FIRST_BYTES) : bytes.length * 2);
    const larger = memory ?? Buffer.allocUnsafeSlow(Math.min(wanted, limit));
    bytes.copy(larger, 0, 0, kept);
    bytes = larger;
    isLent = memory !== undefined;
  }

  return {
    limit,
    get offered() {
      return offered;
    },
    offer(chunk) {
      offered += chunk.length;
      waiting.push(chunk);
    },
    keep(memory) {
      for (const chunk of waiting) {
        const size = Math.min(kept + chunk.length, limit);
        reserve(size, memory);
        chunk.copy(bytes, kept, 0, size - kept);
        kept = size;
      }
      waiting = [];
      return offered <= limit;
    },
    read() {
      const whole = bytes.subarray(0, kept);
      return isLent ? Buffer.from(whole) : whole;
    },
  };
}
