/**
 * What registries have answered, by image and by who asked (see identity.ts): what one credential was given is never told to
 * another one, nor to nobody. An answer that is too old to be given stays for when the registry is in trouble.
 */
import type { RegistryFailure } from '../policy/registry-fact.ts';
import { boundedCache } from '../registry/bounded-cache.ts';
import { isCredentialFailure, lifetimeMs } from '../registry/causes.ts';

export interface Found<T> {
  readonly value: T;
  readonly atMs: number;
  readonly freshUntilMs: number;
}

export interface Answers<T> {
  /** What may be told as it is. */
  fresh(key: string): Found<T> | undefined;
  failure(key: string): RegistryFailure | undefined;
  /** The last answer, if it is not older than that. */
  old(key: string, maxAgeMs: number): Found<T> | undefined;
  /** `tenant`: in whose share it counts. */
  found(key: string, found: Found<T>, tenant?: string): void;
  failed(key: string, failure: RegistryFailure, tenant?: string): void;
  readonly size: number;
}

export interface AnswerLimits<T> {
  readonly maxImages: number;
  /** See bounded-cache.ts. */
  readonly weightOf?: ((value: T) => number) | undefined;
  /** How long an answer stays at most. */
  readonly staleMaxMs: number;
}

interface Kept<T> {
  readonly found: Found<T>;
  /** The registry has refused the image since: it is not the last answer any more. */
  readonly isRevoked: boolean;
}

export function createAnswers<T>(
  { maxImages, staleMaxMs, weightOf = () => 1 }: AnswerLimits<T>,
  now: () => number,
): Answers<T> {
  const founds = boundedCache<Kept<T>>(maxImages, now, ({ found }) => weightOf(found.value));
  // Apart, so that a flood of names that do not exist drives out nothing that does.
  const failures = boundedCache<RegistryFailure>(Math.ceil(maxImages / 4), now);
  return {
    fresh(key) {
      const found = founds.get(key)?.found;
      return found !== undefined && found.freshUntilMs > now() ? found : undefined;
    },
    failure: (key) => failures.get(key),
    old(key, maxAgeMs) {
      const kept = founds.get(key);
      if (kept === undefined || kept.isRevoked) return undefined;
      return now() - kept.found.atMs <= maxAgeMs ? kept.found : undefined;
    },
    found(key, found, tenant) {
      const before = founds.get(key)?.found;
      if (before !== undefined && before.atMs > found.atMs) return;
      failures.delete(key);
      const endMs = Math.max(found.freshUntilMs, found.atMs + staleMaxMs);
      founds.set(key, { found, isRevoked: false }, endMs - now(), tenant);
    },
    failed(key, failure, tenant) {
      if (isCredentialFailure(failure)) revoke(key, tenant);
      const lifeMs = lifetimeMs(failure);
      if (lifeMs > 0) failures.set(key, failure, lifeMs, tenant);
    },
    get size() {
      return founds.size + failures.size;
    },
  };

  /** Gone, or no longer for this credential. Others may use what they have while it is fresh, and nobody after that. */
  function revoke(key: string, tenant: string | undefined): void {
    const found = founds.get(key)?.found;
    if (found === undefined) return;
    const freshMs = found.freshUntilMs - now();
    if (freshMs > 0) founds.set(key, { found, isRevoked: true }, freshMs, tenant);
    else founds.delete(key);
  }
}
