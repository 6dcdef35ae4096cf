/** Reads a file of the system again after a while. Concurrent callers share one read. */
import { readFile } from 'node:fs/promises';

export type FileText =
  | { readonly state: 'read'; readonly text: string }
  | { readonly state: 'absent' }
  /** A sentence fragment with the reason. */
  | { readonly state: 'failed'; readonly problem: string };

const REREAD_MS = 10_000;
const MAX_LENGTH = 4 * 1024 * 1024;

/** Returns the parsed file, synchronously while it is fresh. */
export function watchedFile<T extends object>(
  file: string,
  parse: (text: FileText) => T,
  now: () => number,
): () => T | Promise<T> {
  let last: { readonly value: T; readonly atMs: number } | undefined;
  let underWay: Promise<T> | undefined;
  const read = async (): Promise<T> => {
    try {
      const value = parse(await textOf(file));
      last = { value, atMs: now() };
      return value;
    } finally {
      underWay = undefined;
    }
  };
  return () => {
    if (last !== undefined && now() - last.atMs < REREAD_MS) return last.value;
    return (underWay ??= read());
  };
}

async function textOf(file: string): Promise<FileText> {
  try {
    const text = await readFile(file, 'utf8');
    return text.length > MAX_LENGTH ? { state: 'failed', problem: 'it is too long' } : { state: 'read', text };
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : undefined;
    if (code === undefined) throw error;
    return code === 'ENOENT' ? { state: 'absent' } : { state: 'failed', problem: code };
  }
}
