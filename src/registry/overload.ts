/** It was not asked, or not to the end, since too much is under way for all: no trouble of a registry. */
import { untilAborted } from './until-aborted.ts';
import type { FairQueue } from './fair-queue.ts';
import type { QueueLimits } from './fair-share.ts';

export class OverloadError extends Error {
  override readonly name = 'OverloadError';
}

/** One of so many places of whatever kind; `limits` beside the number of them. */
export function placesFor(running: number, limits: Pick<QueueLimits, 'perTenant' | 'perGroup'>): QueueLimits {
  const unlimited = { running: Infinity, waiting: Infinity };
  return { tiers: [running], waiting: MAX_WAITING, perReview: unlimited, patienceMs: PATIENCE_MS, ...limits };
}

const MAX_WAITING = 10_000;
/** Less than for a lookup, which waits for several of them. */
const PATIENCE_MS = 500;

export interface HeldPlace {
  /** Others need it. */
  readonly evicted: AbortSignal;
  leave(): void;
}

export interface PlaceSeeker {
  readonly tenant: string;
  /** The host. */
  readonly group: string;
  readonly signal: AbortSignal;
  /** Goes on from the name of a host. */
  readonly words: string;
}

/** Rejects with an OverloadError when there is none in time. */
export async function holdPlace(queue: FairQueue, { tenant, group, signal, words }: PlaceSeeker): Promise<HeldPlace> {
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
