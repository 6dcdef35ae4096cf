/** Keeps a running server on the current files: a generation that loads replaces the last one, a fault keeps it. */
import { setTimeout as delay } from 'node:timers/promises';
import { isDeepStrictEqual } from 'node:util';
import type { Context } from '../../admission/context.ts';
import { type Flags, loadConfig, type LoadedConfig, type Setting } from '../../config/config.ts';
import { UserError } from '../../error/user-error.ts';
import type { Fingerprint } from '../../files/fingerprint.ts';
import { type Reload, startReload } from '../../files/reload.ts';
import { requireDecidable } from '../../files/policies.ts';
import type { CurrentContext } from '../../server/current-context.ts';
import type { CurrentTls } from '../../server/current-tls.ts';
import type { ServerLog } from '../../server/log.ts';
import type { Metrics } from '../../server/metrics.ts';
import type { ClusterSources, ClusterUse } from './cluster-use.ts';
import { composeGeneration, type Generation } from './generation.ts';
import type { Notices } from './notices.ts';
import type { PreparedRegistries, RegistryUse } from './registry-use.ts';

/** What a running server reads and changes for a generation. */
export interface ReloadServices {
  readonly flags: Flags;
  /** The state of the files before the first generation was loaded. */
  readonly files: Fingerprint;
  readonly cluster: ClusterUse;
  readonly registries: RegistryUse;
  readonly current: CurrentContext;
  readonly tls: CurrentTls;
  readonly metrics: Metrics;
  readonly notices: Notices;
  readonly log: ServerLog;
}

export interface Reloads extends Reload {
  /** The lines for /readyz while the last reload failed. */
  status(): readonly string[];
}

/** A generation whose sources are open. */
export interface PreparedGeneration {
  readonly generation: Generation;
  readonly registries: PreparedRegistries;
  readonly clusterSources: ClusterSources;
}

const NO_RELOADS: Reloads = { now: async () => undefined, close: async () => undefined, status: () => [] };

/** Follows the files of the generation in use. Pipes can be read only once, so a server that reads one follows none. */
export function keepCurrent(first: Generation, services: ReloadServices): Reloads {
  const { files, log, metrics } = services;
  if (files.pipes.length > 0) return NO_RELOADS;
  let generation = first;
  let failing = false;
  const reported = createReported();
  const reload = startReload<PreparedGeneration>({
    paths: () => generation.paths,
    first: files,
    load: (found) => prepare(generation, found, services),
    discard: ({ registries }) => registries.discard(),
    async apply(prepared) {
      useClients(prepared.generation, services.tls);
      useGeneration(prepared, services);
      const before = generation;
      generation = prepared.generation;
      for (const text of unappliedKeys(first.loaded, generation.loaded)) if (reported.isNew(text)) log.warn({}, text);
      if (failing || before.hash !== generation.hash)
        log.info({ generation: generation.hash, before: before.hash }, 'files reloaded');
      failing = false;
      reported.clearFaults();
    },
    fail(error) {
      failing = true;
      metrics.reloads.failed();
      const text = error instanceof UserError ? error.message : `internal error: ${String(error)}`;
      if (!reported.isNewFault(text)) return;
      log.error({ generation: generation.hash }, `reload failed, the last good files stay in use: ${text}`);
    },
  });
  return {
    ...reload,
    status: () =>
      failing ? [`the last reload failed; generation ${generation.hash} stays in use, and the log has the errors`] : [],
  };
}

async function prepare(
  previous: Generation,
  { pipes: [pipe] }: Fingerprint,
  services: ReloadServices,
): Promise<PreparedGeneration> {
  if (pipe !== undefined) throw new UserError(`${pipe}: neither a file nor a directory`);
  const loaded = await loadConfig(services.flags);
  const prepared = await prepareSources(await composeGeneration(loaded, previous), services);
  await untilSynced(services.cluster);
  return prepared;
}

