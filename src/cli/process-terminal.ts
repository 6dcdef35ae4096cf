/** The terminal of this process. Colours: a terminal that has them, and no NO_COLOR (hasColors knows). */
import { fstatSync, writeSync } from 'node:fs';
import type { Terminal } from './terminal.ts';

export function processTerminal(): Terminal {
  const isTerminal = isTerminalAt(STDOUT) && process.stdout.isTTY;
  return {
    out: isTerminal ? throughStream() : directly(STDOUT, throughStream),
    note: (text) => void process.stderr.write(text),
    isTerminal,
    colours: isTerminal && process.stdout.hasColors(),
    input: () => process.stdin,
  };
}

const STDOUT = 1;

type Write = (text: string | Uint8Array) => void;

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
        const code = error instanceof Error && 'code' in error ? error.code : undefined;
        if (code === 'EAGAIN') stream = otherwise();
        else if (code === 'EPIPE') isClosed = true;
        else throw error;
      }
    }
    if (stream !== undefined) stream(rest);
  };
}
