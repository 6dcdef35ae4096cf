/** Answers of programs, each asked for once: for all who want it at the same time, and for as long as it is good. */
import { boundedCache } from '../registry/bounded-cache.ts';
import { createLastingFlights } from '../registry/lasting-flights.ts';
import type { ProgramWaiter, ProgramWaiters } from './run-program.ts';

export interface Kept<T> {
  readonly answer: T;
  /** The key under which it is kept, which may be wider than the one that was asked for. */
  readonly key: string;
  readonly lifetimeMs: number;
}

export interface AskedPrograms<T> {
  /** The first key that is kept counts; `ask` runs when none is. At once where it is known. */
  answer(
    keys: readonly [string, ...string[]],
    tenant: string,
    ask: (waiters: ProgramWaiters) => Promise<Kept<T>>,
  ): T | Promise<T>;
}

const MAX_ANSWERS = 1000;
const { signal: NEVER } = new AbortController();

export function createAskedPrograms<T extends object>(now: () => number): AskedPrograms<T> {
  const kept = boundedCache<T>(MAX_ANSWERS, now);
  const flights = createLastingFlights<T, ProgramWaiter>();
  return {
    answer(keys, tenant, ask) {
      for (const key of keys) {
        const known = kept.get(key);
        if (known !== undefined) return known;
      }
      return flights.join(keys[0], { tenant, signal: NEVER }, async (waiters) => {
        const { answer, key, lifetimeMs } = await ask(waiters);
        if (lifetimeMs > 0) kept.set(key, answer, lifetimeMs);
        return answer;
      });
    },
  };
}
