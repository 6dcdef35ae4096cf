/** An input that cannot be read, or an API server that does not give what is needed. */
import type { ErrorRow } from '../../report/check.ts';

/** `line`: null if the problem is about all of it. */
export function errorIn(file: string, message: string, line: number | null = null): ErrorRow {
  return { file, line, column: null, document: null, message };
}
