/** The summary of a workload, with the pull secrets that are known. */
import { gather } from '../admission/facts/gather.ts';
import { createLookups } from '../admission/facts/lookups.ts';
import { type ChangesSummary, summarizeWorkload, type WorkloadSummary } from '../admission/pod-summary.ts';
import type { AdmissionRequest } from '../admission/request.ts';
import type { Workload } from '../pod/workload.ts';

/** Throws a ShapeError if a volume is malformed. */
export async function summaryOf(
  request: AdmissionRequest,
  workload: Workload,
  context: Parameters<typeof createLookups>[1],
  changes?: ChangesSummary,
): Promise<WorkloadSummary> {
  const namespace = workload.clusterScoped ? undefined : request.namespace;
  const wanted = { workload, needs: new Set(['pullSecrets'] as const), pluginsRan: request.pluginsRan };
  const lookups = createLookups(namespace, context, new AbortController().signal);
  const { pullSecrets } = await gather(wanted, { state: 'unknown', reason: 'not needed' }, lookups);
  return summarizeWorkload({ workload, namespace, pullSecrets, changes });
}
