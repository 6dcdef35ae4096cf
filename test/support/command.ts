import { run } from '../../src/cli/program.ts';

export interface CommandResult {
  readonly code: number;
  readonly out: string;
  readonly note: string;
}

/** Runs a command line in this process, with `stdin` as its standard input. */
export async function runCommand(
  argv: readonly string[],
  stdin: string | Uint8Array = '',
  { colors = false, name }: { readonly colors?: boolean; readonly name?: string } = {},
): Promise<CommandResult> {
  let out = '';
  let note = '';
  const terminal = {
    out: (text: string) => void (out += text),
    note: (text: string) => void (note += text),
    isTerminal: false,
    colors,
    async *input() {
      yield stdin;
    },
  };
  const code = await run(argv, terminal, name);
  return { code, out, note };
}
