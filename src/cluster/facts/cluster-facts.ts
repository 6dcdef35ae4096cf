/** The facts of a cluster that policies need: Secrets, ServiceAccounts, and labels of namespaces. */
import type { World } from '../../admission/context.ts';
import type { Need } from '../../policy/fact.ts';
import { createFairQueue } from '../../registry/fair-queue.ts';
import { type QueueLimits, UNLIMITED } from '../../registry/fair-share.ts';
import type { ClusterApi } from '../api.ts';
import { type WatchedNamespaces, watchNamespaces } from './namespaces.ts';
import type { ReaderParts } from './object-reader.ts';
import { createSecretSource } from './secrets.ts';
import { createServiceAccountSource } from './service-accounts.ts';

export interface ClusterFacts {
  /** The sources for the facts; the first call for labels of namespaces starts their watch. */
  sourcesFor(needs: ReadonlySet<Need>): Pick<World, 'namespaces' | 'secrets' | 'serviceAccounts'>;
  /** Why facts that are watched are not known yet; undefined: all are known. */
  notSynced(): string | undefined;
  /** Seconds since the last event of each watch, by resource. */
  idleSeconds(): ReadonlyMap<string, number>;
  /** Ends the watches. */
  close(): void;
}

/** Requests to the API server. A tenant that waits for the API server leaves most places to others. */
const LIMITS: QueueLimits = {
  tiers: [32],
  waiting: 2000,
  perTenant: { running: 8, waiting: 500 },
  perReview: UNLIMITED,
  perGroup: UNLIMITED,
  patienceMs: 500,
};

export function createClusterFacts(
  api: ClusterApi,
  {
    count,
    logDetail,
    now = () => performance.now(),
  }: Pick<ReaderParts, 'count' | 'logDetail'> & { readonly now?: () => number },
): ClusterFacts {
  const parts: ReaderParts = { api, queue: createFairQueue(LIMITS), count, logDetail };
  const secrets = createSecretSource(parts, now);
  const serviceAccounts = createServiceAccountSource(parts, now);
  const end = new AbortController();
  let namespaces: WatchedNamespaces | undefined;
  return {
    sourcesFor(needs) {
      if (needs.has('namespaceLabels')) namespaces ??= watchNamespaces(parts, end.signal);
      return { namespaces, secrets, serviceAccounts };
    },
    notSynced: () => namespaces?.notSynced(),
    idleSeconds: () => new Map(namespaces === undefined ? [] : [['namespaces', namespaces.idleSeconds()]]),
    close: () => end.abort(),
  };
}
