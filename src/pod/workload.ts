/** Reads an API object that runs or pulls images: its pods, and every image in it. */
import { type Container, itemCount, looseImage, type Pod, podAt, type PodSource } from './containers.ts';
import { imageInParts } from './image-parts.ts';
import type { Kind, KindTable } from './kinds.ts';
import {
  isObject,
  type JsonObject,
  type Location,
  locationsAt,
  pointerSegments,
  ShapeError,
  valueAt,
} from './pointer.ts';
import type { OddImage } from './odd-images.ts';
import { type PublishedPort, publishedPortsIn } from './published-ports.ts';
import { readObject, readString } from './read.ts';
import { imagesOfPod, isUnfinished } from './unfinished.ts';

export interface Workload {
  readonly object: JsonObject;
  readonly type: ObjectType;
  /** `metadata.name`, or `metadata.generateName` before the API server generates a name. */
  readonly name: string;
  readonly clusterScoped: boolean;
  readonly pods: readonly Pod[];
  /** Containers of all pods, then images outside of a pod spec. */
  readonly containers: readonly Container[];
  /** Only a Compose file has them. */
  readonly publishedPorts: readonly PublishedPort[];
}

/** `pointer` is relative to the object. */
export interface ShapeFault {
  readonly pointer: string;
  readonly problem: string;
}

export type ReadWorkload =
  | { readonly ok: true; readonly workload: Workload }
  | { readonly ok: false; readonly fault: ShapeFault };

export interface ObjectType {
  /** `''` for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Returns `undefined` if objects of this type have no images. Never throws. */
export function workloadOf(object: JsonObject, type: ObjectType, kinds: KindTable): ReadWorkload | undefined {
  const kind = kinds.find(type.group, type.kind);
  if (kind === undefined) return undefined;
  try {
    return { ok: true, workload: readWorkload(object, type, kind, kinds) };
  } catch (error) {
    if (error instanceof ShapeError) return { ok: false, fault: { pointer: error.pointer, problem: error.message } };
    throw error;
  }
}

/** Reads an object's type; missing parts are empty strings. */
export function typeOf(object: JsonObject): ObjectType {
  const apiVersion = typeof object['apiVersion'] === 'string' ? object['apiVersion'] : '';
  const slash = apiVersion.indexOf('/');
  return {
    group: slash < 0 ? '' : apiVersion.slice(0, slash),
    version: apiVersion.slice(slash + 1),
    kind: typeof object['kind'] === 'string' ? object['kind'] : '',
  };
}

export function apiVersionOf({ group, version }: ObjectType): string {
  return group === '' ? version : `${group}/${version}`;
}

function readWorkload(object: JsonObject, type: ObjectType, kind: Kind, kinds: KindTable): Workload {
  const gathered: Gathered = { object, kinds, count: itemCount(), pods: [], loose: [] };
  gather(kind, { segments: [], placeholder: undefined }, gathered);
  const metadata = readObject(object, 'metadata', '') ?? {};
  return {
    object,
    type,
    name: readString(metadata, 'name', '/metadata') || readString(metadata, 'generateName', '/metadata') || '',
    clusterScoped: kind.clusterScoped,
    pods: gathered.pods,
    containers: containersOf(gathered.pods, gathered.loose),
    publishedPorts: publishedPortsIn(object, type),
  };
}

interface Gathered {
  readonly object: JsonObject;
  readonly kinds: KindTable;
  readonly count: PodSource['count'];
  readonly pods: Pod[];
  readonly loose: Container[];
}

/** An object within the object. */
interface Within {
  /** Empty for the object itself. */
  readonly segments: readonly string[];
  /** Placeholder of the enclosing kinds. */
  readonly placeholder: string | undefined;
}

const NO_LOCATIONS: readonly Location[] = [];

function gather(kind: Kind, { segments, placeholder: outer }: Within, into: Gathered): void {
  const { object, count, pods, loose } = into;
  const placeholder = outer ?? kind.placeholder;
  const source: PodSource = { template: kind.template, placeholder, count };
  const all = (locations: Kind['images']): readonly Location[] =>
    locations.length === 0
      ? NO_LOCATIONS
      : locations.flatMap((location) =>
          locationsAt(object, segments.length === 0 ? location : [...segments, ...location], placeholder),
        );
  const read = (location: Location): Container =>
    withPullPolicy(looseImage(location, holderOf(object, location.pointer), source), kind);
  const readEither = ({ pointer, value }: Location): Container =>
    isObject(value) ? { ...read(imageInParts({ pointer, value })), composed: true } : read({ pointer, value });
  for (const location of all(kind.podSpecs)) {
    if (placeholder === undefined || !isUnfinished(location.value, placeholder)) pods.push(podAt(location, source));
    else for (const image of imagesOfPod(object, location, placeholder)) loose.push(read(image));
  }
  for (const location of all(kind.imagesOrParts)) loose.push(readEither(location));
  for (const location of all(kind.images)) loose.push(read(location));
  for (const location of oddLocations(kind, object, segments)) loose.push(oddContainer(read(location), location));
  for (const location of all(kind.objects)) gatherObject(location, placeholder, into);
}

function oddContainer(container: Container, { inValues }: OddImage): Container {
  return inValues ? { ...container, composed: true, inValues } : { ...container, composed: true };
}

function withPullPolicy(container: Container, { pullPolicyKey: key }: Kind): Container {
  const value = key === undefined ? undefined : container.fields[key];
  if (typeof value !== 'string') return container;
  return { ...container, pullPolicy: value, pullPolicyPointer: `${container.pointer}/${key}` };
}

function oddLocations({ odd }: Kind, object: JsonObject, segments: readonly string[]): readonly OddImage[] {
  if (odd === undefined) return [];
  return locationsAt(object, segments).flatMap(({ pointer, value }) =>
    isObject(value) ? odd(value).map((location) => ({ ...location, pointer: `${pointer}${location.pointer}` })) : [],
  );
}

/** Bounds the recursion into objects within objects; real objects have far fewer segments. */
const MAX_SEGMENTS = 32;

function gatherObject({ pointer, value }: Location, placeholder: string | undefined, into: Gathered): void {
  if (!isObject(value)) return;
  const type = typeOf(value);
  const kind = into.kinds.find(type.group, type.kind);
  const segments = pointerSegments(pointer);
  if (segments.length > MAX_SEGMENTS)
    throw new ShapeError(pointer, `a pointer of at most ${MAX_SEGMENTS} segments`, `${segments.length}`);
  if (kind !== undefined) gather(kind, { segments, placeholder }, into);
}

/** Copies no list for the common case, an object with one pod and no other images. */
function containersOf(pods: readonly Pod[], loose: readonly Container[]): readonly Container[] {
  const [only] = pods;
  if (only !== undefined && pods.length === 1 && loose.length === 0) return only.containers;
  return [...pods.flatMap((pod) => pod.containers), ...loose];
}

function holderOf(object: JsonObject, pointer: string): JsonObject {
  const holder = valueAt(object, pointer.slice(0, pointer.lastIndexOf('/')));
  return isObject(holder) ? holder : {};
}
