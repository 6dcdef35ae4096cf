/** The terminal of this process. Colours: a terminal that has them, and no NO_COLOR (hasColors knows). */
import { fstatSync, writeSync } from 'node:fs';
import type { Terminal } from './terminal.ts';

export function processTerminal(): Terminal {
  const isTerminal = isTerminalAt(STDOUT) && process.stdout.isTTY;
  return {
    out: isTerminal ? throughStream() : directly(STDOUT, throughStream),
    note: toStandardError(),
    isTerminal,
    colors: isTerminal && process.stdout.hasColors(),
    input: () => process.stdin,
  };
}

const STDOUT = 1;

type Write = (text: string | Uint8Array) => void;

/** The answer has not arrived where it was to go: a full disk, for example. */
export class OutputError extends Error {
  constructor(cause: unknown) {
    super(`cannot write the answer to standard output: ${WRITE_REASONS[codeOf(cause)] ?? codeOf(cause)}`, { cause });
    this.name = 'OutputError';
  }
}

const WRITE_REASONS: Readonly<Record<string, string>> = {
  ENOSPC: 'no space left on device',
  EDQUOT: 'disk quota exceeded',
  EFBIG: 'file too large',
  EIO: 'input/output error',
};

function codeOf(error: unknown): string {
  if (error instanceof Error && 'code' in error) return String(error.code);
  throw error;
}

/** Notes are for whoever reads them: where nobody can, a command ends as it would, and a server goes on. */
function toStandardError(): Write {
  let stream: NodeJS.WriteStream | undefined;
  return (text) => {
    stream ??= process.stderr.on('error', () => undefined);
    stream.write(text);
  };
}

function throughStream(): Write {
  // A reader that has seen enough (head) is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return (text) => void process.stdout.write(text);
}

/** A terminal is a character device; so is /dev/null, hence "can be". Standard output can be closed. */
function isTerminalAt(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return true;
  }
}

/**
 * Into a pipe or a file, as the stream would: at once. The stream itself takes a tenth of the time of --help to load. A pipe that
 * its reader has made non-blocking can be full: from then on the stream writes.
 */
function directly(descriptor: number, otherwise: () => Write): Write {
  let stream: Write | undefined;
  let isClosed = false;
  return (text) => {
    let rest: Uint8Array = Buffer.from(text);
    while (stream === undefined && !isClosed && rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(descriptor, rest));
      } catch (error) {
        const code = codeOf(error);
        if (code === 'EAGAIN') stream = otherwise();
        else if (code === 'EPIPE') isClosed = true;
        else throw new OutputError(error);
      }
    }
    if (stream !== undefined) stream(rest);
  };
}
