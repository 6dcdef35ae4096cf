/** Summarizes the Pods of a workload: ports, volumes, containers, and how each image is pulled. */
import { type Keyring, keyringOf } from '../credential/keyring.ts';
import { ignoredReason, type PullSecret } from '../credential/pull-secret.ts';
import { visibleUser } from '../credential/user-name.ts';
import { quoteValue } from '../image/quote.ts';
import { type Container, type ContainerKind, type Pod } from '../pod/containers.ts';
import type { JsonObject } from '../pod/pointer.ts';
import { portClashes } from '../pod/ports.ts';
import { readObjects, readString } from '../pod/read.ts';
import { apiVersionOf, type Workload } from '../pod/workload.ts';
import type { Facts, NamedSecret, PodPullSecrets } from '../policy/fact.ts';

/** The output of `explain pod -o json`, one for each object. Keys are stable, and absent values are null. */
export interface WorkloadSummary {
  readonly apiVersion: string;
  readonly kind: string;
  /** null: cluster-scoped. */
  readonly namespace: string | null;
  readonly name: string;
  readonly pods: readonly PodSummary[];
  /** Images outside of a Pod spec, which the controller of the kind pulls in its own way. */
  readonly otherImages: readonly ImageSummary[];
}

export interface PodSummary {
  /** JSON Pointer (RFC 6901) of the Pod spec, from the root of the object. */
  readonly pointer: string;
  /** True if the Pod uses the IP address and ports of its node. */
  readonly hostNetwork: boolean;
  readonly ports: readonly PortSummary[];
  readonly volumes: readonly VolumeSummary[];
  readonly pullSecrets: PullSecretsSummary;
  /** In start order: image volumes first, because they are pulled before, and ephemeral containers last. */
  readonly containers: readonly ContainerSummary[];
}

export interface PortSummary {
  readonly port: number;
  readonly protocol: string;
  readonly name: string | null;
  readonly container: string | null;
  readonly hostPort: number | null;
  /** True if the rule container-ports reports a clash with this port. */
  readonly clash: boolean;
}

export interface VolumeSummary {
  readonly name: string | null;
  /** The kind of its source: configMap, emptyDir, image, … */
  readonly type: string;
}

/** The list that the kubelet uses, in its order. */
export interface PullSecretsSummary {
  readonly from: PodPullSecrets['from'];
  readonly serviceAccount: string;
  /** `unknown`: the list cannot be determined. `none`: the ServiceAccount does not exist. */
  readonly state: 'known' | 'none' | 'unknown';
  readonly reason: string | null;
  readonly secrets: readonly SecretSummary[];
  /** See ChangeSummary. */
  readonly notes?: readonly string[];
}

export interface SecretSummary {
  readonly name: string;
  /**
   * `ignored`: the kubelet does not use the Secret. `malformed`: the kubelet pulls no image of the Pod. `absent`: the Secret does
   * not exist, and the kubelet ignores it. `unknown`: the lookup failed.
   */
  readonly state: 'usable' | 'ignored' | 'malformed' | 'absent' | 'unknown';
  readonly reason: string | null;
}

/** What policies change. It is there if policies are given; the rest of the summary is then about the changed object. */
export interface ChangeSummary {
  /** The image as written; null: it is not changed. */
  readonly written: string | null;
  /** The name that the rewrites of the policies turn into the image; null: that is the image, or it is not known. */
  readonly original: string | null;
  /** Those that the Pod gets for this image. */
  readonly addedPullSecrets: readonly string[];
  /** null: it is not changed. */
  readonly setPullPolicy: string | null;
  /** The policies that change the container. */
  readonly policies: readonly string[];
  /** What is not changed, and why. */
  readonly notes: readonly string[];
}

export interface ImageSummary extends Partial<ChangeSummary> {
  readonly name: string | null;
  /** JSON Pointer of the image. */
  readonly pointer: string;
  /** The original string, without a password. */
  readonly image: string;
  /** What the container runtime pulls. null: see `problem`. */
  readonly runtimeRef: string | null;
  readonly registry: string | null;
  readonly problem: string | null;
}

