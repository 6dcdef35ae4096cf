/**
 * A map that cannot grow: the entry that was not asked for longest makes room. Each entry has its own time to live, on the
 * clock of its owner, and stays in its place past it.
 */
import { LRUCache } from 'lru-cache';

export interface BoundedCache<V> {
  /** `undefined` when it is too old, too. */
  get(key: string): V | undefined;
  /** `lifetimeMs` of Infinity: until there is no room. */
  set(key: string, value: V, lifetimeMs: number): void;
  delete(key: string): void;
  readonly size: number;
}

interface Kept<V> {
  readonly value: V;
  readonly untilMs: number;
}

export function boundedCache<V>(maxEntries: number, now: () => number): BoundedCache<V> {
  const kept = new LRUCache<string, Kept<V>>({ max: maxEntries });
  return {
    get(key) {
      const found = kept.get(key);
      return found === undefined || found.untilMs <= now() ? undefined : found.value;
    },
    set: (key, value, lifetimeMs) => void kept.set(key, { value, untilMs: now() + lifetimeMs }),
    delete: (key) => void kept.delete(key),
    get size() {
      return kept.size;
    },
  };
}
