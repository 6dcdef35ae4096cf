/** `tidewaiter explain pod POD --cluster`: a live Pod as a tree, with what runs and why a pull failed. */
import { gather } from '../../admission/facts/gather.ts';
import { imageLookups, type ContainerLookup } from '../../admission/facts/image-lookups.ts';
import { createLookups, type Lookups } from '../../admission/facts/lookups.ts';
import type { World } from '../../admission/context.ts';
import {
  type ChangesSummary,
  type PodSummary,
  type SummaryInput,
  summarizeWorkload,
} from '../../admission/pod-summary.ts';
import type { ClusterApi } from '../../cluster/api.ts';
import { createCommandFacts } from '../../cluster/facts/command-facts.ts';
import { type LiveObjects, readLivePod, type ReadObject } from '../../cluster/live-pod.ts';
import type { Config } from '../../config/config.ts';
import { UserError } from '../../error/user-error.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ImageTracer, PullTrace } from '../../lookup/trace.ts';
import { lookUpEach } from '../../pinning/look-up-each.ts';
import { objectOf, podStatusOf, textOf } from '../../pod/pod-status.ts';
import { pullEventsIn } from '../../pod/pull-events.ts';
import type { JsonObject } from '../../pod/pointer.ts';
import { type Workload, workloadOf } from '../../pod/workload.ts';
import type { Facts } from '../../policy/fact.ts';
import { type LiveNode, type LivePodInput, type LivePodSummary, summarizeLivePod } from '../../report/live-pod.ts';
import { formatLivePod } from '../../report/live-pod-tree.ts';
import { paint } from '../../report/paint.ts';
import { compose } from '../../wiring.ts';
import { configured } from '../configured.ts';
import { clusterFlags, type ClusterFlags, withCluster } from '../open-cluster.ts';
import { openRegistry, type OpenRegistry } from '../open-registry.ts';
import { progressOn } from '../progress.ts';
import type { Terminal } from '../terminal.ts';
import { originalsOf, originalsSummary } from './pod-changes.ts';

export interface LivePodFlags extends ClusterFlags {
  readonly config?: string | undefined;
  /** undefined: that of the context. */
  readonly namespace?: string | undefined;
  /** undefined: changes and originals are not shown. */
  readonly policy?: readonly string[] | undefined;
  readonly output: 'text' | 'json';
  /** Registries are not queried. */
  readonly offline?: boolean | undefined;
  /** Replaces the registry in tests. */
  readonly openRegistry?: OpenRegistry | undefined;
}

/** Exits with 0 if all Pods exist, and 1 if one does not. */
export async function explainLivePods(
  names: readonly string[],
  flags: LivePodFlags,
  terminal: Terminal,
): Promise<number> {
  const { config: file, policy } = flags;
  const given = { config: file, ...(policy === undefined ? {} : { policy }), ...clusterFlags(flags) };
  const { config } = await configured(given, terminal);
  const warn = (message: string): void => terminal.note(`${message}\n`);
  return withCluster(config, async (api) => {
    const open = flags.openRegistry ?? openRegistry;
    const registry = flags.offline ? undefined : await open(config, { credentials: 'node', callers: 'user', warn });
    const originals = await originalsBy(config, flags);
    const drawing: Drawing = { api, config, flags, terminal, tracer: registry?.tracer, originals };
    try {
      let code = 0;
      for (const [index, name] of names.entries()) code = Math.max(code, await explainOne(name, index === 0, drawing));
      return code;
    } finally {
      await registry?.close();
    }
  });
}

interface Drawing {
  readonly api: ClusterApi;
  readonly config: Config;
  readonly flags: LivePodFlags;
  readonly terminal: Terminal;
  /** undefined: registries are not queried. */
  readonly tracer: ImageTracer | undefined;
  /** undefined: no policies are given. */
  readonly originals: OriginalsOf | undefined;
}

type OriginalsOf = (namespace: string, workload: Workload, world: World) => Promise<ChangesSummary>;

async function originalsBy(config: Config, { policy }: LivePodFlags): Promise<OriginalsOf | undefined> {
  if (policy === undefined) return undefined;
  const { context } = await compose(config, {});
  return async (namespace, workload, world) =>
    originalsSummary(await originalsOf(namespace, workload, { ...context, world }));
}

async function explainOne(name: string, isFirst: boolean, drawing: Drawing): Promise<number> {
  const { api, flags, terminal } = drawing;
  const namespace = flags.namespace ?? api.namespace;
  const found = await readLivePod(api, { namespace, name }, NEVER);
  if (found.pod === undefined) {
    terminal.note(`Pod ${quoteValue(`${namespace}/${name}`)} not found in ${quoteValue(api.server)}\n`);
    return 1;
  }
  const summary = await summaryOf({ namespace, name, pod: found.pod }, found, drawing);
  if (flags.output === 'json') terminal.out(`${JSON.stringify(summary)}\n`);
  else {
    const options = { ink: paint(terminal.colors), now: Date.now(), columns: terminal.columns };
    terminal.out(`${isFirst ? '' : '\n'}${formatLivePod(summary, options)}\n`);
  }
  return 0;
}

