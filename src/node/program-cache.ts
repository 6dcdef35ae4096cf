/** Runs credential programs and caches their results. Concurrent callers share one run. */
import { boundedCache } from '../registry/bounded-cache.ts';
import { createLastingFlights } from '../registry/lasting-flights.ts';
import type { ProgramWaiter, ProgramWaiters } from './run-program.ts';

export interface ProgramOutcome<T> {
  readonly result: T;
  /** The cache key, which can be wider than the key of the caller. */
  readonly key: string;
  readonly lifetimeMs: number;
}

export interface ProgramCache<T> {
  /** Returns the result of the first cached key, synchronously; otherwise calls `run`. */
  result(
    keys: readonly [string, ...string[]],
    tenant: string,
    run: (waiters: ProgramWaiters) => Promise<ProgramOutcome<T>>,
  ): T | Promise<T>;
}

const MAX_RESULTS = 1000;
const { signal: NEVER } = new AbortController();

export function createProgramCache<T extends object>(now: () => number): ProgramCache<T> {
  const results = boundedCache<T>(MAX_RESULTS, now);
  const flights = createLastingFlights<T, ProgramWaiter>();
  return {
    result(keys, tenant, run) {
      for (const key of keys) {
        const cached = results.get(key);
        if (cached !== undefined) return cached;
      }
      return flights.join(keys[0], { tenant, signal: NEVER }, async (waiters) => {
        const { result, key, lifetimeMs } = await run(waiters);
        if (lifetimeMs > 0) results.set(key, result, lifetimeMs);
        return result;
      });
    },
  };
}
