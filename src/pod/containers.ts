/**
 * The one loop over everything in a pod spec that runs or mounts an image: init containers (sidecars among them), regular
 * containers, ephemeral containers and image volumes. Defaults that the API server writes before admission are applied on
 * reading (kubernetes pkg/apis/core/v1/defaults.go), so that a manifest from a file and a stored object read alike.
 */
import { maskPassword } from '../image/password.ts';
import { quoteValue } from '../image/quote.ts';
import { type ImageReference, parseReference } from '../image/reference.ts';
import { isObject, type JsonObject, jsonType, type Location, ShapeError, shownPointer } from './pointer.ts';
import { readBoolean, readNumber, readObject, readObjects, readString } from './read.ts';

export const CONTAINER_KINDS = ['regular', 'init', 'sidecar', 'ephemeral', 'volume'] as const;
export type ContainerKind = (typeof CONTAINER_KINDS)[number];

/**
 * `parsed`: follows the reference grammar. `invalid`: no container runtime can pull it. `pending`: a controller fills it
 * in later (an empty image in a template, `{{inputs.image}}`, `$(params.image)`), so nothing can be said here.
 */
export type ContainerImage =
  | {
      readonly state: 'parsed';
      readonly text: string;
      readonly reference: ImageReference;
      /** Its author wrote the tag alone: the digest stands for one that is still looked up. */
      readonly toBePinned?: true;
    }
  | { readonly state: 'invalid'; readonly text: string; readonly problem: string }
  | { readonly state: 'pending'; readonly text: string; readonly reason: string };

export interface Port {
  readonly pointer: string;
  readonly name: string | undefined;
  readonly containerPort: number;
  /** TCP when the object says nothing. */
  readonly protocol: string;
  /** The port taken on the node; in a Pod on the host's network every container port is one. */
  readonly hostPort: number | undefined;
  readonly hostIP: string;
}

export interface Container {
  readonly kind: ContainerKind;
  /** `undefined` where the API has no name for it (`spec.image` of a custom resource). */
  readonly name: string | undefined;
  /** Where the container, the volume or the holder of the image stands, from the root of the object. */
  readonly pointer: string;
  /** Where the image string stands (or would stand). */
  readonly imagePointer: string;
  readonly image: ContainerImage;
  /** The image is put together from several fields, or is a part of a longer text: to write it there would be wrong. */
  readonly composed?: true;
  /** Always, IfNotPresent or Never, after defaulting; `undefined` outside of a pod spec, where the controller decides. */
  readonly pullPolicy: string | undefined;
  readonly pullPolicyPointer: string;
  readonly ports: readonly Port[];
  /** As the object has it, for what has no field here: of the container, the volume, or the holder of the image. */
  readonly fields: JsonObject;
}

const NO_PORTS: readonly Port[] = Object.freeze([]);
const NO_NAMES: readonly string[] = Object.freeze([]);

export interface Pod {
  readonly pointer: string;
  /** As the object has it. */
  readonly spec: JsonObject;
  readonly hostNetwork: boolean;
  /** `default` when the object names none, as the ServiceAccount admission plugin writes it. */
  readonly serviceAccountName: string;
  /** `imagePullSecrets`, in order, empty names left out as the kubelet does. */
  readonly pullSecretNames: readonly string[];
  readonly containers: readonly Container[];
}

/** Where image strings may still be open, and who fills them in. */
export interface PodSource {
  /** A template: an empty image is filled in by a controller. In a Pod an empty image is an error. */
  readonly template: boolean;
  /** Placeholders that the kind's controller substitutes, for example `{{`. */
  readonly placeholder: string | undefined;
  /** Called for each container, image and port of the object; throws a ShapeError when there are too many. */
  readonly count: (pointer: string) => void;
}

/** More than fits into etcd's 1.5 MiB; beyond it, one request could take the memory and the time of all others. */
export const MAX_ITEMS = 50_000;

/** A fresh one for each object. */
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
    // Most volumes are none, and need no pointer.
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

/** An image string that stands outside of a pod spec, at `location`; `holder` is the object around it. */
export function looseImage(location: Location, holder: JsonObject, source: PodSource): Container {
  if (typeof location.value !== 'string') throw new ShapeError(location.pointer, 'a string', jsonType(location.value));
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
  // White space is OpenShift's placeholder for an image trigger, "auto" the one of the service mesh injector.
  if (source.template && (text.trim() === '' || text === 'auto')) {
    return { state: 'pending', text, reason: 'a controller fills it in later' };
  }
  const parsed = parseReference(text);
  return parsed.ok
    ? { state: 'parsed', text, reference: parsed.reference }
    : { state: 'invalid', text: maskPassword(text), problem: parsed.problem };
}

/** SetDefaults_Container: the tag decides, also beside a digest; what does not parse gets IfNotPresent. */
function defaultPullPolicy(image: ContainerImage): string {
  return image.state === 'parsed' && image.reference.effectiveTag === 'latest' ? 'Always' : 'IfNotPresent';
}

function portsAt(pointer: string, fields: JsonObject, into: ContainerReader): readonly Port[] {
  const ports = readObjects(fields, 'ports', pointer);
  return ports.length === 0 ? NO_PORTS : ports.map((port, index) => portAt(`${pointer}/ports/${index}`, port, into));
}

function portAt(pointer: string, port: JsonObject, { hostNetwork, source }: ContainerReader): Port {
  source.count(pointer);
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

/** `container "web"`, `init container "migrate"`, or the location when there is no name. */
export function containerLabel(container: Container): string {
  if (container.name === undefined) return `image at ${shownPointer(container.imagePointer)}`;
  return `${LABELS[container.kind]} ${quoteValue(container.name)}`;
}
