/**
 * Bounds what one namespace adds to a recording: a tenant can send reviews of ever new shapes, and the files of all others would be
 * removed to make room.
 */

export interface Allowance {
  /** Returns false if the namespace has used its share; `bytes`: of a line, not compressed. */
  take(namespace: string, bytes: number, now: number): boolean;
}

/** `share`: bytes in a window of `windowMs`. */
export function createAllowance(share: number, windowMs: number): Allowance {
  const used = new Map<string, number>();
  let end = 0;
  return {
    take(namespace, bytes, now) {
      if (now >= end) {
        used.clear();
        end = now + windowMs;
      }
      const sum = (used.get(namespace) ?? 0) + bytes;
      if (sum > share) return false;
      used.set(namespace, sum);
      return true;
    },
  };
}
