/** Items that wait until it is known how often their reviews occurred. */
import { createSpool, type Spool } from '../../files/spool.ts';
import { type ItemChunk, itemText } from './items.ts';

export interface WaitingItems extends Iterable<ItemChunk> {
  add(chunk: ItemChunk): void;
  /** In characters, about the memory of those in memory. */
  size(): number;
  /** Moves them to a temporary file. */
  spool(): void;
  /** Returns those in memory, which then wait no longer. */
  take(): readonly ItemChunk[];
  close(): void;
}

const ITEM_SIZE = 500;
/** Of a review with its differences. */
const DIFFERENT_SIZE = 4000;

export function waitingItems(): WaitingItems {
  let chunks: ItemChunk[] = [];
  let size = 0;
  let spool: Spool | undefined;
  const take = (): readonly ItemChunk[] => {
    const taken = chunks;
    chunks = [];
    size = 0;
    return taken;
  };
  return {
    add(chunk) {
      chunks.push(chunk);
      size += sizeOf(chunk);
    },
    size: () => size,
    spool() {
      spool ??= createSpool();
      for (const chunk of take()) spool.add(typeof chunk === 'string' ? chunk : chunk.map(itemText).join(''));
    },
    take,
    *[Symbol.iterator]() {
      if (spool !== undefined) yield* spool.texts();
      yield* chunks;
    },
    close: () => spool?.close(),
  };
}

function sizeOf(chunk: ItemChunk): number {
  if (typeof chunk === 'string') return chunk.length;
  return chunk.reduce(
    (sum, item) => sum + ('row' in item && item.row.change !== 'same' ? DIFFERENT_SIZE : ITEM_SIZE),
    0,
  );
}
