/** Counts different texts without keeping them. */
import { hash } from 'node:crypto';

export interface DistinctCount {
  add(text: string): void;
  /** At most `MAX_DISTINCT`. */
  count(): number;
}

/** 4 MiB of hashes. There can be more texts. */
export const MAX_DISTINCT = 250_000;

const FIRST_SLOTS = 1024;
/** Bytes of each hash: among 250,000 texts, two have the same one in 1 of 9,000 cases. */
const HASH_BYTES = 6;

export function countDistinct(): DistinctCount {
  // Open addressing. 0: a free slot.
  let slots = new Float64Array(0);
  let count = 0;
  const addHash = (value: number): void => {
    let at = value % slots.length;
    while (slots[at] !== 0 && slots[at] !== value) at = (at + 1) % slots.length;
    if (slots[at] === value) return;
    slots[at] = value;
    count += 1;
  };
  const grow = (): void => {
    const before = slots;
    slots = new Float64Array(Math.max(FIRST_SLOTS, 2 * before.length));
    count = 0;
    for (const value of before) if (value !== 0) addHash(value);
  };
  return {
    add(text) {
      if (count >= MAX_DISTINCT) return;
      if (2 * count >= slots.length) grow();
      addHash(hash('sha256', text, 'buffer').readUIntBE(0, HASH_BYTES) + 1);
    },
    count: () => count,
  };
}
