/**
 * What registries have answered, by image and by who asked (see identity.ts): what one credential was given is never told to
 * another one, nor to nobody. An answer that is too old to be given stays for when the registry is in trouble.
 */
import type { RegistryFailure } from '../policy/registry-fact.ts';
import { boundedCache } from './bounded-cache.ts';
import { isRefusal, lifetimeMs } from './causes.ts';

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
  found(key: string, found: Found<T>): void;
  failed(key: string, failure: RegistryFailure): void;
  readonly size: number;
}

export interface AnswerLimits {
  readonly maxImages: number;
  /** How long an answer stays at most. */
  readonly staleMaxMs: number;
}

export function createAnswers<T>({ maxImages, staleMaxMs }: AnswerLimits, now: () => number): Answers<T> {
  const founds = boundedCache<Found<T>>(maxImages, now);
  // Apart, so that a flood of names that do not exist drives out nothing that does.
  const failures = boundedCache<RegistryFailure>(Math.ceil(maxImages / 4), now);
  return {
    fresh(key) {
      const found = founds.get(key);
      return found !== undefined && found.freshUntilMs > now() ? found : undefined;
    },
    failure: (key) => failures.get(key),
    old(key, maxAgeMs) {
      const found = founds.get(key);
      return found !== undefined && now() - found.atMs <= maxAgeMs ? found : undefined;
    },
    found(key, found) {
      failures.delete(key);
      const before = founds.get(key);
      if (before !== undefined && before.atMs > found.atMs) return;
      const endMs = Math.max(found.freshUntilMs, found.atMs + staleMaxMs);
      founds.set(key, found, endMs - now());
    },
    failed(key, failure) {
      // Gone, or no longer for this credential: then the answer of before is not the last one.
      if (isRefusal(failure)) founds.delete(key);
      failures.set(key, failure, lifetimeMs(failure));
    },
    get size() {
      return founds.size + failures.size;
    },
  };
}
