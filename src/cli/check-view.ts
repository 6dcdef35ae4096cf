/** The layout of the text of `check`: from its flags and from the terminal. */
import { Readable } from 'node:stream';
import { loadRegularText } from '../files/load-text.ts';
import type { CheckView, Grouping } from '../report/check-view.ts';
import { fileLink, hasHyperlinks, type TerminalEnvironment } from './hyperlinks.ts';
import type { Terminal } from './terminal.ts';

export interface ViewFlags {
  readonly groupBy?: Grouping | undefined;
  readonly sourceLines?: number | undefined;
}

/** Larger files have no source lines. */
const MAX_MEBIBYTES = 4;

interface ViewInput {
  readonly terminal: Terminal;
  readonly env: TerminalEnvironment;
  readonly isBuiltIn: boolean;
  /** What standard input contained. */
  readonly stdin: () => string | undefined;
}

export function checkView(flags: ViewFlags, { terminal, env, isBuiltIn, stdin }: ViewInput): CheckView {
  const { columns, rows, name } = terminal;
  return {
    groupBy: flags.groupBy,
    sourceLines: flags.sourceLines,
    columns,
    rows,
    name,
    link: hasHyperlinks(env, terminal) ? fileLink : undefined,
    textOf: (file) => (file === 'stdin' ? stdin() : textIn(file)),
    hints: isBuiltIn ? ['to write a policy for these manifests, run tidewaiter init'] : [],
  };
}

function textIn(file: string): string | undefined {
  // A pipe is empty when it was read, and opening it again can wait forever.
  const read = loadRegularText(file, MAX_MEBIBYTES);
  return 'text' in read ? read.text : undefined;
}

type Chunks = AsyncIterable<Uint8Array | string>;

export interface KeptInput {
  readonly input: Chunks;
  /** The text, or undefined if it was not read or is too large. */
  readonly text: () => string | undefined;
  /** Ends the input, which keeps the process running otherwise. */
  readonly end: () => void;
}

/** Standard input can be read only once. */
export function keepInput(input: Chunks): KeptInput {
  const chunks: Uint8Array[] = [];
  let size = 0;
  async function* kept(): Chunks {
    for await (const chunk of input) {
      const bytes = typeof chunk === 'string' ? Buffer.from(chunk) : chunk;
      size += bytes.length;
      if (size <= MAX_MEBIBYTES * 1024 * 1024) chunks.push(bytes);
      else chunks.length = 0;
      yield chunk;
    }
  }
  const end = (): void => void (input instanceof Readable && input.destroy());
  return { input: kept(), end, text: () => (chunks.length === 0 ? undefined : Buffer.concat(chunks).toString()) };
}
