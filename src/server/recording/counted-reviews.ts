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

export function createCountedReviews(onCounts: (counts: readonly ShapeRepeats[]) => void): CountedReviews {
  const known = createKnownReviews();
  let counts = new Map<string, Mutable<ShapeRepeats>>();
  let reviews = 0;
  let hasEnded = false;
  let timer: NodeJS.Timeout | undefined;
  const send = (): void => {
    clearTimeout(timer);
    timer = undefined;
    if (counts.size > 0) onCounts([...counts.values()]);
    counts = new Map();
  };
  return {
    count(note, body, time) {
      const shape = known.find(note, body);
      if (shape === undefined) return false;
      const counted = counts.get(shape);
      if (counted === undefined) counts.set(shape, { shape, count: 1, first: time, last: time });
      else {
        counted.count += 1;
        // Decisions can end in another order than they began.
        if (time < counted.first) counted.first = time;
        if (time > counted.last) counted.last = time;
      }
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
