/** Counts the reviews of known shapes. Only the counts go to the recording thread. */
import { createKnownReviews, type KnownNote, type KnownReview } from '../fast/known-reviews.ts';
import type { ShapeRepeats } from './batch.ts';

export interface CountedReviews {
  /** Returns false if the review is not known. `time`: in milliseconds since 1970. */
  count(note: KnownNote, body: Buffer, time: number): boolean;
  learn(known: KnownReview): void;
  /** Sends what was counted, and knows nothing any more. */
  forget(): void;
  send(): void;
  /** The reviews that were counted, and that the thread has not taken. */
  reviews(): number;
  taken(reviews: number): void;
  /** Nothing is counted any more. */
  end(): void;
}

type Mutable<T> = { -readonly [Key in keyof T]: T[Key] };

const SEND_MS = 200;
const MAX_KEPT = 1000;

export function createCountedReviews(onCounts: (counts: readonly ShapeRepeats[]) => void): CountedReviews {
  const known = createKnownReviews();
  /** Shapes stay with a count of 0: new ones every 0.2 s would be a third of the garbage in the old generation. */
  const counts = new Map<string, Mutable<ShapeRepeats>>();
  let reviews = 0;
  let hasEnded = false;
  let timer: NodeJS.Timeout | undefined;
  const send = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const counted = [...counts.values()].filter(({ count }) => count > 0);
    if (counted.length > 0) onCounts(counted);
    if (counts.size > MAX_KEPT) counts.clear();
    for (const each of counted) each.count = 0;
  };
  return {
    count(note, body, time) {
      const shape = known.find(note, body);
      if (shape === undefined) return false;
      const counted = counts.get(shape) ?? { shape, count: 0, first: time, last: time };
      counts.set(shape, counted);
      // Decisions can end in another order than they began.
      if (counted.count === 0 || time < counted.first) counted.first = time;
      if (counted.count === 0 || time > counted.last) counted.last = time;
      counted.count += 1;
      reviews += 1;
      timer ??= setTimeout(send, SEND_MS).unref();
      return true;
    },
    learn(review) {
      if (!hasEnded) known.add(review);
    },
    forget() {
      known.clear();
      send();
      counts.clear();
    },
    send,
    reviews: () => reviews,
    taken: (count) => void (reviews -= count),
    end() {
      hasEnded = true;
      known.clear();
    },
  };
}
