/** `tidewaiter uninstall`: removes the webhook configurations first, so that no API server calls a server that is gone. */
import { ApiError, ApiOutage } from '../cluster/api.ts';
import { UserError } from '../error/user-error.ts';
import { removeInstallation } from '../install/removal.ts';
import { openCluster } from '../wiring.ts';
import { configured } from './configured.ts';
import type { Terminal } from './terminal.ts';

export interface UninstallFlags {
  readonly namespace: string;
  readonly kubeconfig?: string | undefined;
  readonly context?: string | undefined;
  readonly dryRun?: boolean | undefined;
}

export async function uninstall(flags: UninstallFlags, terminal: Terminal): Promise<number> {
  const { namespace, kubeconfig, context, dryRun = false } = flags;
  const { config } = await configured({ kubeconfig, context, cluster: 'on' }, terminal);
  const api = await openCluster(config);
  if (api === undefined) throw new UserError('no cluster is selected; set --kubeconfig or --context');
  terminal.note(`${dryRun ? 'looking for' : 'removing'} tidewaiter at ${api.server}\n`);
  let count = 0;
  try {
    for await (const removed of removeInstallation(api, { namespace, dryRun })) {
      count += 1;
      terminal.out(`${removed} ${dryRun ? 'would be removed' : 'removed'}\n`);
    }
  } catch (error) {
    if (!(error instanceof ApiError) && !(error instanceof ApiOutage)) throw error;
    throw new UserError(`${error.message} (${api.server}); run the command again when this is fixed`, { cause: error });
  } finally {
    await api.close();
  }
  terminal.note(count === 0 ? 'nothing found\n' : remains(namespace, dryRun));
  return 0;
}

function remains(namespace: string, dryRun: boolean): string {
  return dryRun ? '' : `namespace ${namespace} remains; to remove it, run kubectl delete namespace ${namespace}\n`;
}
