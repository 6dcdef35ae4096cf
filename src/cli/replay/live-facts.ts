/** Facts of today for `replay --live`: registries, and the cluster that the command line selects. */
import type { World } from '../../admission/context.ts';
import type { Config } from '../../config/config.ts';
import { UserError } from '../../error/user-error.ts';
import { closeAfter } from '../close-after.ts';
import { commandFacts } from '../command-facts.ts';
import { type ClusterFlags, selectsCluster, withCluster } from '../open-cluster.ts';
import { openRegistry, type OpenRegistry } from '../open-registry.ts';
import type { Terminal } from '../terminal.ts';

export interface LiveFlags extends ClusterFlags {
  readonly live?: boolean | undefined;
  /** Replaces the registry in tests. */
  readonly openRegistry?: OpenRegistry | undefined;
}

/** Runs work with the facts of today; undefined: those of the recording count, and nothing is looked up. */
export async function withLiveFacts<T>(
  flags: LiveFlags,
  { config, terminal }: { readonly config: Config; readonly terminal: Terminal },
  work: (live: World | undefined) => Promise<T>,
): Promise<T> {
  if (flags.live !== true) {
    if (selectsCluster(flags)) throw new UserError('--cluster, --context, and --kubeconfig require --live');
    return work(undefined);
  }
  const withRegistries = async (cluster: World): Promise<T> => {
    const warn = (message: string): void => terminal.note(`${message}\n`);
    // Credentials of the user would prove nothing about the cluster.
    const options = { credentials: 'node', callers: 'user', warn } as const;
    const registry = await (flags.openRegistry ?? openRegistry)(config, options);
    return closeAfter(work({ ...cluster, ...registry.sources }), () => registry.close());
  };
  if (!selectsCluster(flags)) return withRegistries({});
  return withCluster(config, async (api) => withRegistries(await commandFacts(api)));
}
