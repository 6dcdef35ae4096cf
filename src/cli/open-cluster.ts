/** The cluster of a command: that of `--cluster`, `--context`, or `--kubeconfig`. */
import type { ClusterApi } from '../cluster/api.ts';
import { ApiError, ApiOutage } from '../cluster/api.ts';
import type { Config, Flags } from '../config/config.ts';
import { UserError } from '../error/user-error.ts';
import { printable, quoteValue } from '../image/quote.ts';
import { openCluster } from '../wiring.ts';

export interface ClusterFlags {
  readonly cluster?: boolean | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
}

/** Commands use a cluster only if their command line selects one; the configuration is for `serve`. */
export function selectsCluster({ cluster, kubeconfig, context }: ClusterFlags): boolean {
  return cluster === true || kubeconfig !== undefined || context !== undefined;
}

export function clusterFlags(flags: ClusterFlags): Pick<Flags, 'cluster' | 'kubeconfig' | 'context'> {
  const { kubeconfig, context } = flags;
  return selectsCluster(flags) ? { cluster: 'on', kubeconfig, context } : {};
}

/** Throws a UserError for options that have no effect without a cluster. */
export function requireCluster(
  flags: ClusterFlags,
  options: { readonly namespace?: string | undefined; readonly serviceAccount?: string | undefined },
): void {
  if (selectsCluster(flags) || (options.namespace === undefined && options.serviceAccount === undefined)) return;
  throw new UserError('--namespace and --service-account require --cluster');
}

/** Runs work with the cluster. Errors of the API server are the user's, for example an expired login. */
export async function withCluster<T>(config: Config, work: (api: ClusterApi) => Promise<T>): Promise<T> {
  const api = await openCluster(config);
  if (api === undefined) throw new UserError('no cluster is selected; use --cluster');
  try {
    return await work(api);
  } catch (error) {
    throw clusterError(error, api.server);
  } finally {
    await api.close();
  }
}

export function clusterError(error: unknown, server: string): unknown {
  if (error instanceof ApiOutage) return new UserError(error.message, { cause: error });
  if (!(error instanceof ApiError)) return error;
  const host = quoteValue(server);
  if (error.status === 401)
    return new UserError(`the API server ${host} rejects the credentials of the kubeconfig (HTTP 401); log in again`, {
      cause: error,
    });
  return new UserError(`the API server ${host} returned HTTP ${error.status}: ${printable(error.message, 500)}`, {
    cause: error,
  });
}
