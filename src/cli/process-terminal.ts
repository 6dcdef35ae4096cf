/** The terminal of this process. It has colors if the terminal supports them and NO_COLOR is not set. */
import { fstatSync, writeSync } from 'node:fs';
import type { Terminal } from './terminal.ts';

export function processTerminal(): Terminal {
  const isTerminal = isTerminalAt(STDOUT) && process.stdout.isTTY;
  const closed = new AbortController();
  const stream = (): Write => throughStream(closed);
  return {
    out: isTerminal ? stream() : directly(STDOUT, { stream, closed }),
    closed: closed.signal,
    note: toStandardError(),
    isTerminal,
    colors: isTerminal && process.stdout.hasColors(),
    columns: isTerminal ? process.stdout.columns : undefined,
    rows: isTerminal ? process.stdout.rows : undefined,
    input: () => process.stdin,
  };
}

const STDOUT = 1;

type Write = (text: string | Uint8Array) => void;

/** Standard output cannot be written, for example because the disk is full. */
export class OutputError extends Error {
  constructor(cause: unknown) {
    super(`cannot write to standard output: ${WRITE_REASONS[codeOf(cause)] ?? codeOf(cause)}`, { cause });
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

/** A closed standard error does not change the exit code of a command or stop a server. */
function toStandardError(): Write {
  let stream: NodeJS.WriteStream | undefined;
  return (text) => {
    stream ??= process.stderr.on('error', () => undefined);
    stream.write(text);
  };
}

function throughStream(closed: AbortController): Write {
  // EPIPE is not an error: the reader, such as head, closed the pipe.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
    closed.abort();
  });
  return (text) => void process.stdout.write(text);
}

/** Reports whether a descriptor can be a terminal. /dev/null is a character device as well, and the descriptor can be closed. */
function isTerminalAt(descriptor: number): boolean {
  try {
    return fstatSync(descriptor).isCharacterDevice();
  } catch {
    return true;
  }
}

/**
 * Writes to a pipe or a file directly, because loading the stream takes a tenth of the time of --help. If a non-blocking pipe is
 * full, the stream writes from then on.
 */
function directly(
  descriptor: number,
  { stream: otherwise, closed }: { readonly stream: () => Write; readonly closed: AbortController },
): Write {
  let stream: Write | undefined;
  return (text) => {
    let rest: Uint8Array = Buffer.from(text);
    while (stream === undefined && !closed.signal.aborted && rest.length > 0) {
      try {
        rest = rest.subarray(writeSync(descriptor, rest));
      } catch (error) {
        const code = codeOf(error);
        if (code === 'EAGAIN') stream = otherwise();
        else if (code === 'EPIPE') closed.abort();
        else throw new OutputError(error);
      }
    }
    if (stream !== undefined) stream(rest);
  };
}
