/**
 * Limits the memory of the process for responses that are being received, however many registries send large responses. A small
 * response needs a small place. A larger response waits for a large place, and never for a second one, so that responses cannot
 * wait for each other.
 */
import { type QueuePlace, takePlace, placesFor, type PlaceSeeker } from './congestion.ts';
import { createFairQueue, type FairQueue } from './fair-queue.ts';

/** Enough for nearly all manifests and tokens. */
export const SMALL_BYTES = 64 * 1024;
/** 8 MiB. */
const SMALL_PLACES = 128;
/** 16 MiB. */
const LARGE_PLACES = 4;

export interface ResponseBudget {
  /** Opens a lease for one response. */
  open(seeker: Omit<PlaceSeeker, 'words'>): Lease;
}

export interface Lease {
  /** Bytes that the response can use. */
  readonly granted: number;
  /** For responses larger than SMALL_BYTES. Other responses use it after `close`. */
  readonly memory: Buffer | undefined;
  /** Grants more bytes; above SMALL_BYTES, the maximum size of a response. Rejects with an OverloadError. */
  grow(bytes: number): Promise<void>;
  /** Called when others need the place. */
  onEvicted(give: () => void): void;
  close(): void;
}

const WORDS = 'responded, but was not read: too many responses are being read';

/** `largestBytes`: the maximum size of a response. */
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
      const places: QueuePlace[] = [];
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
          const place = await takePlace(isSmall ? small : large, { ...seeker, words: WORDS });
          if (isClosed) return place.leave();
          places.push(place);
          place.evicted.addEventListener('abort', () => {
            for (const give of listeners) give();
          });
          granted = isSmall ? SMALL_BYTES : largestBytes;
          if (!isSmall) memory = memories.take();
        },
        onEvicted: (give) => void listeners.push(give),
        close() {
          isClosed = true;
          for (const place of places.splice(0)) place.leave();
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

/** The memory of the large places. It is reused, because released memory would stay until the next garbage collection. */
function createMemories(bytes: number): Memories {
  const spare: Buffer[] = [];
  return {
    take: () => spare.pop() ?? Buffer.allocUnsafeSlow(bytes),
    giveBack: (memory) => void spare.push(memory),
  };
}
