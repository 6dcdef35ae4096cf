/**
 * The responses of registries, by image and by credential (see identity.ts). A response obtained with one credential is never
 * served to another credential or to an anonymous caller. A response that is no longer fresh is kept for outages.
 */
import type { RegistryFailure } from '../policy/registry-fact.ts';
import { boundedCache } from '../registry/bounded-cache.ts';
import { isCredentialFailure, lifetimeMs } from '../registry/causes.ts';

export interface CacheEntry<T> {
  readonly value: T;
  /** When the registry returned it: Unix time in milliseconds. */
  readonly atMs: number;
  readonly freshUntilMs: number;
}

export interface ResponseCache<T> {
  fresh(key: string): CacheEntry<T> | undefined;
  failure(key: string): RegistryFailure | undefined;
  /** The last response, if it is not older than that. */
  stale(key: string, maxAgeMs: number): CacheEntry<T> | undefined;
  /** `tenant`: the namespace whose share of the cache the entry uses. */
  set(key: string, entry: CacheEntry<T>, tenant?: string): void;
  setFailure(key: string, failure: RegistryFailure, tenant?: string): void;
  readonly size: number;
}

export interface ResponseCacheLimits<T> {
  readonly maxImages: number;
  /** See bounded-cache.ts. */
  readonly weightOf?: ((value: T) => number) | undefined;
  readonly staleMaxMs: number;
}

interface StoredEntry<T> {
  readonly entry: CacheEntry<T>;
  /** True if the registry has since rejected the credential or lost the image. */
  readonly isRevoked: boolean;
}

export function createResponseCache<T>(
  { maxImages, staleMaxMs, weightOf = () => 1 }: ResponseCacheLimits<T>,
  now: () => number,
): ResponseCache<T> {
  const entries = boundedCache<StoredEntry<T>>(maxImages, now, ({ entry }) => weightOf(entry.value));
  // A cache of their own, so that image names that do not exist displace no images.
  const failures = boundedCache<RegistryFailure>(Math.ceil(maxImages / 4), now);

  /** Other callers can use a fresh entry until it expires, but not during an outage. */
  function revoke(key: string, tenant: string | undefined): void {
    const entry = entries.get(key)?.entry;
    if (entry === undefined) return;
    const freshMs = entry.freshUntilMs - now();
    if (freshMs > 0) entries.set(key, { entry, isRevoked: true }, freshMs, tenant);
    else entries.delete(key);
  }

  return {
    fresh(key) {
      const entry = entries.get(key)?.entry;
      return entry !== undefined && entry.freshUntilMs > now() ? entry : undefined;
    },
    failure: (key) => failures.get(key),
    stale(key, maxAgeMs) {
      const stored = entries.get(key);
      if (stored === undefined || stored.isRevoked) return undefined;
      return now() - stored.entry.atMs <= maxAgeMs ? stored.entry : undefined;
    },
    set(key, entry, tenant) {
      const before = entries.get(key)?.entry;
      if (before !== undefined && before.atMs > entry.atMs) return;
      failures.delete(key);
      const endMs = Math.max(entry.freshUntilMs, entry.atMs + staleMaxMs);
      entries.set(key, { entry, isRevoked: false }, endMs - now(), tenant);
    },
    setFailure(key, failure, tenant) {
      if (isCredentialFailure(failure)) revoke(key, tenant);
      const lifeMs = lifetimeMs(failure);
      if (lifeMs > 0) failures.set(key, failure, lifeMs, tenant);
    },
    get size() {
      return entries.size + failures.size;
    },
  };
}
