/**
 * The memory for answers that are being read, of the whole process: however many registries send as much as they may at the
 * same time, it is not more. A small answer needs a small place. One that is larger waits for a large place, which it never
 * gives back to wait for another, so that they cannot wait for each other.
 */
import { type HeldPlace, holdPlace, placesFor, type PlaceSeeker } from './crowded.ts';
import { createFairQueue, type FairQueue } from './fair-queue.ts';

/** Nearly every manifest and token. */
export const SMALL_BYTES = 64 * 1024;
/** 8 MiB. */
const SMALL_PLACES = 128;
/** 16 MiB, and as much again while one is copied: a manifest has at most 4 MiB. */
const LARGE_PLACES = 4;

export interface AnswerBudget {
  /** For one answer. */
  open(seeker: Omit<PlaceSeeker, 'words'>): Lease;
}

export interface Lease {
  /** Bytes that may be kept. */
  readonly granted: number;
  /** For more than that: as many as an answer may have. Rejects with a Crowded. */
  grow(bytes: number): Promise<void>;
  /** Called when others need the place. */
  onEvicted(give: () => void): void;
  close(): void;
}

const WORDS = 'has responded, and was not read: too many other answers are being read';

export function createAnswerBudget(): AnswerBudget {
  const half = (places: number): { readonly running: number; readonly waiting: number } => {
    return { running: places / 2, waiting: Infinity };
  };
  const queueOf = (places: number): FairQueue =>
    createFairQueue(placesFor(places, { perTenant: half(places), perGroup: half(places) }));
  const small = queueOf(SMALL_PLACES);
  const large = queueOf(LARGE_PLACES);
  return {
    open(seeker) {
      const held: HeldPlace[] = [];
      const listeners: (() => void)[] = [];
      let granted = 0;
      return {
        get granted() {
          return granted;
        },
        async grow(bytes) {
          const isSmall = bytes <= SMALL_BYTES;
          const place = await holdPlace(isSmall ? small : large, { ...seeker, words: WORDS });
          held.push(place);
          place.evicted.addEventListener('abort', () => {
            for (const give of listeners) give();
          });
          granted = isSmall ? SMALL_BYTES : Infinity;
        },
        onEvicted: (give) => void listeners.push(give),
        close() {
          for (const place of held.splice(0)) place.leave();
        },
      };
    },
  };
}
