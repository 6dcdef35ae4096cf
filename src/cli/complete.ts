/**
 * Completes a command line from the definitions of the commands. A shell passes the words so far, of which the last is unfinished.
 * The output is one candidate per line, `value<TAB>description`, then `:4`, or `:0` if file names are also candidates.
 */
import type { Command } from 'commander';
import { walk } from './complete-place.ts';
import { completionAt } from './complete-values.ts';
import type { Terminal } from './terminal.ts';

const FILES = ':0';
const NO_FILES = ':4';

export async function complete(words: readonly string[], program: Command, terminal: Terminal): Promise<number> {
  const typed = words.at(-1) ?? '';
  const { candidates, files } = await completionAt(walk(program, words.slice(0, -1)), typed);
  // After `--output=`, only the value is completed; shells keep the text before it.
  const start = typed.startsWith('--') ? typed.slice(typed.indexOf('=') + 1) : typed;
  const lines = candidates
    .filter(({ value }) => value.startsWith(start))
    .map(({ value, description }) => `${value}\t${description}\n`);
  terminal.out(`${lines.join('')}${files ? FILES : NO_FILES}\n`);
  return 0;
}
