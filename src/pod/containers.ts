/**
 * Reads everything in a pod spec that runs or mounts an image: init containers (including sidecars), regular containers,
 * ephemeral containers, and image volumes. Applies the defaults that the API server sets before admission
 * (kubernetes pkg/apis/core/v1/defaults.go), so that manifests from files and stored objects give the same result.
 */
import { maskPassword } from '../image/password.ts';
import { quoteValue } from '../image/quote.ts';
import { type ImageReference, parseReference } from '../image/reference.ts';
import { isObject, type JsonObject, jsonType, type Location, ShapeError, shownPointer } from './pointer.ts';
import { foundText, readBoolean, readNumber, readObject, readObjects, readString } from './read.ts';

export const CONTAINER_KINDS = ['regular', 'init', 'sidecar', 'ephemeral', 'volume'] as const;
export type ContainerKind = (typeof CONTAINER_KINDS)[number];

/**
 * `parsed`: follows the reference grammar. `invalid`: no container runtime can pull it. `pending`: a controller fills it in
 * later (an empty image in a template, `{{inputs.image}}`, `$(params.image)`).
 */
export type ContainerImage =
  | {
      readonly state: 'parsed';
      readonly text: string;
      readonly reference: ImageReference;
      /** The author wrote only the tag; the digest is a placeholder until the lookup. */
      readonly toBePinned?: true;
    }
  | { readonly state: 'invalid'; readonly text: string; readonly problem: string }
  | { readonly state: 'pending'; readonly text: string; readonly reason: string };

export interface Port {
  readonly pointer: string;
  readonly name: string | undefined;
  readonly containerPort: number;
  /** Defaults to TCP. */
  readonly protocol: string;
  /** The port on the node; with hostNetwork, every container port is also a host port. */
  readonly hostPort: number | undefined;
  readonly hostIP: string;
}

export interface Container {
  readonly kind: ContainerKind;
  /** `undefined` if the API has no name for it (`spec.image` of a custom resource). */
  readonly name: string | undefined;
  /** Pointer to the container, the volume, or the object around the image, from the root of the object. */
  readonly pointer: string;
  /** Pointer to the image string, which need not exist. */
  readonly imagePointer: string;
  readonly image: ContainerImage;
  /** The image is composed from several fields, or is a part of a longer string, so it cannot be replaced at its pointer. */
  readonly composed?: true;
  /** Helm values have the image. It runs in the objects of a chart, and policies change it there. */
  readonly inValues?: true;
  /**
   * Always, IfNotPresent, or Never, with the default applied; in Compose files, the value of pull_policy. `undefined` elsewhere,
   * where the controller decides.
   */
  readonly pullPolicy: string | undefined;
  readonly pullPolicyPointer: string;
  readonly ports: readonly Port[];
  /** The container, the volume, or the object around the image, for fields that are not listed here. */
  readonly fields: JsonObject;
}

const NO_PORTS: readonly Port[] = Object.freeze([]);
const NO_NAMES: readonly string[] = Object.freeze([]);

export interface Pod {
  readonly pointer: string;
  readonly spec: JsonObject;
  readonly hostNetwork: boolean;
  /** Defaults to `default`, as in the ServiceAccount admission plugin. */
  readonly serviceAccountName: string;
  /** `imagePullSecrets`, in order, without empty names, which the kubelet ignores. */
  readonly pullSecretNames: readonly string[];
  readonly containers: readonly Container[];
}

/** Decides which image strings a controller fills in later. */
export interface PodSource {
  /** In a template, a controller fills in an empty image. In a Pod, an empty image is an error. */
  readonly template: boolean;
  /** Placeholders that the kind's controller substitutes, for example `{{`. */
  readonly placeholder: string | undefined;
  /** Called for each container, image and port of the object; throws a ShapeError when there are too many. */
  readonly count: (pointer: string) => void;
}

/** More than fits into the 1.5 MiB of etcd. Bounds the memory and time of a request. */
export const MAX_ITEMS = 50_000;

/** Creates the counter of one object. */
export function itemCount(): PodSource['count'] {
  let items = 0;
  return (pointer) => {
    items += 1;
    if (items > MAX_ITEMS) throw new ShapeError(pointer, `at most ${MAX_ITEMS} containers, images, and ports`, 'more');
  };
}

export function podAt(location: Location, source: PodSource): Pod {
  const { pointer, value: spec } = location;
  if (!isObject(spec)) throw new ShapeError(pointer, 'an object', jsonType(spec));
  const hostNetwork = readBoolean(spec, 'hostNetwork', pointer);
  const containers: Container[] = [];
  const into: ContainerReader = { hostNetwork, source, containers };
  addContainers(spec, pointer, 'initContainers', into);
  addContainers(spec, pointer, 'containers', into);
  addContainers(spec, pointer, 'ephemeralContainers', into);
  addImageVolumes(spec, pointer, into);
  return {
    pointer,
    spec,
    hostNetwork,
    serviceAccountName: readString(spec, 'serviceAccountName', pointer) || 'default',
    pullSecretNames: pullSecretNamesIn(spec, pointer),
    containers,
  };
}

function pullSecretNamesIn(spec: JsonObject, pointer: string): readonly string[] {
  const entries = readObjects(spec, 'imagePullSecrets', pointer);
  if (entries.length === 0) return NO_NAMES;
  return entries.flatMap((entry, index) => {
    const name = readString(entry, 'name', `${pointer}/imagePullSecrets/${index}`);
    return name ? [name] : [];
  });
}

/** The state of reading one pod. */
interface ContainerReader {
  readonly hostNetwork: boolean;
  readonly source: PodSource;
  readonly containers: Container[];
}

