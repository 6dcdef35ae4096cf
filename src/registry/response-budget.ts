/**
 * The memory for answers that are being read, of the whole process: however many registries send as much as they may at the
 * same time, it is not more. A small answer needs a small place. One that is larger waits for a large place, which it never
 * gives back to wait for another, so that they cannot wait for each other.
 */
import { type HeldPlace, holdPlace, placesFor, type PlaceSeeker } from './congestion.ts';
import { createFairQueue, type FairQueue } from './fair-queue.ts';

/** Nearly every manifest and token. */
export const SMALL_BYTES = 64 * 1024;
/** 8 MiB. */
const SMALL_PLACES = 128;
/** 16 MiB. */
const LARGE_PLACES = 4;

export interface ResponseBudget {
  /** For one answer. */
  open(seeker: Omit<PlaceSeeker, 'words'>): Lease;
}

export interface Lease {
  /** Bytes that may be kept. */
  readonly granted: number;
  /** For more than SMALL_BYTES. Others use it after `close`. */
  readonly memory: Buffer | undefined;
  /** For more bytes than were granted; above SMALL_BYTES for as many as an answer may have. Rejects with an OverloadError. */
  grow(bytes: number): Promise<void>;
  /** Called when others need the place. */
  onEvicted(give: () => void): void;
  close(): void;
}

const WORDS = 'responded, but was not read: too many responses are being read';

/** `largestBytes`: no answer has more. */
export function createResponseBudget(largestBytes: number): ResponseBudget {
  const half = (places: number): { readonly running: number; readonly waiting: number } => {
    return { running: places / 2, waiting: Infinity };
  };
  const queueOf = (places: number): FairQueue =>
    createFairQueue(placesFor(places, { perTenant: half(places), perGroup: half(places) }));
  const small = queueOf(SMALL_PLACES);
  const large = queueOf(LARGE_PLACES);
  const memories = createMemories(largestBytes);
  return {
    open(seeker) {
      const held: HeldPlace[] = [];
      const listeners: (() => void)[] = [];
      let granted = 0;
      let memory: Buffer | undefined;
      let isClosed = false;
      return {
        get granted() {
          return granted;
        },
        get memory() {
          return memory;
        },
        async grow(bytes) {
          const isSmall = bytes <= SMALL_BYTES;
          const place = await holdPlace(isSmall ? small : large, { ...seeker, words: WORDS });
          if (isClosed) return place.leave();
          held.push(place);
          place.evicted.addEventListener('abort', () => {
            for (const give of listeners) give();
          });
          granted = isSmall ? SMALL_BYTES : largestBytes;
          if (!isSmall) memory = memories.take();
        },
        onEvicted: (give) => void listeners.push(give),
        close() {
          isClosed = true;
          for (const place of held.splice(0)) place.leave();
          if (memory !== undefined) memories.giveBack(memory);
          memory = undefined;
        },
      };
    },
  };
}

interface Memories {
  take(): Buffer;
  giveBack(memory: Buffer): void;
}

/** Of the large places. Each is used again: a registry can send without end, and what is dropped stays until the next collection. */
function createMemories(bytes: number): Memories {
  const spare: Buffer[] = [];
  return {
    take: () => spare.pop() ?? Buffer.allocUnsafeSlow(bytes),
    giveBack: (memory) => void spare.push(memory),
  };
}