const NEVER = new AbortController().signal;

interface NamedPod {
  readonly namespace: string;
  readonly name: string;
  readonly pod: JsonObject;
}

async function summaryOf(
  { namespace, name, pod }: NamedPod,
  { node, events }: LiveObjects,
  { api, config, tracer, terminal, originals }: Drawing,
): Promise<LivePodSummary> {
  const { kinds } = config;
  const read = workloadOf(pod, POD, kinds);
  if (read === undefined || !read.ok)
    throw new UserError(`Pod ${quoteValue(name)}: ${read?.fault.problem ?? 'not a Pod'}`);
  const { workload } = read;
  const world = createCommandFacts(api);
  const lookups = createLookups(namespace, { kinds, policies: [], world }, NEVER);
  // The admission plugin ServiceAccount has set the list of pull secrets when the Pod was created.
  const request = { workload, needs: new Set(['pullSecrets'] as const), pluginsRan: true };
  const [{ pullSecrets }, account] = await Promise.all([
    gather(request, { state: 'unknown', reason: 'not needed' }, lookups),
    accountFacts(workload, lookups),
  ]);
  const changes = await originals?.(namespace, workload, world);
  const status = podStatusOf(pod);
  return summarizeLivePod({
    cluster: api.server,
    namespace,
    name,
    status,
    node: status.nodeName === undefined ? undefined : nodeOf(status.nodeName, node),
    pod: podSummary({ workload, namespace, pullSecrets, changes }),
    containers: new Map(workload.containers.map((container) => [container.imagePointer, container])),
    ...account,
    events: pullEventsIn(events.events),
    eventsProblem: events.problem,
    traces: tracer === undefined ? new Map() : await traceAll(workload, pullSecrets, { tracer, terminal }),
  });
}

/** The pull secrets that new Pods of the ServiceAccount get, and those of them that this Pod does not have. */
async function accountFacts(
  { pods: [pod] }: Workload,
  lookups: Lookups,
): Promise<Pick<LivePodInput, 'accountSecrets' | 'addedSecrets'>> {
  const accountSecrets = await lookups.serviceAccount(pod?.serviceAccountName ?? 'default');
  const ofPod = new Set(['', ...(pod?.pullSecretNames ?? [])]);
  const listed = accountSecrets.state === 'yes' ? [...new Set(accountSecrets.value)] : [];
  const added = listed.filter((name) => !ofPod.has(name));
  const addedSecrets = await Promise.all(added.map(async (name) => ({ name, secret: await lookups.secret(name) })));
  return { accountSecrets, addedSecrets };
}

const POD = { group: '', version: 'v1', kind: 'Pod' };

function podSummary(input: SummaryInput): PodSummary {
  const [pod] = summarizeWorkload(input).pods;
  if (pod === undefined) throw new UserError(`Pod ${quoteValue(input.workload.name)} has no spec`);
  return pod;
}

function nodeOf(name: string, { object, problem }: ReadObject): LiveNode {
  const info = objectOf(objectOf(object?.['status'])['nodeInfo']);
  const [os, architecture] = [textOf(info['operatingSystem']), textOf(info['architecture'])];
  return {
    name,
    platform: os === undefined || architecture === undefined ? undefined : { os, architecture, variant: undefined },
    runtime: textOf(info['containerRuntimeVersion']),
    kubelet: textOf(info['kubeletVersion']),
    problem,
  };
}

/** For all images of a Pod, in milliseconds. */
const MAX_WAIT_MS = 60_000;
const CONCURRENCY = 8;

/** Containers with the same image and credentials share a lookup. */
async function traceAll(
  workload: Workload,
  pullSecrets: Facts['pullSecrets'],
  { tracer, terminal }: Pick<Drawing, 'terminal'> & { readonly tracer: ImageTracer },
): Promise<ReadonlyMap<string, PullTrace>> {
  const all = imageLookups(workload, pullSecrets, { by: 'image', staleMs: 0 });
  const lookups = new Map(all.map(({ lookup }) => [lookup.reference.fullName, lookup]));
  const progress = progressOn(terminal, 'images looked up');
  const signal = AbortSignal.timeout(MAX_WAIT_MS);
  try {
    const traces = await lookUpEach(lookups, {
      lookUp: (lookup) => tracer.trace(lookup, signal),
      signal,
      concurrency: CONCURRENCY,
      onProgress: progress.at,
    });
    const late = lookups.size - traces.size;
    if (late > 0)
      terminal.note(`${late} of ${lookups.size} images were not looked up within ${MAX_WAIT_MS / 1000} s\n`);
    return new Map(all.flatMap((each) => traceFor(each, traces)));
  } finally {
    progress.stop();
  }
}

function traceFor(
  { container, lookup }: ContainerLookup,
  traces: ReadonlyMap<string, PullTrace>,
): readonly (readonly [string, PullTrace])[] {
  const trace = traces.get(lookup.reference.fullName);
  return trace === undefined ? [] : [[container.imagePointer, trace]];
}
