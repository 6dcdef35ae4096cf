/** The facts that a server reads from its cluster. The client is loaded when the first policy needs one. */
import type { World } from '../../admission/context.ts';
import { clusterNeeds, rulesFor } from '../../install/access.ts';
import { limitedDetailLog } from '../../lookup/tenant-messages.ts';
import type { Policy } from '../../policy/policy.ts';
import type { ServerLog } from '../../server/log.ts';
import type { ClusterMetrics } from '../../server/metrics.ts';
import { type OpenApi, type OpenFacts, openClusterFacts } from '../../wiring.ts';

export type ClusterSources = Pick<World, 'namespaces' | 'secrets' | 'serviceAccounts'>;

export interface ClusterUse {
  /** The sources that the policies need; none without a cluster. */
  sourcesFor(policies: readonly Policy[]): Promise<ClusterSources>;
  /** Why facts are not known yet that are read at the start. */
  notReady(): string | undefined;
  close(): Promise<void>;
}

/** A server that never becomes ready denies more than one that does not know some labels. */
const READY_WITHIN_MS = 30_000;

export function createClusterUse(
  openApi: OpenApi,
  { log, metrics }: { readonly log: Pick<ServerLog, 'warn'>; readonly metrics: ClusterMetrics },
): ClusterUse {
  let open: Promise<OpenFacts | undefined> | undefined;
  let facts: OpenFacts | undefined;
  let giveUp: NodeJS.Timeout | undefined;
  let isLate = false;
  const warn = (message: string): void => log.warn({}, message);
  const openOnce = async (): Promise<OpenFacts | undefined> => {
    const logDetail = limitedDetailLog(warn, Date.now, 'failed requests to the API server');
    const count = (resource: string, result: string): void => metrics.countRequest(resource, result);
    const countOld = (resource: string): void => metrics.countOld(resource);
    const opened = await openClusterFacts(openApi, { count, countOld, logDetail });
    if (opened !== undefined) metrics.setIdle(() => opened.idleSeconds());
    facts = opened;
    return facts;
  };
  const becomeReady = (): void => {
    const reason = facts?.notSynced();
    if (reason === undefined) return;
    isLate = true;
    warn(`ready without all facts of the cluster: ${reason}`);
  };
  return {
    async sourcesFor(policies) {
      const resources = new Set(rulesFor(clusterNeeds(policies)).map(({ resource }) => resource));
      if (resources.size === 0) return {};
      const sources = (await (open ??= openOnce()))?.sourcesFor(resources) ?? {};
      if (sources.namespaces !== undefined) giveUp ??= setTimeout(becomeReady, READY_WITHIN_MS).unref();
      return sources;
    },
    notReady: () => (isLate ? undefined : facts?.notSynced()),
    async close() {
      clearTimeout(giveUp);
      await facts?.close();
    },
  };
}
