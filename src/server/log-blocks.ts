/**
 * Lines on their way out. Under load a write for each costs more than a review, and so do texts that grow; so each line is
 * turned into bytes at once, and handed on with those around it.
 */

export interface LineBlocks {
  readonly add: (line: string) => void;
  /** Hands on what is there. */
  readonly settle: () => void;
}

const BLOCK_BYTES = 16_384;
/** Full enough: the next line is likely to find no room. */
const ENOUGH_BYTES = 8192;
/** A UTF-16 unit becomes at most so many bytes of UTF-8. */
const BYTES_PER_UNIT = 3;

/** `write` gets whole lines in UTF-8, in bytes that stay as they are. */
export function createLineBlocks(write: (bytes: Buffer) => void): LineBlocks {
  const block = Buffer.allocUnsafeSlow(BLOCK_BYTES);
  let end = 0;
  const settle = (): void => {
    if (end === 0) return;
    // A copy, since it may have to wait for its destination, and the whole block with it.
    const bytes = Buffer.from(block.subarray(0, end));
    end = 0;
    write(bytes);
  };
  return {
    add(line) {
      const room = line.length * BYTES_PER_UNIT;
      if (end + room > BLOCK_BYTES) settle();
      if (room > BLOCK_BYTES) return write(Buffer.from(line));
      end += block.write(line, end);
      if (end >= ENOUGH_BYTES) settle();
    },
    settle,
  };
}
