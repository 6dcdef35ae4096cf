/** Places in queues of requests. A request that gets no place fails, which says nothing about the registry. */
import { untilAborted } from './until-aborted.ts';
import type { FairQueue } from './fair-queue.ts';
import type { QueueLimits } from './fair-share.ts';

export class OverloadError extends Error {
  override readonly name = 'OverloadError';
}

/** Limits for a queue with so many places. */
export function placesFor(running: number, limits: Pick<QueueLimits, 'perTenant' | 'perGroup'>): QueueLimits {
  const unlimited = { running: Infinity, waiting: Infinity };
  return { tiers: [running], waiting: MAX_WAITING, perReview: unlimited, patienceMs: PATIENCE_MS, ...limits };
}

const MAX_WAITING = 10_000;
/** Shorter than for a lookup, which waits for several places. */
const PATIENCE_MS = 500;

export interface QueuePlace {
  /** Aborts when other callers need the place. */
  readonly evicted: AbortSignal;
  leave(): void;
}

export interface PlaceSeeker {
  readonly tenant: string;
  /** The host. */
  readonly group: string;
  readonly signal: AbortSignal;
  /** Follows the name of the host in a message. */
  readonly words: string;
}

/** Rejects with an OverloadError if there is no place in time. */
export async function takePlace(queue: FairQueue, { tenant, group, signal, words }: PlaceSeeker): Promise<QueuePlace> {
  const eviction = new AbortController();
  const place = queue.enter({
    bids: [{ tenant, review: {}, group, tier: 0 }],
    isWanted: () => !signal.aborted,
    evict: () => eviction.abort(),
  });
  const how = await untilAborted(place.entered, signal).catch(() => 'unwanted');
  if (how === 'entered' && !signal.aborted) return { evicted: eviction.signal, leave: () => place.leave() };
  place.leave();
  throw new OverloadError(words);
}
