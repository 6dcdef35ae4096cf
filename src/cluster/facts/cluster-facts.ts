/** The facts of a cluster that policies need: Secrets, ServiceAccounts, and labels of namespaces. */
import type { World } from '../../admission/context.ts';
import { createFairQueue } from '../../registry/fair-queue.ts';
import { type QueueLimits, UNLIMITED } from '../../registry/fair-share.ts';
import type { ClusterApi } from '../api.ts';
import { type WatchedNamespaces, watchNamespaces } from './namespaces.ts';
import type { ReaderParts } from './object-request.ts';
import { createSecretSource } from './secrets.ts';
import { createServiceAccountSource } from './service-accounts.ts';

export interface ClusterFacts {
  /** `resources`: as in RBAC rules. The first call with `namespaces` starts their watch. */
  sourcesFor(resources: ReadonlySet<string>): Pick<World, 'namespaces' | 'secrets' | 'serviceAccounts'>;
  /** Why facts that are watched are not known yet; undefined: all are known. */
  notSynced(): string | undefined;
  /** Seconds since the last event of each watch, by resource. */
  idleSeconds(): ReadonlyMap<string, number>;
  /** Ends the watches. */
  close(): void;
}

/** A rollout of 500 Pods with five pull secrets each, if no two Pods have the same. */
const MAX_PENDING = 3000;

/** Requests to the API server; each response can be 1.5 MiB. A tenant that waits for the API server leaves most places to others. */
const LIMITS: QueueLimits = {
  tiers: [16],
  waiting: 6000,
  perTenant: { running: 6, waiting: MAX_PENDING },
  perReview: { running: 4, waiting: Infinity },
  perGroup: UNLIMITED,
  patienceMs: 500,
};

export interface ClusterFactsOptions extends Pick<ReaderParts, 'count' | 'countOld' | 'logDetail'> {
  /** Milliseconds. */
  readonly now?: () => number;
}

export function createClusterFacts(
  api: ClusterApi,
  { count, countOld, logDetail, now = () => performance.now() }: ClusterFactsOptions,
): ClusterFacts {
  const parts: ReaderParts = {
    api,
    queue: createFairQueue(LIMITS),
    maxPending: MAX_PENDING,
    count,
    countOld,
    logDetail,
  };
  const secrets = createSecretSource(parts, now);
  const serviceAccounts = createServiceAccountSource(parts, now);
  const end = new AbortController();
  let namespaces: WatchedNamespaces | undefined;
  return {
    sourcesFor(resources) {
      if (resources.has('namespaces')) namespaces ??= watchNamespaces(parts, end.signal, now);
      return {
        namespaces: resources.has('namespaces') ? namespaces : undefined,
        secrets: resources.has('secrets') ? secrets : undefined,
        serviceAccounts: resources.has('serviceaccounts') ? serviceAccounts : undefined,
      };
    },
    notSynced: () => namespaces?.notSynced(),
    idleSeconds: () => new Map(namespaces === undefined ? [] : [['namespaces', namespaces.idleSeconds()]]),
    close: () => end.abort(),
  };
}
