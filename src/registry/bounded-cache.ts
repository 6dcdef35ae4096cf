/**
 * A map that cannot grow, shared by tenants: whoever keeps most in it makes room, with what was not used for longest. So
 * endless names from one namespace push out nothing that others keep. Each entry has its own time to live, on the clock of
 * its owner, and stays in its place past it.
 */
export interface BoundedCache<V> {
  /** `undefined` when it is too old, too. */
  get(key: string): V | undefined;
  /** `lifetimeMs` of Infinity: until there is no room. `tenant`: in whose share it counts. */
  set(key: string, value: V, lifetimeMs: number, tenant?: string): void;
  delete(key: string): void;
  readonly size: number;
}

interface Kept<V> {
  readonly value: V;
  readonly untilMs: number;
  readonly tenant: string;
}

/** In the order of their last use. */
type Shelf<V> = Map<string, Kept<V>>;

export function boundedCache<V>(maxEntries: number, now: () => number): BoundedCache<V> {
  const entries = new Map<string, Kept<V>>();
  const shelves = new Map<string, Shelf<V>>();

  function put(key: string, entry: Kept<V>): void {
    let shelf = shelves.get(entry.tenant);
    if (shelf === undefined) shelves.set(entry.tenant, (shelf = new Map()));
    // What is set again goes to the end.
    shelf.delete(key);
    shelf.set(key, entry);
  }

  function remove(key: string): void {
    const entry = entries.get(key);
    const shelf = entry && shelves.get(entry.tenant);
    if (entry === undefined || shelf === undefined) return;
    entries.delete(key);
    shelf.delete(key);
    if (shelf.size === 0) shelves.delete(entry.tenant);
  }

  function makeRoom(): void {
    let largest: Shelf<V> | undefined;
    for (const shelf of shelves.values()) if (shelf.size > (largest?.size ?? 0)) largest = shelf;
    const oldest = largest?.keys().next();
    if (oldest?.done === false) remove(oldest.value);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined || entry.untilMs <= now()) return undefined;
      put(key, entry);
      return entry.value;
    },
    set(key, value, lifetimeMs, tenant = '') {
      const entry = { value, untilMs: now() + lifetimeMs, tenant };
      remove(key);
      entries.set(key, entry);
      put(key, entry);
      if (entries.size > maxEntries) makeRoom();
    },
    delete: remove,
    get size() {
      return entries.size;
    },
  };
}
