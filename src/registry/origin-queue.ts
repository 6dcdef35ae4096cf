/** Requests to one host at the same time: whoever waits for its turn there has not asked yet, and turns go by namespace. */
import { OverloadError, holdPlace, placesFor } from './congestion.ts';
import { createFairQueue, type FairQueue } from './fair-queue.ts';
import { UNLIMITED } from './fair-share.ts';
import type { HttpRequest } from './http-message.ts';

export interface Origins {
  /** `work` ends with its signal: that of the caller, or others need the place. */
  within<T>(request: HttpRequest, signal: AbortSignal, work: (ended: AbortSignal) => Promise<T>): Promise<T>;
}

interface Origin {
  readonly queue: FairQueue;
  users: number;
}

const WAITED = 'was not contacted: too many requests to it are in progress';
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
        const place = await holdPlace(origin.queue, { tenant, group: url.host, signal, words: WAITED });
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