export interface ContainerSummary extends ImageSummary {
  readonly kind: ContainerKind;
  /** Start position: init containers and sidecars start one by one, then all regular containers together. null: other kinds. */
  readonly start: number | null;
  readonly credentials: CredentialsSummary;
}

export interface CredentialsSummary {
  /**
   * `anonymous`: no pull secret matches, so only node credentials remain. `unknown`: no known pull secret matches, and others may
   * exist. `refused`: a malformed pull secret stops the kubelet from pulling. `unreadable`: the image is invalid.
   */
  readonly state: 'found' | 'anonymous' | 'unknown' | 'refused' | 'unreadable';
  /** In the order in which the kubelet tries them, without passwords. */
  readonly candidates: readonly {
    readonly secret: string;
    readonly key: string;
    readonly registry: string;
    readonly username: string;
  }[];
}

export interface SummaryInput {
  readonly workload: Workload;
  readonly namespace: string | undefined;
  readonly pullSecrets: Facts['pullSecrets'];
  /** undefined: no policies are given. */
  readonly changes?: ChangesSummary | undefined;
}

export interface ChangesSummary {
  /** By the JSON Pointer of the image. */
  readonly ofImage: (pointer: string) => Partial<ChangeSummary>;
  /** Notes about the pull secrets of a Pod, by its JSON Pointer. */
  readonly ofSecrets?: (pointer: string) => readonly string[];
}

/** Throws a ShapeError if a volume is malformed. */
export function summarizeWorkload({ workload, namespace, pullSecrets, changes }: SummaryInput): WorkloadSummary {
  const inPods = new Set(workload.pods.flatMap(({ containers }) => containers));
  return {
    apiVersion: apiVersionOf(workload.type),
    kind: workload.type.kind,
    namespace: namespace ?? null,
    name: workload.name,
    pods: workload.pods.map((pod) => summarizePod(pod, pullSecrets.get(pod.pointer) ?? NOT_LOOKED_UP, changes)),
    otherImages: workload.containers
      .filter((container) => !inPods.has(container))
      .map((container) => imageSummary(container, changes)),
  };
}

const NOT_LOOKED_UP: PodPullSecrets = {
  from: 'pod',
  serviceAccount: '',
  secrets: { state: 'unknown', reason: 'the pull secrets were not looked up' },
};

function summarizePod(pod: Pod, secrets: PodPullSecrets, changes: SummaryInput['changes']): PodSummary {
  const credentialsOf = credentialsFor(secrets);
  const starting = pod.containers.filter(({ kind }) => kind === 'init' || kind === 'sidecar');
  const startOf = (container: Container): number | null => {
    if (container.kind === 'regular') return starting.length + 1;
    const index = places.get(container);
    return index === undefined ? null : index + 1;
  };
  const places = new Map(starting.map((container, index) => [container, index]));
  return {
    pointer: pod.pointer,
    hostNetwork: pod.hostNetwork,
    ports: portsOf(pod),
    volumes: volumesOf(pod),
    pullSecrets: {
      ...pullSecretsSummary(secrets),
      ...(changes?.ofSecrets && { notes: changes.ofSecrets(pod.pointer) }),
    },
    containers: inOrder(pod.containers).map((container) => ({
      ...imageSummary(container, changes),
      kind: container.kind,
      start: startOf(container),
      credentials: credentialsOf(container),
    })),
  };
}

const ORDER: Readonly<Record<ContainerKind, number>> = { volume: 0, init: 1, sidecar: 1, regular: 2, ephemeral: 3 };

/** Stable: containers that start together keep their order. */
function inOrder(containers: readonly Container[]): readonly Container[] {
  return containers.toSorted((one, other) => ORDER[one.kind] - ORDER[other.kind]);
}

