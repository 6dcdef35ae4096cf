/** Requests that take turns. */
import type { Bid } from '../../registry/fair-share.ts';
import type { FairQueue } from '../../registry/fair-queue.ts';

export interface Turn<T> {
  readonly bid: Bid;
  readonly isWanted: () => boolean;
  /** Called when there is a place. `evicted`: others need the place. */
  readonly request: (evicted: AbortSignal) => Promise<T>;
  /** The request waits for another place. */
  readonly giveWay: () => void;
}

/** Returns `full` if there is no room to wait. A request that gives way to other namespaces waits again: that is not an outage. */
export async function inTurn<T>(queue: FairQueue, turn: Turn<T>): Promise<T | 'full'> {
  for (;;) {
    const evicted = new AbortController();
    try {
      return await requestInPlace(queue, turn, evicted);
    } catch (error) {
      if (!evicted.signal.aborted || !turn.isWanted()) throw error;
      turn.giveWay();
    }
  }
}

async function requestInPlace<T>(
  queue: FairQueue,
  { bid, isWanted, request }: Turn<T>,
  evicted: AbortController,
): Promise<T | 'full'> {
  const place = queue.enter({ bids: [bid], isWanted, evict: () => evicted.abort() });
  try {
    return (await place.entered) === 'entered' ? await request(evicted.signal) : 'full';
  } finally {
    place.leave();
  }
}
