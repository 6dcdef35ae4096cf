/** Names in a cluster, for completion. What cannot be read in time has no candidates, and no message. */
import { ApiError, ApiOutage } from '../cluster/api.ts';
import { pagesOf } from '../cluster/pages.ts';
import { loadConfig } from '../config/config.ts';
import { UserError } from '../error/user-error.ts';
import { objectOf, objectsOf, textOf } from '../pod/pod-status.ts';
import { openCluster } from '../wiring.ts';

export type ClusterNames = 'pods' | 'namespaces' | 'serviceaccounts';

/** The options that select a cluster and a namespace, as far as they are typed. */
export interface TypedFlags {
  readonly config?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly namespace?: string | undefined;
}

/** For all requests, in milliseconds. */
const MAX_WAIT_MS = 2000;
const PAGES = { pageSize: 500, maxPages: 10 };

export async function namesInCluster(kind: ClusterNames, flags: TypedFlags): Promise<readonly string[]> {
  const { config: file, kubeconfig, context, namespace } = flags;
  const names: string[] = [];
  const signal = AbortSignal.timeout(MAX_WAIT_MS);
  try {
    const { config } = await loadConfig({ config: file, cluster: 'on', kubeconfig, context });
    // The shell has the terminal.
    const api = await openCluster(config, { usesTerminal: false });
    if (api === undefined) return [];
    try {
      const path = pathOf(kind, namespace ?? api.namespace);
      for await (const { list } of pagesOf(api, { path, ...PAGES, timeoutMs: MAX_WAIT_MS }, signal))
        names.push(...objectsOf(list['items']).flatMap(({ metadata }) => textOf(objectOf(metadata)['name']) ?? []));
    } finally {
      await api.close();
    }
  } catch (error) {
    if (!signal.aborted && !isExpected(error)) throw error;
  }
  return names;
}

function pathOf(kind: ClusterNames, namespace: string): string {
  return kind === 'namespaces' ? '/api/v1/namespaces' : `/api/v1/namespaces/${encodeURIComponent(namespace)}/${kind}`;
}

function isExpected(error: unknown): boolean {
  return error instanceof UserError || error instanceof ApiError || error instanceof ApiOutage;
}
