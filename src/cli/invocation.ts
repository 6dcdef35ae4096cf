/** The name and the words of a command line. kubectl runs `kubectl-tidewaiter`, and `kubectl_complete-tidewaiter` for completion. */
import path from 'node:path';

export interface Invocation {
  /** As users type it, for usage and examples. */
  readonly name: string;
  readonly words: readonly string[];
}

/** `argv` as in process.argv: Node.js, the path of the program, which can be a link, and the words. */
export function invocationOf([, program = '', ...words]: readonly string[]): Invocation {
  const file = path.basename(program).replace(/\.(?:m?js|cmd)$/, '');
  if (file === 'kubectl_complete-tidewaiter') return { name: KUBECTL_NAME, words: ['complete', '--', ...words] };
  return { name: file === 'kubectl-tidewaiter' ? KUBECTL_NAME : NAME, words };
}

export const NAME = 'tidewaiter';
const KUBECTL_NAME = 'kubectl tidewaiter';

/** Replaces the name in the command lines of help and messages: `tidewaiter check`, but not `npx tidewaiter check`. */
export function withName(text: string, name: string): string {
  return name === NAME ? text : text.replace(COMMAND_LINE, name);
}

const COMMAND_LINE = /(?<=^ {2}(?:source <\()?|usage: |\| |, run )tidewaiter(?= [a-z])/gm;
