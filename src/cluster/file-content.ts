/** The content of a file that others replace, such as a token that the kubelet renews: read again at most every few seconds. */
import { open } from 'node:fs/promises';
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
      if (content === undefined)
        throw new UnusableSettings(`cannot read ${quoteValue(file)}: ${reasonOf(error)}`, { cause: error });
    } finally {
      running = undefined;
    }
    return content ?? '';
  };
  return {
    async read() {
      if (content !== undefined && now() - readAt < MAX_AGE_MS) return content;
      running ??= load();
      return running;
    },
    expire() {
      readAt = Number.NEGATIVE_INFINITY;
    },
  };
}

/** Bounded, because a device or a pipe has no size. */
async function textOf(file: string): Promise<string> {
  const handle = await open(file);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(MAX_BYTES), 0, MAX_BYTES, null);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