function portsOf(pod: Pod): readonly PortSummary[] {
  const clashing = new Set(portClashes(pod).flatMap(({ claim, earlier }) => [claim.port, earlier.port]));
  return pod.containers.flatMap(({ name, ports }) =>
    ports.map((port) => ({
      port: port.containerPort,
      protocol: port.protocol,
      name: port.name ?? null,
      container: name ?? null,
      hostPort: port.hostPort ?? null,
      clash: clashing.has(port),
    })),
  );
}

function volumesOf({ spec, pointer }: Pod): readonly VolumeSummary[] {
  return readObjects(spec, 'volumes', pointer).map((volume, index) => ({
    name: readString(volume, 'name', `${pointer}/volumes/${index}`) ?? null,
    type: sourceOf(volume),
  }));
}

/** A volume without a source is an emptyDir (kubernetes pkg/apis/core/v1/defaults.go). */
function sourceOf(volume: JsonObject): string {
  return Object.keys(volume).find((key) => key !== 'name' && volume[key] !== null) ?? 'emptyDir';
}

function imageSummary({ name, imagePointer, image }: Container, changes: SummaryInput['changes']): ImageSummary {
  const parsed = image.state === 'parsed' ? image.reference : undefined;
  return {
    name: name ?? null,
    pointer: imagePointer,
    image: image.text,
    runtimeRef: parsed === undefined ? null : parsed.runtimeName,
    registry: parsed === undefined ? null : parsed.domain,
    problem: image.state === 'invalid' ? image.problem : image.state === 'pending' ? image.reason : null,
    ...changes?.ofImage(imagePointer),
  };
}

function pullSecretsSummary({ from, serviceAccount, secrets }: PodPullSecrets): PullSecretsSummary {
  const whose = { from, serviceAccount };
  if (secrets.state === 'no') return { ...whose, state: 'none', reason: null, secrets: [] };
  if (secrets.state === 'unknown') return { ...whose, state: 'unknown', reason: secrets.reason, secrets: [] };
  return { ...whose, state: 'known', reason: null, secrets: secrets.value.map(secretSummary) };
}

function secretSummary({ name, secret }: NamedSecret): SecretSummary {
  if (secret.state === 'no') return { name, state: 'absent', reason: null };
  if (secret.state === 'unknown') return { name, state: 'unknown', reason: secret.reason };
  const ignored = ignoredReason(secret.value);
  if (ignored !== undefined) return { name, state: 'ignored', reason: ignored };
  const contents = secret.value.contents();
  if (contents.state !== 'malformed') return { name, state: 'usable', reason: null };
  return { name, state: 'malformed', reason: `key ${quoteValue(contents.key)}: ${contents.faults.join('; ')}` };
}

/** For one Pod, whose keyring is created once. */
function credentialsFor({ secrets }: PodPullSecrets): (container: Container) => CredentialsSummary {
  const named = secrets.state === 'yes' ? secrets.value : [];
  const known = named.flatMap(({ secret }): PullSecret[] => (secret.state === 'yes' ? [secret.value] : []));
  const allKnown = secrets.state !== 'unknown' && named.every(({ secret }) => secret.state !== 'unknown');
  const keyring = keyringOf(known);
  return (container) => credentialsSummary(container, keyring, allKnown);
}

function credentialsSummary({ image }: Container, keyring: Keyring, allKnown: boolean): CredentialsSummary {
  if (image.state === 'invalid') return { state: 'unreadable', candidates: [] };
  if (!keyring.ok) return { state: 'refused', candidates: [] };
  // It is unknown where a pending image will come from.
  if (image.state !== 'parsed') return { state: 'unknown', candidates: [] };
  const candidates = keyring
    .candidatesFor(image.reference)
    .map((one) => ({ secret: one.secret, key: one.key, registry: one.registry, username: visibleUser(one) }));
  if (candidates.length > 0) return { state: 'found', candidates };
  return { state: allKnown ? 'anonymous' : 'unknown', candidates };
}
