/** The terminal of this process. Colours: a terminal that has them, and no NO_COLOR (hasColors knows). */
import type { Terminal } from './terminal.ts';

export function processTerminal(): Terminal {
  // A reader that has seen enough (head) is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  return {
    out: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text),
    isTerminal: process.stdout.isTTY,
    colours: process.stdout.isTTY && process.stdout.hasColors(),
    input: () => process.stdin,
  };
}
