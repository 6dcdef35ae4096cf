/**
 * A map of limited size that tenants share. When it is full, the tenant with the largest share loses its least recently used
 * entries, so that endless names from one namespace displace no entries of others. Entries have a weight if a tenant or a
 * registry chooses their size. Each entry has its own lifetime, and uses its place until it is replaced.
 */
export interface BoundedCache<V> {
  /** `undefined`: absent or expired. */
  get(key: string): V | undefined;
  /** `lifetimeMs`: Infinity keeps the entry until there is no room. `tenant`: the namespace whose share the entry uses. */
  set(key: string, value: V, lifetimeMs: number, tenant?: string): void;
  delete(key: string): void;
  /** The weight of all entries. */
  readonly size: number;
}

interface Entry<V> {
  readonly value: V;
  readonly weight: number;
  readonly untilMs: number;
  readonly tenant: string;
}

/** The entries of one tenant. */
interface Share<V> {
  /** In the order of their last use. */
  readonly entries: Map<string, Entry<V>>;
  weight: number;
}

interface Contents<V> {
  readonly entries: Map<string, Entry<V>>;
  readonly shares: Map<string, Share<V>>;
  weight: number;
}

/** `weightOf`: 1 for a value of the usual size. */
export function boundedCache<V>(
  maxWeight: number,
  now: () => number,
  weightOf: (value: V) => number = () => 1,
): BoundedCache<V> {
  const contents: Contents<V> = { entries: new Map(), shares: new Map(), weight: 0 };
  return {
    get(key) {
      const entry = contents.entries.get(key);
      if (entry === undefined || entry.untilMs <= now()) return undefined;
      const share = contents.shares.get(entry.tenant)?.entries;
      share?.delete(key);
      share?.set(key, entry);
      return entry.value;
    },
    set(key, value, lifetimeMs, tenant = '') {
      remove(contents, key);
      add(contents, key, { value, weight: weightOf(value), untilMs: now() + lifetimeMs, tenant });
      while (contents.weight > maxWeight) removeOldest(contents);
    },
    delete: (key) => remove(contents, key),
    get size() {
      return contents.weight;
    },
  };
}

function add<V>(contents: Contents<V>, key: string, entry: Entry<V>): void {
  const share = shareOf(contents, entry.tenant);
  contents.entries.set(key, entry);
  share.entries.set(key, entry);
  share.weight += entry.weight;
  contents.weight += entry.weight;
}

function shareOf<V>({ shares }: Contents<V>, tenant: string): Share<V> {
  const share = shares.get(tenant) ?? { entries: new Map<string, Entry<V>>(), weight: 0 };
  shares.set(tenant, share);
  return share;
}

function remove<V>(contents: Contents<V>, key: string): void {
  const entry = contents.entries.get(key);
  const share = entry && contents.shares.get(entry.tenant);
  if (entry === undefined || share === undefined) return;
  contents.entries.delete(key);
  share.entries.delete(key);
  share.weight -= entry.weight;
  contents.weight -= entry.weight;
  if (share.entries.size === 0) contents.shares.delete(entry.tenant);
}

/** The oldest entry of the tenant with the largest share. */
function removeOldest<V>(contents: Contents<V>): void {
  let largest: Share<V> | undefined;
  for (const share of contents.shares.values()) if (share.weight > (largest?.weight ?? 0)) largest = share;
  const oldest = largest?.entries.keys().next();
  if (oldest?.done === false) remove(contents, oldest.value);
}
