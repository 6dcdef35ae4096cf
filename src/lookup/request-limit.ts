/** One request with all that ends it: its limit, that nobody wants it any more, that others need its place. */
import { RegistryError } from '../registry/client.ts';

export interface Limits {
  /** However long those wait who asked. */
  readonly limitMs: number;
  readonly isWanted: () => boolean;
  /** Others need the place. */
  readonly evicted: AbortSignal;
  /** What is said of a client that does not say it itself. */
  readonly late: () => RegistryError;
}

export type Ended<T> =
  | { readonly how: 'answer'; readonly value: T }
  /** `by`: who ended it, if it did not end by itself. */
  | { readonly how: 'error'; readonly error: RegistryError; readonly by: 'limit' | 'nobody' | 'others' | undefined };

/** For those who come again; beyond it a host that hangs would hold places that others need. */
const UNWANTED_MS = 2000;
/** For a client to say what it was waiting for when it was ended. Also one that does not listen holds a place no longer. */
const LAST_WORDS_MS = 100;

/** Rejects for a bug alone. */
export async function withinLimit<T>(ask: (signal: AbortSignal) => Promise<T>, limits: Limits): Promise<Ended<T>> {
  const controller = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  let by: 'limit' | 'nobody' | 'others' | undefined;
  let lastWords: NodeJS.Timeout | undefined;
  const end = (who: NonNullable<typeof by>): void => {
    if (by !== undefined) return;
    by = who;
    controller.abort();
    lastWords = setTimeout(() => reject(limits.late()), LAST_WORDS_MS);
  };
  const onEvicted = (): void => end('others');
  limits.evicted.addEventListener('abort', onEvicted, { once: true });
  const timer = setTimeout(() => end('limit'), limits.limitMs);
  let unwanted = false;
  const watch = setInterval(() => {
    if (unwanted && !limits.isWanted()) end('nobody');
    unwanted = !limits.isWanted();
  }, UNWANTED_MS);
  try {
    return { how: 'answer', value: await Promise.race([ask(controller.signal), over]) };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return { how: 'error', error, by };
  } finally {
    limits.evicted.removeEventListener('abort', onEvicted);
    for (const one of [timer, lastWords]) clearTimeout(one);
    clearInterval(watch);
  }
}
