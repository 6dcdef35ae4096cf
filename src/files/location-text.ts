/** Formats a location in a file on one line. File names are untrusted input. */
import { quoteValue } from '../image/quote.ts';

export interface TextLocation {
  readonly file: string;
  /** 1-based; null or undefined: the whole file. */
  readonly line?: number | null | undefined;
  readonly column?: number | null | undefined;
}

/** `file:line:column` */
export function locationText({ file, line = null, column }: TextLocation): string {
  return line === null ? fileText(file) : `${fileText(file)}:${line}:${column ?? 1}`;
}

const MAX_PATH = 4096;

/** Quotes a name only if it is unsafe or hard to see. GitHub Actions runs a line that starts with `::` as a command. */
export function fileText(file: string): string {
  const quoted = quoteValue(file, MAX_PATH);
  return quoted !== `"${file}"` || file.startsWith('::') || file.trim() !== file ? quoted : file;
}
