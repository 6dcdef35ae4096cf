/** The facts of a cluster for a command, which ends soon: single objects by `get`, without a watch. */
import type { World } from '../../admission/context.ts';
import type { Labels } from '../../policy/fact.ts';
import { createFairQueue } from '../../registry/fair-queue.ts';
import { NO_EVICTION_MS, type QueueLimits, UNLIMITED } from '../../registry/fair-share.ts';
import type { ClusterApi } from '../api.ts';
import { NAMESPACES } from './namespaces.ts';
import { createObjectReader } from './object-reader.ts';
import type { ReaderParts } from './object-request.ts';
import { createSecretSource } from './secrets.ts';
import { createServiceAccountSource } from './service-accounts.ts';

/** One user runs the command, so nothing is shared. */
const LIMITS: QueueLimits = {
  tiers: [16],
  waiting: UNLIMITED.waiting,
  perTenant: UNLIMITED,
  perReview: UNLIMITED,
  perGroup: UNLIMITED,
  patienceMs: NO_EVICTION_MS,
};

/** Long enough for a program of the kubeconfig that fetches a token. */
const TIMEOUT_MS = 20_000;

export type CommandFacts = Required<Pick<World, 'namespaces' | 'secrets' | 'serviceAccounts'>>;

export function createCommandFacts(api: ClusterApi): CommandFacts {
  const parts: ReaderParts = {
    api,
    queue: createFairQueue(LIMITS),
    maxPending: Infinity,
    count: () => undefined,
    timeoutMs: TIMEOUT_MS,
  };
  const now = (): number => performance.now();
  const namespaces = createObjectReader<Labels>(NAMESPACES, parts);
  return {
    secrets: createSecretSource(parts, now),
    serviceAccounts: createServiceAccountSource(parts, now),
    namespaces: { labelsOf: (namespace, signal) => namespaces.read(undefined, namespace, { signal }) },
  };
}
