/** The output of a command: results go to stdout, everything else to stderr. */
export interface Terminal {
  out(text: string): void;
  note(text: string): void;
  /** Whether stdout is a person's terminal. */
  readonly isTerminal: boolean;
  readonly colors: boolean;
  /** undefined: stdout is not a terminal, and lines are not broken. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** The program as the user started it, such as `npx tidewaiter`; undefined: `tidewaiter`. */
  readonly name?: string | undefined;
  /** The words after the name. */
  readonly words?: readonly string[] | undefined;
  /** Aborted when the reader of standard output has seen enough; undefined: that is not known. */
  readonly closed?: AbortSignal | undefined;
  /** Standard input. */
  input(): AsyncIterable<Uint8Array | string>;
}

export function print(
  { out, notes = '' }: { readonly out: string; readonly notes?: string },
  terminal: Pick<Terminal, 'out' | 'note'>,
): void {
  terminal.out(out);
  if (notes !== '') terminal.note(notes);
}
