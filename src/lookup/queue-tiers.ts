/**
 * How much may be asked at the same time, and who comes first: registries that the configuration names, then those that have
 * answered lately, then strangers. Names of images are what anybody writes into a Pod.
 */
import type { Requester } from '../admission/context.ts';
import { boundedCache } from '../registry/bounded-cache.ts';
import { type Bid, NO_EVICTION_MS, type QueueLimits, UNLIMITED } from '../registry/fair-share.ts';

/** What a cluster's tenants share. Places are free for registries that are named (32) or known (96) however many strangers hang. */
export const QUEUE_LIMITS: QueueLimits = {
  tiers: [256, 224, 128],
  waiting: 4000,
  perTenant: { running: 64, waiting: 1000 },
  // An object asks about a hundred images at most, by tag and by digest.
  perReview: { running: 32, waiting: 300 },
  perGroup: { running: 64, waiting: 1000 },
  patienceMs: 1000,
};

/** What one person asks for himself: only the whole is bounded, and a registry. */
export const OWN_QUEUE_LIMITS: QueueLimits = {
  ...QUEUE_LIMITS,
  tiers: [256, 256, 256],
  perTenant: UNLIMITED,
  perReview: UNLIMITED,
  patienceMs: NO_EVICTION_MS,
};

/** How long a registry is known that has answered. */
const KNOWN_MS = 600_000;
const MAX_KNOWN = 2000;

export interface QueueTiers {
  bid(registry: string, requester: Requester | undefined, isNamed: boolean): Bid;
  responded(registry: string, tenant: string): void;
  /** The registry had an outage, or was slow while other requests waited. */
  failed(registry: string): void;
}

const TIERS = { named: 0, known: 1, stranger: 2 } as const;

export function createQueueTiers(now: () => number): QueueTiers {
  const known = boundedCache<true>(MAX_KNOWN, now);
  return {
    bid(registry, requester, isNamed) {
      const tier = isNamed ? TIERS.named : known.get(registry) === true ? TIERS.known : TIERS.stranger;
      return { tenant: requester?.namespace ?? '', review: requester ?? {}, group: registry, tier };
    },
    responded: (registry, tenant) => known.set(registry, true, KNOWN_MS, tenant),
    failed: (registry) => known.delete(registry),
  };
}
