/** Ends a request at its time limit, when all its callers have given up, or when other requests need its place. */
import { RegistryError } from '../registry/client.ts';

export interface Limits {
  readonly limitMs: number;
  readonly isWanted: () => boolean;
  readonly evicted: AbortSignal;
  /** The error for a client that does not return one itself. */
  readonly late: () => RegistryError;
}

export type RequestEnd<T> =
  | { readonly how: 'answer'; readonly value: T }
  /** `by`: what ended the request; `undefined` if it ended by itself. */
  | { readonly how: 'error'; readonly error: RegistryError; readonly by: 'limit' | 'unwanted' | 'others' | undefined };

/** Time for callers to come back. After it, a registry that hangs would hold places that others need. */
const UNWANTED_MS = 2000;
/** Time for a client to return its own error after its signal aborts. */
const LAST_WORDS_MS = 100;

/** Rejects only on a bug. */
export async function withinLimit<T>(
  request: (signal: AbortSignal) => Promise<T>,
  limits: Limits,
): Promise<RequestEnd<T>> {
  const controller = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  let by: 'limit' | 'unwanted' | 'others' | undefined;
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
    if (unwanted && !limits.isWanted()) end('unwanted');
    unwanted = !limits.isWanted();
  }, UNWANTED_MS);
  try {
    return { how: 'answer', value: await Promise.race([request(controller.signal), over]) };
  } catch (error) {
    if (!(error instanceof RegistryError)) throw error;
    return { how: 'error', error, by };
  } finally {
    limits.evicted.removeEventListener('abort', onEvicted);
    for (const one of [timer, lastWords]) clearTimeout(one);
    clearInterval(watch);
  }
}
