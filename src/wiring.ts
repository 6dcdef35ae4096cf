/** Creates the context of every command and its image sources from the Config. The only file that creates adapters. */
import { setImmediate } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Context, RegistrySources, World } from './admission/context.ts';
import type { ClusterApi } from './cluster/api.ts';
import type { ClusterFacts, ClusterFactsOptions } from './cluster/facts/cluster-facts.ts';
import { isInPod } from './cluster/in-pod.ts';
import type { Config } from './config/config.ts';
import { PLUGIN_TIMEOUT_MS } from './config/keys.ts';
import { type LoadedPolicies, loadPolicies } from './files/policies.ts';
import type { SharedCache } from './lookup/shared-cache.ts';
import type { ImageTracer } from './lookup/trace.ts';
import type { NodeCredentialSettings } from './node/configured-credentials.ts';
import type { NodeCredentials } from './node/node-credentials.ts';
import { exceptionBook } from './policy/exception-book.ts';
import type { Rule } from './policy/rule.ts';
import type { HttpRegistryClient } from './registry/http-client.ts';
import { RULES } from './policy/rules/index.ts';

/** The built-in policy of the package, one level above this file and its bundle. */
export const BUILT_IN = fileURLToPath(new URL('../manifests/policies/baseline.yaml', import.meta.url));

export interface Composed {
  readonly context: Context;
  /** `built-in`, or the files and directories. */
  readonly policySource: string;
  readonly isBuiltIn: boolean;
  /** The built-in rules and those of plugins. */
  readonly rules: readonly Rule[];
  readonly loaded: LoadedPolicies;
}

/** Facts that only some commands have: `check` reads Namespaces, Secrets, and ServiceAccounts from its input files. */
export interface Environment {
  readonly world?: World | undefined;
  /** Unix time in milliseconds, for expiry and age; by default the wall clock. */
  readonly now?: (() => number) | undefined;
  /** By default, the built-in rules and those of plugins, which are loaded. */
  readonly rules?: readonly Rule[] | undefined;
}

/** The configuration that every command needs; without plugins, there are only the built-in rules. */
export type Composition = Pick<Config, 'kinds' | 'policies'> &
  Partial<Pick<Config, 'plugins' | 'pluginTimeoutMs' | 'originOf'>>;

export async function compose(
  config: Composition,
  { now = Date.now, world, rules: known }: Environment = {},
): Promise<Composed> {
  const { kinds, policies: paths, originOf } = config;
  const isBuiltIn = paths.length === 0;
  const rules = known ?? (await allRules(config));
  const loaded = await loadPolicies(isBuiltIn ? [BUILT_IN] : paths, { rules, kinds, originOf });
  const { policies, exceptions: all } = loaded;
  const exceptions = all.length === 0 ? undefined : exceptionBook(all, now);
  // One turn of the event loop: a source that settles on an abort does so in promise callbacks.
  const abortGrace = async (): Promise<void> => setImmediate();
  const context = { kinds, policies, exceptions, world, now, abortGrace };
  return { context, policySource: isBuiltIn ? 'built-in' : paths.join(', '), isBuiltIn, rules, loaded };
}

/** Returns the built-in rules, then those of plugins. */
export async function allRules({
  plugins = [],
  pluginTimeoutMs = PLUGIN_TIMEOUT_MS,
  originOf,
}: Pick<Composition, 'plugins' | 'pluginTimeoutMs' | 'originOf'>): Promise<readonly Rule[]> {
  if (plugins.length === 0) return RULES;
  const { loadPlugins } = await import('./plugin/load.ts');
  return [...RULES, ...loadPlugins(plugins, { builtIn: RULES, timeoutMs: pluginTimeoutMs, originOf })];
}

export interface PluginState {
  /** The files of the plugins and the modules that they import, as far as they are loaded. */
  readonly modules: readonly string[];
  /** What they import from node_modules. */
  readonly packages: readonly string[];
  /** Of the contents of the modules. */
  readonly digest: string;
}

export async function pluginState(plugins: readonly string[]): Promise<PluginState> {
  if (plugins.length === 0) return { modules: [], packages: [], digest: '' };
  const { pluginDigest, pluginModules, pluginPackages } = await import('./plugin/reload.ts');
  return { modules: pluginModules(plugins), packages: pluginPackages(plugins), digest: pluginDigest(plugins) };
}

/** Returns the same rules as a new process, with the current content of plugin files. */
export async function reloadRules(
  config: Pick<Composition, 'plugins' | 'pluginTimeoutMs' | 'originOf'>,
): Promise<readonly Rule[]> {
  const { plugins = [], pluginTimeoutMs = PLUGIN_TIMEOUT_MS, originOf } = config;
  if (plugins.length === 0) return RULES;
  const { loadPlugins, importChanged } = await import('./plugin/reload.ts');
  const importFile = await importChanged(plugins);
  return [...RULES, ...loadPlugins(plugins, { builtIn: RULES, timeoutMs: pluginTimeoutMs, originOf, importFile })];
}

export interface Registries {
  readonly sources: RegistrySources;
  readonly tracer: ImageTracer;
  /** Replaces those of `nodeCredentials`. */
  useCredentials(settings: NodeCredentialSettings): void;
  close(): Promise<void>;
}

/** Queries registries with the settings of the configuration, and has no credentials. */
export async function openAnonymousClient({ registries, env }: Config): Promise<HttpRegistryClient> {
  const { createRegistryClient } = await import('./lookup/adapters.ts');
  return createRegistryClient(registries, { env });
}

