/** The reviews on their way to the recording thread, in bounded memory. */
import { addTo, type Block, BLOCK_BYTES, createBlock, hasRoom, type Note, sizeOf } from './batch.ts';
import type { RecordingCounts } from './counts.ts';

export interface Queue {
  /** Returns false if there is no room. */
  reserve(bytes: number): boolean;
  release(bytes: number): void;
  add(note: Omit<Note, 'dropped'>, body: Buffer): void;
  /** Counts a review that is not recorded. */
  drop(): undefined;
  /** Returns how many reviews were dropped, which no later note tells. */
  takeDropped(): number;
  /** Sends what waits. */
  send(): void;
  /** Takes back the memory of a block that was sent, with this many reviews. */
  take(memory: ArrayBuffer, reviews: number): void;
  /** The reviews in blocks that were not taken back. */
  reviews(): number;
  /** Nothing is sent any more. */
  end(): void;
}

export interface QueueEvents {
  /** The memory moves to the receiver. */
  readonly onBlock: (memory: ArrayBuffer, content: Omit<Block, 'bytes'>) => void;
  readonly onDrop: (counts: RecordingCounts) => undefined;
}

const ONE_DROPPED: RecordingCounts = { recorded: 0, repeated: 0, unrecorded: 0, limited: 0, dropped: 1, bytes: 0 };
/** Of reviews that wait for the thread, or for their own decision. */
const MAX_BYTES = 8 * 1024 * 1024;
/** Of reviews that are larger than a block, so that a tenant who sends such reviews leaves room for those of others. */
const MAX_LARGE_BYTES = MAX_BYTES / 2;
const SEND_MS = 200;
const MAX_SPARE_BLOCKS = 4;

export function createQueue({ onBlock, onDrop }: QueueEvents): Queue {
  const pool = createPool();
  let block: Block | undefined;
  const memory = createMemory();
  let reviews = 0;
  const drops = countDrops(onDrop);
  const { drop } = drops;
  let timer: NodeJS.Timeout | undefined;
  const send = (): void => {
    clearTimeout(timer);
    timer = undefined;
    const full = block;
    block = undefined;
    // createBlock makes no other memory.
    if (full !== undefined) onBlock(full.bytes.buffer as ArrayBuffer, full);
  };
  const room = (size: number): Block | undefined => {
    if (block !== undefined && !hasRoom(block, size)) send();
    return block ?? (memory.reserve(Math.max(BLOCK_BYTES, size)) ? pool.block(size) : undefined);
  };
  /** Without a note, which is not written for a review that is dropped. */
  const mayFit = (size: number): boolean =>
    (block !== undefined && hasRoom(block, size)) || memory.hasRoom(Math.max(BLOCK_BYTES, size));
  return {
    ...memory,
    drop,
    takeDropped: drops.take,
    send,
    add(note, body) {
      if (!mayFit(body.length)) return drop();
      const text = JSON.stringify({ ...note, dropped: drops.untold() });
      block = room(sizeOf(text, body));
      if (block !== undefined) {
        drops.take();
        reviews += 1;
        addTo(block, text, body);
        timer ??= setTimeout(send, SEND_MS).unref();
      } else drop();
      return undefined;
    },
    take(taken, count) {
      memory.release(taken.byteLength);
      reviews -= count;
      pool.keep(taken);
    },
    reviews: () => reviews,
  };
}

interface Drops extends Pick<Queue, 'drop'> {
  /** What `take` has not returned. */
  readonly untold: () => number;
  readonly take: () => number;
}

function countDrops(onDrop: QueueEvents['onDrop']): Drops {
  let untold = 0;
  return {
    drop() {
      untold += 1;
      return onDrop(ONE_DROPPED);
    },
    untold: () => untold,
    take() {
      const taken = untold;
      untold = 0;
      return taken;
    },
  };
}

interface Memory extends Pick<Queue, 'reserve' | 'release' | 'end'> {
  hasRoom(size: number): boolean;
}

function createMemory(): Memory {
  let bytes = 0;
  let hasEnded = false;
  const hasRoomFor = (size: number): boolean =>
    !hasEnded && bytes + size <= (size > BLOCK_BYTES ? MAX_LARGE_BYTES : MAX_BYTES);
  return {
    hasRoom: hasRoomFor,
    reserve(size) {
      if (!hasRoomFor(size)) return false;
      bytes += size;
      return true;
    },
    release: (size) => void (bytes -= size),
    end: () => void (hasEnded = true),
  };
}

interface Pool {
  block(size: number): Block;
  keep(memory: ArrayBuffer): void;
}

/** Blocks of the usual size are used again. */
function createPool(): Pool {
  const spare: Block[] = [];
  return {
    block: (size) => (size <= BLOCK_BYTES ? spare.pop() : undefined) ?? createBlock(size),
    keep(memory) {
      if (memory.byteLength === BLOCK_BYTES && spare.length < MAX_SPARE_BLOCKS)
        spare.push({ bytes: Buffer.from(memory), used: 0, reviews: 0 });
    },
  };
}
