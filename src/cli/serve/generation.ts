/**
 * What a running server loads again: policies, exceptions, lists, plugins, kinds, the client CA, and the credentials of nodes. One
 * error rejects all.
 */
import type { Config, LoadedConfig } from '../../config/config.ts';
import type { NodeCredentialSettings } from '../../node/configured-credentials.ts';
import { type ClientAuthority, loadClientAuthority } from '../../server/client-authority.ts';
import { type Composed, compose, pluginState, reloadRules, validNodeCredentials } from '../../wiring.ts';
import { generationOf } from '../generation-hash.ts';

export interface Generation {
  /** 12 hexadecimal digits; equal for equal contents of the files, on all replicas. */
  readonly hash: string;
  readonly composed: Composed;
  readonly loaded: LoadedConfig;
  readonly clients: ClientAuthority | undefined;
  readonly credentials: NodeCredentialSettings | undefined;
  /** The files that were read, with the modules that plugins import. */
  readonly paths: readonly string[];
  readonly pluginDigest: string;
}

/** Throws UserError, with the same text at the start and later. `previous`: its rules stay if its plugins have not changed. */
export async function composeGeneration(loaded: LoadedConfig, previous: Generation | undefined): Promise<Generation> {
  const { config } = loaded;
  const before = await pluginState(config.plugins);
  const isSame = previous !== undefined && hasSameRules(previous, config, before.digest);
  const rules = isSame ? previous.composed.rules : previous && (await reloadRules(config));
  const composed = await compose(config, { rules });
  const clients =
    config.clients && (await loadClientAuthority(config.clients.ca, config.clients.names, config.originOf));
  const credentials = await validNodeCredentials(config);
  const plugins = await pluginState(config.plugins);
  return {
    hash: generationOf(loaded, composed, plugins.digest),
    composed,
    loaded,
    clients,
    credentials,
    paths: pathsOf(loaded, plugins.modules),
    pluginDigest: plugins.digest,
  };
}

function hasSameRules({ loaded: { config }, pluginDigest }: Generation, next: Config, digest: string): boolean {
  return (
    digest === pluginDigest &&
    next.pluginTimeoutMs === config.pluginTimeoutMs &&
    JSON.stringify(next.plugins) === JSON.stringify(config.plugins)
  );
}

/** The files that can change a generation. Standard input and pipes cannot be read again. */
export function pathsOf(
  { file, config }: LoadedConfig,
  modules: readonly string[] = config.plugins,
): readonly string[] {
  const { policies, clients, nodeCredentials } = config;
  const credentials = [nodeCredentials?.dockerConfig ?? [], nodeCredentials?.providers?.config ?? []].flat();
  return [...new Set([file, ...policies, ...modules, ...(clients === undefined ? [] : [clients.ca]), ...credentials])];
}
