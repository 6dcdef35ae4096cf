/** Texts that do not fit into memory, in a temporary file. The file has no name, so that nothing is left of it whatever happens. */
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync, unlinkSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { UserError } from '../error/user-error.ts';
import { quoteValue } from '../image/quote.ts';
import { reasonOf } from './load-text.ts';

export interface Spool {
  /** Throws a UserError if the file cannot be written. */
  add(text: string): void;
  /** What was added, in its order. */
  texts(): Generator<string, void>;
  close(): void;
}

const OWNER_ONLY = 0o600;
/** Less needs no file. */
const BUFFER_BYTES = 1024 * 1024;

export function createSpool(directory = tmpdir()): Spool {
  const lengths: number[] = [];
  let waiting: Buffer[] = [];
  let waitingBytes = 0;
  let writtenBytes = 0;
  let file: number | undefined;
  const flush = (): void => {
    file ??= openUnnamed(directory);
    const bytes = Buffer.concat(waiting);
    for (let at = 0; at < bytes.length;) at += writeSync(file, bytes, at);
    writtenBytes += bytes.length;
    waiting = [];
    waitingBytes = 0;
  };
  return {
    add(text) {
      const bytes = Buffer.from(text);
      lengths.push(bytes.length);
      waiting.push(bytes);
      waitingBytes += bytes.length;
      if (waitingBytes >= BUFFER_BYTES) explained(directory, flush);
    },
    *texts() {
      let at = 0;
      const end = Buffer.concat(waiting);
      for (const length of lengths) {
        const isWritten = file !== undefined && at < writtenBytes;
        const from = at - writtenBytes;
        yield isWritten ? readText(file ?? -1, at, length) : end.toString('utf8', from, from + length);
        at += length;
      }
    },
    close() {
      if (file !== undefined) closeSync(file);
      file = undefined;
    },
  };
}

function openUnnamed(directory: string): number {
  const name = path.join(directory, `tidewaiter-${randomBytes(9).toString('hex')}`);
  const file = openSync(name, 'wx+', OWNER_ONLY);
  unlinkSync(name);
  return file;
}

function readText(file: number, at: number, length: number): string {
  const bytes = Buffer.allocUnsafe(length);
  for (let read = 0; read < length;) {
    const more = readSync(file, bytes, read, length - read, at + read);
    if (more === 0) throw new RangeError('the temporary file is shorter than what was written');
    read += more;
  }
  return bytes.toString();
}

function explained(directory: string, write: () => void): void {
  try {
    write();
  } catch (error) {
    throw new UserError(
      `cannot write a temporary file in ${quoteValue(directory)}: ${reasonOf(error)}; set TMPDIR to a directory with more space`,
      { cause: error },
    );
  }
}
