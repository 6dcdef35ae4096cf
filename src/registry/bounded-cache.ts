/**
 * A map that cannot grow, shared by tenants: whoever keeps most in it makes room, with what was not used for longest. So
 * endless names from one namespace push out nothing that others keep. Entries have a weight where what is kept is as large as
 * a stranger makes it. Each has its own time to live, on the clock of its owner, and stays in its place past it.
 */
export interface BoundedCache<V> {
  /** `undefined` when it is too old, too. */
  get(key: string): V | undefined;
  /** `lifetimeMs` of Infinity: until there is no room. `tenant`: in whose share it counts. */
  set(key: string, value: V, lifetimeMs: number, tenant?: string): void;
  delete(key: string): void;
  /** The weight of all entries. */
  readonly size: number;
}

interface Kept<V> {
  readonly value: V;
  readonly weight: number;
  readonly untilMs: number;
  readonly tenant: string;
}

interface Shelf<V> {
  /** In the order of their last use. */
  readonly entries: Map<string, Kept<V>>;
  weight: number;
}

/** `weightOf`: 1 for what is of the usual size. */
export function boundedCache<V>(
  maxWeight: number,
  now: () => number,
  weightOf: (value: V) => number = () => 1,
): BoundedCache<V> {
  const entries = new Map<string, Kept<V>>();
  const shelves = new Map<string, Shelf<V>>();
  let weight = 0;

  function shelfOf(tenant: string): Shelf<V> {
    const known = shelves.get(tenant);
    if (known !== undefined) return known;
    const made: Shelf<V> = { entries: new Map(), weight: 0 };
    shelves.set(tenant, made);
    return made;
  }

  function put(key: string, entry: Kept<V>): void {
    const shelf = shelfOf(entry.tenant);
    entries.set(key, entry);
    shelf.entries.set(key, entry);
    shelf.weight += entry.weight;
    weight += entry.weight;
  }

  function remove(key: string): void {
    const entry = entries.get(key);
    const shelf = entry && shelves.get(entry.tenant);
    if (entry === undefined || shelf === undefined) return;
    entries.delete(key);
    shelf.entries.delete(key);
    shelf.weight -= entry.weight;
    weight -= entry.weight;
    if (shelf.entries.size === 0) shelves.delete(entry.tenant);
  }

  const isTooFull = (): boolean => weight > maxWeight;

  function makeRoom(): void {
    let largest: Shelf<V> | undefined;
    for (const shelf of shelves.values()) if (shelf.weight > (largest?.weight ?? 0)) largest = shelf;
    const oldest = largest?.entries.keys().next();
    if (oldest?.done === false) remove(oldest.value);
  }

  return {
    get(key) {
      const entry = entries.get(key);
      if (entry === undefined || entry.untilMs <= now()) return undefined;
      const shelf = shelves.get(entry.tenant)?.entries;
      shelf?.delete(key);
      shelf?.set(key, entry);
      return entry.value;
    },
    set(key, value, lifetimeMs, tenant = '') {
      remove(key);
      put(key, { value, weight: weightOf(value), untilMs: now() + lifetimeMs, tenant });
      while (isTooFull()) makeRoom();
    },
    delete: remove,
    get size() {
      return weight;
    },
  };
}
