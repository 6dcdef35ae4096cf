/** How the program was started: by its name, as a plugin of kubectl, which runs `kubectl-tidewaiter`, or by npm. */
import path from 'node:path';
import { NAME } from '../report/command-lines.ts';

export interface Invocation {
  /** As users type it, for usage, examples, and remedies. */
  readonly name: string;
  readonly words: readonly string[];
}

/**
 * `argv` as in process.argv: Node.js, the path of the program, which can be a link, and the words. npm sets `npm_command` for npx and
 * for scripts, and does not put the program on the PATH of the shell.
 */
export function invocationOf(
  [, program = '', ...words]: readonly string[],
  { npm_command: npmCommand }: Readonly<Record<string, string | undefined>>,
): Invocation {
  const file = path.basename(program).replace(/\.(?:m?js|cmd)$/, '');
  if (file === 'kubectl_complete-tidewaiter') return { name: KUBECTL_NAME, words: ['complete', '--', ...words] };
  if (file === 'kubectl-tidewaiter') return { name: KUBECTL_NAME, words };
  return { name: npmCommand === undefined ? NAME : `npx ${NAME}`, words };
}

const KUBECTL_NAME = 'kubectl tidewaiter';