const LISTS = { initContainers: 'init', containers: 'regular', ephemeralContainers: 'ephemeral' } as const;

function addContainers(spec: JsonObject, at: string, list: keyof typeof LISTS, into: ContainerReader): void {
  let index = 0;
  for (const fields of readObjects(spec, list, at)) {
    const pointer = `${at}/${list}/${index}`;
    addContainer(pointer, fields, kindOf(LISTS[list], fields, pointer), into);
    index += 1;
  }
}

function kindOf(kind: ContainerKind, fields: JsonObject, pointer: string): ContainerKind {
  return kind === 'init' && readString(fields, 'restartPolicy', pointer) === 'Always' ? 'sidecar' : kind;
}

function addContainer(pointer: string, fields: JsonObject, kind: ContainerKind, into: ContainerReader): void {
  into.source.count(pointer);
  const image = imageOf(readString(fields, 'image', pointer) ?? '', into.source);
  into.containers.push({
    kind,
    name: readString(fields, 'name', pointer) || undefined,
    pointer,
    imagePointer: `${pointer}/image`,
    image,
    pullPolicy: readString(fields, 'imagePullPolicy', pointer) || defaultPullPolicy(image),
    pullPolicyPointer: `${pointer}/imagePullPolicy`,
    ports: portsAt(pointer, fields, into),
    fields,
  });
}

/** `volumes[].image.reference`, an image mounted as a volume (KEP-4639). */
function addImageVolumes(spec: JsonObject, pointer: string, into: ContainerReader): void {
  let index = -1;
  for (const volume of readObjects(spec, 'volumes', pointer)) {
    index += 1;
    // Builds no pointer for volumes without an image, which are most.
    if (volume['image'] === undefined) continue;
    const at = `${pointer}/volumes/${index}`;
    const source = readObject(volume, 'image', at);
    if (source === undefined) continue;
    into.source.count(at);
    const image = imageOf(readString(source, 'reference', `${at}/image`) ?? '', into.source);
    into.containers.push({
      kind: 'volume',
      name: readString(volume, 'name', at) || undefined,
      pointer: at,
      imagePointer: `${at}/image/reference`,
      image,
      pullPolicy: readString(source, 'pullPolicy', `${at}/image`) || defaultPullPolicy(image),
      pullPolicyPointer: `${at}/image/pullPolicy`,
      ports: NO_PORTS,
      fields: volume,
    });
  }
}

/** Reads an image string outside of pod specs. `holder` is the object around it. */
export function looseImage(location: Location, holder: JsonObject, source: PodSource): Container {
  if (typeof location.value !== 'string') throw new ShapeError(location.pointer, 'a string', foundText(location.value));
  source.count(location.pointer);
  const pointer = location.pointer.slice(0, location.pointer.lastIndexOf('/'));
  return {
    kind: 'regular',
    name: typeof holder['name'] === 'string' && holder['name'] !== '' ? holder['name'] : undefined,
    pointer,
    imagePointer: location.pointer,
    image: imageOf(location.value, source),
    pullPolicy: undefined,
    pullPolicyPointer: `${pointer}/imagePullPolicy`,
    ports: NO_PORTS,
    fields: holder,
  };
}

export function imageOf(text: string, source: PodSource): ContainerImage {
  if (source.placeholder !== undefined && text.includes(source.placeholder)) {
    return { state: 'pending', text, reason: 'its controller fills in the expression later' };
  }
  // Whitespace is the placeholder of OpenShift's image triggers, "auto" that of Istio's sidecar injector.
  if (source.template && (text.trim() === '' || text === 'auto')) {
    return { state: 'pending', text, reason: 'a controller fills it in later' };
  }
  const parsed = parseReference(text);
  return parsed.ok
    ? { state: 'parsed', text, reference: parsed.reference }
    : { state: 'invalid', text: maskPassword(text), problem: parsed.problem };
}

/** SetDefaults_Container: depends on the tag, even with a digest; invalid images default to IfNotPresent. */
function defaultPullPolicy(image: ContainerImage): string {
  return image.state === 'parsed' && image.reference.effectiveTag === 'latest' ? 'Always' : 'IfNotPresent';
}

function portsAt(pointer: string, fields: JsonObject, into: ContainerReader): readonly Port[] {
  const ports = readObjects(fields, 'ports', pointer);
  return ports.length === 0 ? NO_PORTS : ports.map((port, index) => portAt(`${pointer}/ports/${index}`, port, into));
}

function portAt(pointer: string, port: JsonObject, { hostNetwork, source }: ContainerReader): Port {
  source.count(pointer);
  return portOf(port, pointer, hostNetwork);
}

/** A port with the defaults of the API. */
export function portOf(port: JsonObject, pointer: string, hostNetwork: boolean): Port {
  const containerPort = readNumber(port, 'containerPort', pointer) ?? 0;
  return {
    pointer,
    name: readString(port, 'name', pointer) || undefined,
    containerPort,
    protocol: readString(port, 'protocol', pointer) || 'TCP',
    hostPort: readNumber(port, 'hostPort', pointer) || (hostNetwork ? containerPort : undefined),
    hostIP: readString(port, 'hostIP', pointer) || '0.0.0.0',
  };
}

const LABELS: Readonly<Record<ContainerKind, string>> = {
  regular: 'container',
  init: 'init container',
  sidecar: 'sidecar container',
  ephemeral: 'ephemeral container',
  volume: 'image volume',
};

/** `container "web"`, `init container "migrate"`, or the pointer of an unnamed container. */
export function containerLabel(container: Container): string {
  if (container.name === undefined) return `image at ${shownPointer(container.imagePointer)}`;
  return `${LABELS[container.kind]} ${quoteValue(container.name)}`;
}
