/**
 * The credentials of one secret, arranged so that a lookup visits only possible matches: it finds entries of the image's host by
 * their whole path and tries host globs one by one. A file can hold 80,000 entries, and an object 50,000 images.
 */
import { type Entry, hasUser } from './docker-config.ts';
import { type HostPath, hostTest, parseHostPath, registryKey } from './registry-key.ts';

/** The entries of a Secret for one registry and path. */
export interface Slot {
  readonly key: string;
  /** In file order. The kubelet's order within a slot is random, because it iterates over a Go map. */
  readonly entries: readonly Entry[];
  readonly hasUser: boolean;
}

export interface CredentialIndex {
  readonly entries: readonly Entry[];
  /** Entries that the kubelet ignores because their keys are not URLs. */
  readonly ignored: readonly Entry[];
  /** Returns the slots whose keys match an image, unordered. */
  matching(image: HostPath): readonly Slot[];
  /** Reports whether a matching slot has a user name. Builds no list. */
  hasUserFor(image: HostPath): boolean;
  /** Returns the slot with exactly this key. */
  slot(key: string): Slot | undefined;
  /** Characters in all host globs. Each lookup tries each glob. */
  readonly globLength: number;
}

interface Host {
  /** `undefined`: the host is compared as a whole. */
  readonly test: ((image: HostPath) => boolean) | undefined;
  readonly paths: Map<string, Slot[]>;
}

export function indexEntries(entries: readonly Entry[]): CredentialIndex {
  const byKey = Map.groupBy(entries, ({ server }) => registryKey(server));
  const slots = new Map<string, Slot>();
  for (const [key, list] of byKey) {
    if (key === undefined) continue;
    slots.set(key, { key, entries: list, hasUser: list.some(hasUser) });
  }
  const hosts = hostsOf(slots.values());
  const globbed = [...hosts.values()].filter(({ test }) => test !== undefined);
  return {
    entries,
    ignored: byKey.get(undefined) ?? [],
    matching(image) {
      const own = hosts.get(image.host);
      const found = own !== undefined && own.test === undefined ? under(own, image.path) : [];
      return [...found, ...globbed.flatMap((host) => (host.test?.(image) ? under(host, image.path) : []))];
    },
    hasUserFor(image) {
      const own = hosts.get(image.host);
      if (own !== undefined && own.test === undefined && anyUserUnder(own, image.path)) return true;
      return globbed.some((host) => host.test?.(image) && anyUserUnder(host, image.path));
    },
    slot: (key) => slots.get(key),
    globLength: [...hosts].reduce((sum, [name, { test }]) => sum + (test === undefined ? 0 : name.length), 0),
  };
}

function hostsOf(slots: Iterable<Slot>): ReadonlyMap<string, Host> {
  const hosts = new Map<string, Host>();
  for (const slot of slots) {
    const hostPath = parseHostPath(slot.key);
    if (hostPath === undefined) continue;
    const host: Host = hosts.get(hostPath.host) ?? { test: hostTest(hostPath), paths: new Map() };
    hosts.set(hostPath.host, host);
    const same = host.paths.get(hostPath.path);
    if (same === undefined) host.paths.set(hostPath.path, [slot]);
    else same.push(slot);
  }
  return hosts;
}

/** Compares the path of a key as a string prefix: `reg.io/team` also matches `reg.io/team2/app`. */
function under({ paths }: Host, path: string): readonly Slot[] {
  if (paths.size > path.length) {
    const prefixes = Array.from({ length: path.length + 1 }, (_, length) => path.slice(0, length));
    return prefixes.flatMap((prefix) => paths.get(prefix) ?? []);
  }
  return [...paths].flatMap(([prefix, slots]) => (path.startsWith(prefix) ? slots : []));
}

function anyUserUnder(host: Host, path: string): boolean {
  if (host.paths.size > path.length) return under(host, path).some(slotHasUser);
  for (const [prefix, slots] of host.paths) if (path.startsWith(prefix) && slots.some(slotHasUser)) return true;
  return false;
}

function slotHasUser(slot: Slot): boolean {
  return slot.hasUser;
}
