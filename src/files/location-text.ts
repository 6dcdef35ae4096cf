/** How a place in a file reads, on one line: in a repository, file names are other people's. */
import { quoteValue } from '../image/quote.ts';

export interface TextLocation {
  readonly file: string;
  /** 1-based; null or undefined where it is about the file as a whole. */
  readonly line?: number | null | undefined;
  readonly column?: number | null | undefined;
}

/** `file:line:column` */
export function locationText({ file, line = null, column }: TextLocation): string {
  return line === null ? fileText(file) : `${fileText(file)}:${line}:${column ?? 1}`;
}

const MAX_PATH = 4096;

/** As it is where that is safe and can be seen. A line that begins with `::` is a command to GitHub Actions. */
export function fileText(file: string): string {
  const quoted = quoteValue(file, MAX_PATH);
  return quoted !== `"${file}"` || file.startsWith('::') || file.trim() !== file ? quoted : file;
}
