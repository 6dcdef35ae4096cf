/** Objects that were read before: some seconds long for each review, some minutes long for an outage of the API server. */
import type { Fact } from '../../policy/fact.ts';
import { boundedCache } from '../../registry/bounded-cache.ts';

export interface ObjectMemory<T> {
  /** undefined: not read within the last seconds. */
  recent(key: string): Fact<T> | undefined;
  /** undefined: not read within the last minutes, or no longer there when it was read last. */
  old(key: string): Fact<T> | undefined;
  /** `read` undefined, or without a weight: nothing is remembered. `tenant`: the namespace whose share of the memory is used. */
  replace(key: string, read: ReadValue<T> | undefined, tenant: string | undefined): void;
}

export interface ReadValue<T> {
  readonly fact: Fact<T>;
  /** The weight in the memory; 0: the fact is not remembered. */
  readonly weight: number;
}

const RECENT_MS = 10_000;
/** A Secret that is deleted during an outage is used no longer than this; its registry still checks the credential. */
const OLD_MS = 300_000;

interface Remembered<T> extends ReadValue<T> {
  readonly recentUntilMs: number;
}

export function createObjectMemory<T>(maxWeight: number, now: () => number): ObjectMemory<T> {
  const cache = boundedCache<Remembered<T>>(maxWeight, now, ({ weight }) => weight);
  return {
    recent(key) {
      const remembered = cache.get(key);
      return remembered !== undefined && now() < remembered.recentUntilMs ? remembered.fact : undefined;
    },
    old: (key) => cache.get(key)?.fact,
    replace(key, read, tenant) {
      cache.delete(key);
      if (read === undefined || read.weight === 0) return;
      const { fact, weight } = read;
      cache.set(key, { fact: asRemembered(fact), weight, recentUntilMs: now() + RECENT_MS }, OLD_MS, tenant);
    },
  };
}

export function asRemembered<T>(fact: Fact<T>): Fact<T> {
  return fact.state === 'yes' ? { ...fact, isRemembered: true } : fact;
}
