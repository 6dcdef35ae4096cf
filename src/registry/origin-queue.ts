/** Limits concurrent requests to one host. Namespaces take turns. A request that waits has not been sent. */
import { OverloadError, takePlace, placesFor } from './congestion.ts';
import { createFairQueue, type FairQueue } from './fair-queue.ts';
import { UNLIMITED } from './fair-share.ts';
import type { HttpRequest } from './http-message.ts';

export interface Origins {
  /** The signal of `work` aborts if the caller's signal aborts, or if others need the place. */
  within<T>(request: HttpRequest, signal: AbortSignal, work: (ended: AbortSignal) => Promise<T>): Promise<T>;
}

interface Origin {
  readonly queue: FairQueue;
  users: number;
}

const NOT_SENT = 'was not contacted: too many requests to it are in progress';
const EVICTED = 'did not respond while requests of other namespaces waited';

export function createOrigins(): Origins {
  const origins = new Map<string, Origin>();

  function originOf({ url: { origin }, entry: { concurrency } }: HttpRequest): Origin {
    const known = origins.get(origin);
    if (known !== undefined) return known;
    const limits = placesFor(concurrency, { perTenant: UNLIMITED, perGroup: UNLIMITED });
    const made = { queue: createFairQueue(limits), users: 0 };
    origins.set(origin, made);
    return made;
  }

  return {
    async within(request, signal, work) {
      const origin = originOf(request);
      const { tenant, url } = request;
      origin.users += 1;
      try {
        const place = await takePlace(origin.queue, { tenant, group: url.host, signal, words: NOT_SENT });
        try {
          return await work(AbortSignal.any([signal, place.evicted]));
        } catch (error) {
          if (place.evicted.aborted && !signal.aborted) throw new OverloadError(EVICTED, { cause: error });
          throw error;
        } finally {
          place.leave();
        }
      } finally {
        origin.users -= 1;
        if (origin.users === 0) origins.delete(url.origin);
      }
    },
  };
}
