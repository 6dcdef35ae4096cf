/**
 * The credentials of one secret, arranged so that a look-up sees only what could match: entries of the image's host are found
 * by their whole path, host globs are tried one by one. A file can hold 80,000 entries, and an object 50,000 images.
 */
import { type Entry, hasUser } from './docker-config.ts';
import { type HostPath, hostTest, parseHostPath, registryKey } from './registry-key.ts';

/** All entries of a secret that mean the same registry and path. */
export interface Slot {
  readonly key: string;
  /** In the order of the file. (The kubelet's own order is by chance here: it walks over a Go map.) */
  readonly entries: readonly Entry[];
  readonly hasUser: boolean;
}

export interface CredentialIndex {
  readonly entries: readonly Entry[];
  /** Of these the kubelet makes nothing: their keys are no URLs. */
  readonly ignored: readonly Entry[];
  /** The slots whose key matches an image, in no order. */
  matching(image: HostPath): readonly Slot[];
  /** Whether one of them passes; without a list of them. */
  anyMatching(image: HostPath, test: (slot: Slot) => boolean): boolean;
  /** The slot of exactly this key. */
  slot(key: string): Slot | undefined;
  /** How much text there is in host globs, each of which is tried for each image. */
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
    anyMatching(image, test) {
      const own = hosts.get(image.host);
      if (own !== undefined && own.test === undefined && anyUnder(own, image.path, test)) return true;
      return globbed.some((host) => host.test?.(image) && anyUnder(host, image.path, test));
    },
    slot: (key) => slots.get(key),
    globLength: [...hosts].reduce((sum, [name, { test }]) => sum + (test === undefined ? 0 : name.length), 0),
  };
}

function hostsOf(slots: Iterable<Slot>): ReadonlyMap<string, Host> {
  const hosts = new Map<string, Host>();
  for (const slot of slots) {
    const place = parseHostPath(slot.key);
    if (place === undefined) continue;
    const host: Host = hosts.get(place.host) ?? { test: hostTest(place), paths: new Map() };
    hosts.set(place.host, host);
    const same = host.paths.get(place.path);
    if (same === undefined) host.paths.set(place.path, [slot]);
    else same.push(slot);
  }
  return hosts;
}

/** A key's path is compared as a plain prefix: `reg.io/team` also covers `reg.io/team2/app`. */
function under({ paths }: Host, path: string): readonly Slot[] {
  if (paths.size > path.length) {
    const prefixes = Array.from({ length: path.length + 1 }, (_, length) => path.slice(0, length));
    return prefixes.flatMap((prefix) => paths.get(prefix) ?? []);
  }
  return [...paths].flatMap(([prefix, slots]) => (path.startsWith(prefix) ? slots : []));
}

function anyUnder(host: Host, path: string, test: (slot: Slot) => boolean): boolean {
  if (host.paths.size > path.length) return under(host, path).some(test);
  for (const [prefix, slots] of host.paths) if (path.startsWith(prefix) && slots.some(test)) return true;
  return false;
}
