/**
 * A shared amount of bytes or connections. A holder can have at most as much as is still free for all others, so a late holder
 * also gets something: one holder that takes all it can leaves half, two leave a quarter.
 */

/** Returns the amount to the pool; a second call does nothing. */
export type Lease = () => void;

export interface Pool {
  /** `holder` is a network address. Returns undefined if the amount is not available. */
  lease(holder: string, amount: number): Lease | undefined;
  heldBy(holder: string): number;
  readonly used: number;
}

/** Holders that are kept without a share: to delete the last one would leave the old generation a table for each lease (test/bench/README.md). */
const KEPT_HOLDERS = 64;

export function createPool(size: number): Pool {
  const shares = new Map<string, number>();
  let used = 0;
  const shareOf = (name: string): number => shares.get(name) ?? 0;
  const add = (name: string, amount: number): void => {
    const share = shareOf(name) + amount;
    if (share === 0 && shares.size > KEPT_HOLDERS) shares.delete(name);
    else shares.set(name, share);
  };
  return {
    lease(holder, amount) {
      if (amount > size - used - shareOf(holder)) return undefined;
      const change = (by: number): void => {
        used += by;
        add(holder, by);
      };
      change(amount);
      let isHeld = true;
      return () => {
        if (isHeld) change(-amount);
        isHeld = false;
      };
    },
    heldBy: shareOf,
    get used() {
      return used;
    },
  };
}
