/** The content of a file that others replace, such as a token that the kubelet renews: read again at most every few seconds. */
import { readFile, stat } from 'node:fs/promises';
import { reasonOf } from '../files/load-text.ts';
import { quoteValue } from '../image/quote.ts';
import { UnusableSettings } from './unusable-settings.ts';

export interface FileContent {
  /** The last content that could be read. Rejects if the file could never be read. */
  read(): Promise<string>;
  /** The next read reads the file. */
  expire(): void;
}

/** The kubelet renews a token long before it expires, so the old one is valid for longer. */
const MAX_AGE_MS = 10_000;
const MAX_BYTES = 1024 * 1024;

export function createFileContent(file: string, now: () => number): FileContent {
  let content: string | undefined;
  let readAt = Number.NEGATIVE_INFINITY;
  let running: Promise<string> | undefined;
  const load = async (): Promise<string> => {
    try {
      content = await textOf(file);
      readAt = now();
    } catch (error) {
      if (content === undefined) throw unreadable(file, error);
    } finally {
      running = undefined;
    }
    return content ?? '';
  };
  return {
    async read() {
      // The clock can have been set back.
      if (content !== undefined && Math.abs(now() - readAt) < MAX_AGE_MS) return content;
      running ??= load();
      return running;
    },
    expire() {
      readAt = Number.NEGATIVE_INFINITY;
    },
  };
}

function unreadable(file: string, error: unknown): UnusableSettings {
  if (error instanceof UnusableSettings) return error;
  return new UnusableSettings(`cannot read ${quoteValue(file)}: ${reasonOf(error)}`, { cause: error });
}

/** A pipe would block until something writes to it, and a device has no end. */
async function textOf(file: string): Promise<string> {
  const stats = await stat(file);
  if (stats.isFile() && stats.size <= MAX_BYTES) return readFile(file, 'utf8');
  throw new UnusableSettings(`cannot read ${quoteValue(file)}: expected a file of at most 1 MiB`);
}
