/** `tidewaiter uninstall`: removes the webhook configurations first, so that no API server calls a server that is gone. */
import { ApiError, ApiOutage } from '../cluster/api.ts';
import { UserError } from '../error/user-error.ts';
import { installedNamespace, removeInstallation } from '../install/removal.ts';
import { openCluster } from '../wiring.ts';
import { configured } from './configured.ts';
import type { Terminal } from './terminal.ts';

export interface UninstallFlags {
  readonly namespace?: string | undefined;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

export async function uninstall(flags: UninstallFlags, terminal: Terminal): Promise<number> {
  const { kubeconfig, context, dryRun = false } = flags;
  const { config } = await configured({ kubeconfig, context, cluster: 'on' }, terminal);
  // The command needs a cluster; no setting asks for it.
  const api = await openCluster({ ...config, cluster: { ...config.cluster, from: 'uninstall' } });
  if (api === undefined) throw new UserError('no cluster is selected; set --kubeconfig or --context');
  terminal.note(`${dryRun ? 'looking for' : 'removing'} tidewaiter at ${api.server}\n`);
  try {
    const namespace = flags.namespace ?? (await installedNamespace(api));
    let count = 0;
    for await (const removed of removeInstallation(api, { namespace, dryRun })) {
      count += 1;
      terminal.out(`${removed} ${dryRun ? 'would be removed' : 'removed'}\n`);
    }
    terminal.note(count === 0 ? 'nothing found\n' : remains(namespace, dryRun));
    return 0;
  } catch (error) {
    throw userError(error, api.server);
  } finally {
    await api.close();
  }
}

function userError(error: unknown, server: string): unknown {
  if (!(error instanceof ApiError) && !(error instanceof ApiOutage)) return error;
  return new UserError(`${error.message} (${server}); run the command again when this is fixed`, { cause: error });
}

function remains(namespace: string, dryRun: boolean): string {
  return dryRun ? '' : `namespace ${namespace} remains; to remove it, run kubectl delete namespace ${namespace}\n`;
}
