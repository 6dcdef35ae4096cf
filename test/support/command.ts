import { run } from '../../src/cli/program.ts';

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly note: string;
}

/** Runs a command line in this process, with `stdin` as its standard input. */
export async function runCommand(argv: readonly string[], stdin = ''): Promise<CommandResult> {
  let out = '';
  let note = '';
  const code = await run(argv, {
    out: (text) => void (out += text),
    note: (text) => void (note += text),
    isTerminal: false,
    colors: false,
    async *input() {
      yield stdin;
    },
  });
  return { code, out, note };
}
