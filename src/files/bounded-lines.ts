/** Splits a stream into lines, in bounded memory. */
import type { Chunks } from './byte-queue.ts';

export type BoundedLine =
  | {
      readonly number: number;
      readonly bytes: Buffer;
      /** False for a last line without a line break. */ readonly isComplete: boolean;
    }
  | { readonly number: number; readonly tooLong: true };

const NEWLINE = 0x0a;

/** A line that is longer than `maxBytes` is skipped. Rejects like the source. */
export async function* boundedLines(chunks: Chunks, maxBytes: number): AsyncGenerator<BoundedLine, void> {
  let number = 1;
  let begun: Buffer[] = [];
  let length = 0;
  const lineOf = (isComplete: boolean): BoundedLine => {
    const bytes = begun.length === 1 && begun[0] !== undefined ? begun[0] : Buffer.concat(begun);
    const line: BoundedLine = length > maxBytes ? { number, tooLong: true } : { number, bytes, isComplete };
    begun = [];
    length = 0;
    number += 1;
    return line;
  };
  const add = (part: Buffer): void => {
    length += part.length;
    if (length <= maxBytes) begun.push(part);
    else begun = [];
  };
  for await (const chunk of chunks) {
    const bytes =
      typeof chunk === 'string' ? Buffer.from(chunk) : Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    let start = 0;
    for (let end = bytes.indexOf(NEWLINE); end >= 0; end = bytes.indexOf(NEWLINE, start)) {
      add(bytes.subarray(start, end));
      start = end + 1;
      yield lineOf(true);
    }
    if (start < bytes.length) add(bytes.subarray(start));
  }
  if (length > 0) yield lineOf(false);
}
