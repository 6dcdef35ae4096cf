/** Where a command writes: the answer to stdout, everything else to stderr. */
export interface Terminal {
  out(text: string): void;
  note(text: string): void;
  /** Whether stdout is a person's terminal. */
  readonly isTerminal: boolean;
  readonly colours: boolean;
  /** Standard input. */
  input(): AsyncIterable<Uint8Array | string>;
}
