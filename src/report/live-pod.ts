/** Summarizes a live Pod: which image each container wants, which one runs, what the tag points to now, and why a pull failed. */
import type { ContainerSummary, PodSummary, PullSecretsSummary } from '../admission/pod-summary.ts';
import { printable } from '../image/quote.ts';
import type { Container } from '../pod/containers.ts';
import { type ContainerStatus, NO_STATUS, type PodStatus, runningImageOf } from '../pod/pod-status.ts';
import { namesImage, type PullEvent } from '../pod/pull-events.ts';
import { isPullReason, pullErrorKind } from '../pod/pull-error.ts';
import type { Fact, NamedSecret } from '../policy/fact.ts';
import type { Platform } from '../policy/registry-fact.ts';
import { platformText } from '../policy/rules/platforms.ts';
import type { PullTrace } from '../lookup/trace.ts';
import { type Diagnosis, diagnose } from './pull-diagnosis.ts';
import { type PullProgress, pullProgressOf } from './pull-progress.ts';
import { type FailureRow, failureRow } from './pull-row.ts';
import { type SecretFailure, secretFailureOf } from './secret-failure.ts';

/** The output of `explain pod POD --cluster -o json`. Keys are stable, and absent values are null. */
export interface LivePodSummary {
  readonly apiVersion: 'v1';
  readonly kind: 'Pod';
  readonly namespace: string;
  readonly name: string;
  /** The URL of the API server. */
  readonly cluster: string;
  readonly phase: string;
  /** Of the phase, for example `Evicted`. */
  readonly reason: string | null;
  /** RFC 3339. */
  readonly created: string | null;
  /** RFC 3339; not null if the Pod is being deleted. */
  readonly deleted: string | null;
  /** null: not scheduled. */
  readonly node: NodeSummary | null;
  readonly pullSecrets: PullSecretsSummary;
  /** The pull secrets that the ServiceAccount lists now; null: unknown. New Pods without a list get them. */
  readonly serviceAccountSecrets: readonly string[] | null;
  /** null: the kubelet reports no pull secret that it did not get. */
  readonly secretFailure: SecretFailure | null;
  /** Why the events of the Pod are unknown or incomplete. */
  readonly eventsProblem: string | null;
  /** In start order, like those of `explain pod FILE`. */
  readonly containers: readonly LiveContainer[];
}

export interface NodeSummary {
  readonly name: string;
  /** `linux/arm64` */
  readonly platform: string | null;
  /** `containerd://2.1.4` */
  readonly runtime: string | null;
  readonly kubelet: string | null;
  /** Why the node is unknown. */
  readonly problem: string | null;
}

export interface LiveContainer extends ContainerSummary {
  readonly pullPolicy: string | null;
  /** `none`: the kubelet has not reported the container. Image volumes have no state. */
  readonly state: ContainerStatus['state'];
  readonly stateReason: string | null;
  readonly running: RunningRow;
  readonly registryNow: RegistryRow;
  /** null: unknown, since events expire after an hour. */
  readonly lastPull: PullProgress | null;
  /** From the state of the container, then from events, newest first. */
  readonly errors: readonly PullErrorRow[];
  /** null: no error, or the cause is not known. */
  readonly cause: Diagnosis | null;
}

export interface RunningRow {
  /** `unknown`: the node reports something other than a digest. `none`: nothing has run. */
  readonly state: 'known' | 'unknown' | 'none';
  readonly digest: string | null;
  /** As the node reports it. */
  readonly imageId: string | null;
}

export interface RegistryRow {
  /** `unknown`: see `failure`. `none`: not looked up. */
  readonly state: 'yes' | 'no' | 'unknown' | 'none';
  /** What the image points to now. */
  readonly digest: string | null;
  /** Whether the running digest is the digest, or one of the images in its index; null: unknown. */
  readonly isRunning: boolean | null;
  /** The credential that the registry accepted. */
  readonly credential: string | null;
  readonly failure: FailureRow | null;
}

export interface PullErrorRow {
  readonly from: 'state' | 'event';
  readonly reason: string;
  readonly message: string;
  readonly count: number | null;
  /** RFC 3339. */
  readonly last: string | null;
}

export interface LivePodInput {
  readonly cluster: string;
  readonly namespace: string;
  readonly name: string;
  readonly status: PodStatus;
  readonly node: LiveNode | undefined;
  readonly pod: PodSummary;
  /** By image pointer. */
  readonly containers: ReadonlyMap<string, Container>;
  readonly accountSecrets: Fact<readonly string[]>;
  /** Those of `accountSecrets` that the Pod does not list. */
  readonly addedSecrets: readonly NamedSecret[];
  readonly events: readonly PullEvent[];
  readonly eventsProblem: string | undefined;
  /** By image pointer; those that were not looked up are missing. */
  readonly traces: ReadonlyMap<string, PullTrace>;
}

export interface LiveNode {
  readonly name: string;
  readonly platform: Platform | undefined;
  readonly runtime: string | undefined;
  readonly kubelet: string | undefined;
  readonly problem: string | undefined;
}