export interface RegistriesOptions {
  /**
   * In addition to pull secrets: `nodeCredentials` of the configuration, which a server has loaded, or Docker's credentials on this
   * machine.
   */
  readonly credentials: 'node' | 'docker' | { readonly loaded: NodeCredentialSettings | undefined };
  /** The origin of image strings: anyone who can create a Pod, or the user of the command. */
  readonly callers: 'tenants' | 'user';
  /** Receives warnings that belong to no single lookup, such as an unavailable shared cache. */
  readonly warn: (message: string) => void;
}

/** Loads the adapters and undici on demand, because most commands look up nothing. */
export async function openRegistries(
  config: Config,
  { credentials, callers, warn }: RegistriesOptions,
): Promise<Registries> {
  const adapters = await import('./lookup/adapters.ts');
  const { registries, registryCache: settings, env } = config;
  const now = Date.now;
  const nodeOf = (from: NodeCredentialSettings): NodeCredentials => adapters.configuredCredentials(from, { env, now });
  const first = await firstCredentials();
  const node = first && adapters.replaceableCredentials(first);
  // Tenants share the queue and the name servers, and get no details of the network in messages.
  const isShared = callers === 'tenants';
  const resolve = isShared ? adapters.createNameServers() : undefined;
  const client = adapters.createRegistryClient(registries, { env, now, resolve });
  const shared = await sharedCache(config, adapters.createSharedCache, warn);
  const limits = isShared ? { queue: adapters.QUEUE_LIMITS } : undefined;
  const sources = adapters.createRegistrySources({ client, node, shared, settings, now, limits });
  return {
    sources: isShared ? adapters.withTenantMessages(sources, adapters.limitedDetailLog(warn, now)) : sources,
    tracer: adapters.createImageTracer({ client, node, settings, now }),
    useCredentials: (next) => node?.replace(nodeOf(next)),
    async close() {
      shared?.close();
      await client.close();
    },
  };

  async function firstCredentials(): Promise<NodeCredentials | undefined> {
    if (credentials === 'docker') return adapters.dockerCredentials(DOCKER_HELPERS, { env, now });
    const loaded = credentials === 'node' ? await nodeCredentials(config) : credentials.loaded;
    return loaded && nodeOf(loaded);
  }
}

type Adapters = typeof import('./lookup/adapters.ts');

/** Docker itself sets no time limit for credential helpers. */
const DOCKER_HELPERS = { helpers: 'any', timeoutMs: 10_000 } as const;

async function nodeCredentials({
  nodeCredentials: settings,
  originOf,
}: Config): Promise<NodeCredentialSettings | undefined> {
  if (settings === undefined) return undefined;
  const { nodeCredentialSettings } = await import('./config/credential-files.ts');
  return nodeCredentialSettings(settings, originOf);
}

/** The files of `nodeCredentials` for a server. Throws UserError. */
export async function validNodeCredentials({
  nodeCredentials: settings,
  originOf,
}: Config): Promise<NodeCredentialSettings | undefined> {
  if (settings === undefined) return undefined;
  const { validNodeCredentialSettings } = await import('./config/credential-files.ts');
  return validNodeCredentialSettings(settings, originOf);
}

async function sharedCache(
  { registryCache, originOf }: Config,
  createSharedCache: Adapters['createSharedCache'],
  warn: RegistriesOptions['warn'],
): Promise<SharedCache | undefined> {
  const { shared } = registryCache;
  if (shared === undefined) return undefined;
  const { sharedCacheSettings } = await import('./config/credential-files.ts');
  return createSharedCache(await sharedCacheSettings(shared, registryCache, originOf), { now: Date.now, warn });
}

/**
 * Returns undefined if no cluster is used. Sends no request. Loads the client on demand, because most commands need no cluster.
 * Throws a UserError if the cluster is not determined.
 */
export async function openCluster(
  { cluster, env, originOf }: Config,
  {
    usesTerminal = true,
  }: { /** Whether credential plugins can get the terminal. */ readonly usesTerminal?: boolean } = {},
): Promise<ClusterApi | undefined> {
  const { mode, kubeconfig, context } = cluster;
  const isSelected = mode === 'on' || kubeconfig !== undefined || context !== undefined || isInPod(env);
  if (mode === 'off' || !isSelected) return undefined;
  const { openClusterApi } = await import('./cluster/client.ts');
  return openClusterApi(cluster, { env, originOf, usesTerminal });
}

/** Opens the cluster of a process. Resolves with undefined if no cluster is used. */
export type OpenApi = () => Promise<ClusterApi | undefined>;

/** All that open the cluster share one client, with its connections and its credential; the last that closes it ends it. */
export function sharedCluster(config: Config): OpenApi {
  let opened: Promise<ClusterApi | undefined> | undefined;
  let users = 0;
  return async () => {
    const api = await (opened ??= openCluster(config));
    if (api === undefined) return undefined;
    users += 1;
    let isOpen = true;
    return {
      ...api,
      async close() {
        if (isOpen) users -= 1;
        isOpen = false;
        if (users > 0) return;
        opened = undefined;
        await api.close();
      },
    };
  };
}

export interface OpenFacts extends Omit<ClusterFacts, 'close'> {
  close(): Promise<void>;
}

/** Returns undefined if no cluster is used. */
export async function openClusterFacts(openApi: OpenApi, options: ClusterFactsOptions): Promise<OpenFacts | undefined> {
  const api = await openApi();
  if (api === undefined) return undefined;
  const { createClusterFacts } = await import('./cluster/facts/cluster-facts.ts');
  const facts = createClusterFacts(api, options);
  return {
    ...facts,
    async close() {
      facts.close();
      await api.close();
    },
  };
}
