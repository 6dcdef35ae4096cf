/**
 * Limits for concurrent lookups, and the order of registries: those that the configuration names, then those that have
 * responded recently, then all others. Anyone who can create a Pod chooses names of registries.
 */
import type { Requester } from '../admission/context.ts';
import { boundedCache } from '../registry/bounded-cache.ts';
import { type Bid, NO_EVICTION_MS, type QueueLimits, UNLIMITED } from '../registry/fair-share.ts';

/** For the tenants of a cluster. Unknown registries that hang leave 32 places to named registries and 96 to known registries. */
export const QUEUE_LIMITS: QueueLimits = {
  tiers: [256, 224, 128],
  waiting: 4000,
  perTenant: { running: 64, waiting: 1000 },
  // An object has at most a hundred images, each looked up by tag and by digest.
  perReview: { running: 32, waiting: 300 },
  perGroup: { running: 64, waiting: 1000 },
  patienceMs: 1000,
};

/** For a command that one user runs: only the sum and each registry have limits. */
export const OWN_QUEUE_LIMITS: QueueLimits = {
  ...QUEUE_LIMITS,
  tiers: [256, 256, 256],
  perTenant: UNLIMITED,
  perReview: UNLIMITED,
  patienceMs: NO_EVICTION_MS,
};

/** The time for which a registry is known after a response. */
const KNOWN_MS = 600_000;
const MAX_KNOWN = 2000;

export interface QueueTiers {
  bid(registry: string, requester: Requester | undefined, isNamed: boolean): Bid;
  responded(registry: string, tenant: string): void;
  /** The registry had an outage, or was slow while other requests waited. */
  failed(registry: string): void;
}

const TIERS = { named: 0, known: 1, unknown: 2 } as const;

export function createQueueTiers(now: () => number): QueueTiers {
  const known = boundedCache<true>(MAX_KNOWN, now);
  return {
    bid(registry, requester, isNamed) {
      const tier = isNamed ? TIERS.named : known.get(registry) === true ? TIERS.known : TIERS.unknown;
      return { tenant: requester?.namespace ?? '', review: requester ?? {}, group: registry, tier };
    },
    responded: (registry, tenant) => known.set(registry, true, KNOWN_MS, tenant),
    failed: (registry) => known.delete(registry),
  };
}
