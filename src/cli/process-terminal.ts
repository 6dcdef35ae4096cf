/** The terminal of this process. Colours: a terminal that has them, and no NO_COLOR (hasColors knows). */
import { isatty } from 'node:tty';
import type { Terminal } from './terminal.ts';

export function processTerminal(): Terminal {
  // A reader that has seen enough (head) is no error of ours.
  process.stdout.on('error', (error: NodeJS.ErrnoException) => {
    if (error.code !== 'EPIPE') throw error;
  });
  const isTerminal = isatty(1);
  return {
    out: (text) => void process.stdout.write(text),
    note: (text) => void process.stderr.write(text),
    isTerminal,
    colours: isTerminal && process.stdout.hasColors(),
    input: () => process.stdin,
  };
}