export function summarizeLivePod(input: LivePodInput): LivePodSummary {
  const { cluster, namespace, name, status, node, pod, accountSecrets, events, eventsProblem } = input;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    namespace,
    name,
    cluster,
    phase: printable(status.phase, MAX_WORD),
    reason: orNull(status.reason, MAX_WORD),
    created: status.created ?? null,
    deleted: status.deleted ?? null,
    node: node === undefined ? null : nodeSummary(node),
    pullSecrets: pod.pullSecrets,
    serviceAccountSecrets: accountSecrets.state === 'yes' ? accountSecrets.value : null,
    secretFailure: secretFailureOf(events, pod.pullSecrets, namespace),
    eventsProblem: eventsProblem ?? null,
    containers: pod.containers.map((container) => liveContainer(container, input)),
  };
}

const MAX_WORD = 100;
const MAX_MESSAGE = 1000;

function orNull(text: string | undefined, max: number): string | null {
  return text === undefined ? null : printable(text, max);
}

function nodeSummary({ name, platform, runtime, kubelet, problem }: LiveNode): NodeSummary {
  return {
    name,
    platform: platform === undefined ? null : printable(platformText(platform), MAX_WORD),
    runtime: orNull(runtime, MAX_WORD),
    kubelet: orNull(kubelet, MAX_WORD),
    problem: problem ?? null,
  };
}

function liveContainer(container: ContainerSummary, input: LivePodInput): LiveContainer {
  const { status, containers, traces } = input;
  const trace = traces.get(container.pointer);
  const isVolume = container.kind === 'volume';
  const name = container.name ?? '';
  const own = isVolume ? NO_STATUS : (status.containers.get(name) ?? NO_STATUS);
  const imageId = isVolume ? (status.volumeImages.get(name) ?? '') : own.imageId;
  const events = eventsOf(container, input);
  const errors = errorsOf(own, events);
  return {
    ...container,
    pullPolicy: containers.get(container.pointer)?.pullPolicy ?? null,
    state: own.state,
    stateReason: orNull(own.reason, MAX_WORD),
    running: runningRow(imageId),
    registryNow: registryRow(trace, imageId),
    lastPull: pullProgressOf(events),
    errors,
    cause: causeOf(container, { own, errors, trace }, input),
  };
}

function runningRow(imageId: string): RunningRow {
  const image = runningImageOf(imageId);
  if (image.state === 'none') return { state: 'none', digest: null, imageId: null };
  const shown = printable(imageId, MAX_MESSAGE);
  if (image.state === 'digest') return { state: 'known', digest: image.digest, imageId: shown };
  return { state: 'unknown', digest: null, imageId: shown };
}

function registryRow(trace: PullTrace | undefined, imageId: string): RegistryRow {
  if (trace === undefined) return { state: 'none', digest: null, isRunning: null, credential: null, failure: null };
  const { image, details } = trace;
  if (image.state !== 'yes')
    return { state: image.state, digest: null, isRunning: null, credential: null, failure: failureRow(image) };
  const { digest, credential } = image.value;
  const running = runningImageOf(imageId);
  const children = details?.state === 'yes' ? (details.value.imageDigests ?? []) : [];
  const isRunning = running.state === 'digest' ? [digest, ...children].includes(running.digest) : null;
  return { state: 'yes', digest, isRunning, credential, failure: null };
}

/** Events in a summary; the kubelet combines repeated ones. */
const MAX_EVENTS = 5;

/** Events about image volumes have no container. */
function eventsOf({ kind, name, image, runtimeRef }: ContainerSummary, { events }: LivePodInput): readonly PullEvent[] {
  const images = [image, runtimeRef ?? image];
  return events.filter((event) =>
    event.container === undefined
      ? kind === 'volume' && images.some((each) => namesImage(event, each))
      : kind !== 'volume' && event.container === name,
  );
}

function errorsOf({ state, reason, message }: ContainerStatus, events: readonly PullEvent[]): readonly PullErrorRow[] {
  // A container that runs has its image, whatever older events report.
  if (state === 'running') return [];
  const own = events.filter(({ kind }) => kind === 'error');
  const rows = own.slice(0, MAX_EVENTS).map(eventRow);
  if (!isPullReason(reason)) return state === 'terminated' ? [] : rows;
  const shown = {
    from: 'state',
    reason: printable(reason ?? '', MAX_WORD),
    message: printable(message ?? '', MAX_MESSAGE),
  } as const;
  return [{ ...shown, count: null, last: null }, ...rows];
}

function eventRow({ reason, message, count, last }: PullEvent): PullErrorRow {
  return {
    from: 'event',
    reason: printable(reason, MAX_WORD),
    message: printable(message, MAX_MESSAGE),
    count,
    last: last ?? null,
  };
}

interface PullState {
  readonly own: ContainerStatus;
  readonly errors: readonly PullErrorRow[];
  readonly trace: PullTrace | undefined;
}

function causeOf(
  container: ContainerSummary,
  { own, errors, trace }: PullState,
  input: LivePodInput,
): Diagnosis | null {
  if (errors.length === 0) return null;
  const { namespace, addedSecrets, node, pod, containers } = input;
  const { image } = containers.get(container.pointer) ?? {};
  const evidence = {
    kind: pullErrorKind(
      own.reason,
      errors.map(({ message }) => message),
    ),
    namespace,
    reference: image?.state === 'parsed' ? image.reference : undefined,
    problem: container.problem,
    credentials: container.credentials,
    secrets: pod.pullSecrets,
    addedSecrets,
    nodePlatform: node?.platform,
    trace,
  };
  return diagnose(evidence) ?? null;
}
