/** Reads a file in pieces. */
import { closeSync, openSync, readSync } from 'node:fs';
import { setImmediate } from 'node:timers/promises';
import { PIECE_BYTES } from './inflate.ts';

/**
 * Uses the memory of a piece for the next one. Other threads of Node.js, which streams read with, would cost more than the reading
 * (test/bench/README.md). Signals and timers have their turn between pieces.
 */
export async function* filePieces(file: string): AsyncGenerator<Buffer, void> {
  const descriptor = openSync(file, 'r');
  try {
    const memory = Buffer.allocUnsafeSlow(PIECE_BYTES);
    for (let length = readSync(descriptor, memory); length > 0; length = readSync(descriptor, memory)) {
      yield memory.subarray(0, length);
      await setImmediate();
    }
  } finally {
    closeSync(descriptor);
  }
}
