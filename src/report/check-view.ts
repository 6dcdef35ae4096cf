/** How the text of `check` is laid out: by default as in a pipe, with one line per message and nothing that depends on a screen. */

export const GROUPINGS = ['file', 'workload', 'rule', 'namespace', 'image'] as const;
export type Grouping = (typeof GROUPINGS)[number];

export interface CheckView {
  /** undefined: by file, or by workload in a terminal if the text is longer than a screen. */
  readonly groupBy?: Grouping | undefined;
  /** undefined: not a terminal, and lines are not broken. */
  readonly columns?: number | undefined;
  readonly rows?: number | undefined;
  /** The program in the command lines of the text; undefined: `tidewaiter`. */
  readonly name?: string | undefined;
  /** Returns the text as a link to a file. undefined: the terminal has no links. */
  readonly link?: ((file: string, text: string) => string) | undefined;
  /** Lines of the input file before and after a finding. undefined: one if there are few findings in a terminal. */
  readonly sourceLines?: number | undefined;
  /** The text of an input file, or undefined if it cannot be read. */
  readonly textOf?: ((file: string) => string | undefined) | undefined;
  /** Commands to continue with, one line each. */
  readonly hints?: readonly string[] | undefined;
}

/** The lines of a screen of unknown height. */
const ROWS = 50;

/** Reports whether so many lines are more than a screen has. */
export function isLong(lines: number, { rows = ROWS }: CheckView): boolean {
  return lines > rows;
}

export function isTerminal({ columns }: CheckView): boolean {
  return columns !== undefined;
}