/** Opens what the policies need. Throws UserError if they need something that the server cannot have. */
export async function prepareSources(
  generation: Generation,
  { cluster, registries }: Pick<ReloadServices, 'cluster' | 'registries'>,
): Promise<PreparedGeneration> {
  const { composed } = generation;
  const clusterSources = await cluster.sourcesFor(composed.context.policies);
  if (clusterSources.namespaces === undefined) requireDecidable(composed.loaded);
  const prepared = await registries.prepare(generation);
  return { generation, registries: prepared, clusterSources };
}

const SYNC_MS = 10_000;

/** Policies that are the first to need labels of namespaces wait for the labels, but not for ever. */
async function untilSynced(cluster: ClusterUse): Promise<void> {
  const end = performance.now() + SYNC_MS;
  while (cluster.notReady() !== undefined && performance.now() < end) await delay(50);
}

/** Connections that begin later need a certificate of this client CA. */
function useClients({ clients }: Generation, tls: CurrentTls): void {
  const { clients: before } = tls.settings;
  if (clients === undefined || before === undefined || isDeepStrictEqual(clients, before)) return;
  tls.change((settings) => ({ ...settings, clients }));
}

/** Decides later reviews with this generation. */
export function useGeneration(
  { generation, registries, clusterSources }: PreparedGeneration,
  { current, metrics, notices }: Pick<ReloadServices, 'current' | 'metrics' | 'notices'>,
): void {
  const { composed, hash, loaded, clients } = generation;
  const sources = { ...registries.sources, ...clusterSources };
  const world = Object.keys(sources).length === 0 ? undefined : sources;
  current.change((context) => contextOf(context, { ...composed.context, generation: hash, world }));
  registries.commit(() => current.earlierReviews());
  metrics.setExceptions(composed.loaded.exceptions);
  metrics.reloads.loaded(hash, Date.now());
  notices.log(composed.loaded, {
    ofNodes: loaded.config.nodeCredentials !== undefined,
    ofCluster: clusterSources.secrets !== undefined,
    areGuarded: clients !== undefined,
  });
}

/** Keeps the policies if nothing has changed, because plans and results are remembered by the list of policies. */
function contextOf(before: Context, next: Context): Context {
  const { policies, exceptions, kinds } = before;
  return before.generation === next.generation ? { ...next, policies, exceptions, kinds } : next;
}

/**
 * Keys whose changes need no restart: their files are loaded again, with the file of the configuration. A server does not use
 * `ignore`.
 */
const APPLIED: ReadonlySet<string> = new Set([
  'policies',
  'plugins',
  'pluginTimeoutMs',
  'kinds',
  'clientCa',
  'clientNames',
  'nodeCredentials',
  'ignore',
]);

/** Says which keys have changed and stay without effect; `clientCa` and `nodeCredentials` do so if they were added or removed. */
function unappliedKeys(first: LoadedConfig, now: LoadedConfig): readonly string[] {
  const before = new Map(first.settings.map(({ key, value }) => [key, value]));
  return now.settings.flatMap(({ key, value, from }: Setting) => {
    const old = before.get(key);
    const isApplied = APPLIED.has(key) && (old === undefined) === (value === undefined);
    if (isApplied || isDeepStrictEqual(old, value)) return [];
    return [`${key} has changed (${from}); restart tidewaiter to apply it`];
  });
}

interface Reported {
  isNew(text: string): boolean;
  isNewFault(text: string): boolean;
  /** A fault that comes back after a successful reload is new. */
  clearFaults(): void;
}

const MAX_REPORTED = 100;

function createReported(): Reported {
  const texts = new Set<string>();
  const faults = new Set<string>();
  const add = (to: Set<string>, text: string): boolean => {
    if (to.has(text)) return false;
    if (to.size >= MAX_REPORTED) to.clear();
    to.add(text);
    return true;
  };
  return {
    isNew: (text) => add(texts, text),
    isNewFault: (text) => add(faults, text),
    clearFaults: () => faults.clear(),
  };
}
