/** An object of the API that runs or pulls images, read once: which pods it makes, and every image in it. */
import { type Container, itemCount, looseImage, type Pod, podAt, type PodSource } from './containers.ts';
import type { Kind, KindTable } from './kinds.ts';
import { isObject, type JsonObject, type Place, placesAt, pointerSegments, ShapeError } from './pointer.ts';
import { readObject, readString } from './read.ts';

export interface Workload {
  readonly object: JsonObject;
  readonly type: ObjectType;
  /** `metadata.name`, or `metadata.generateName` before the API server has made a name of it. */
  readonly name: string;
  readonly clusterScoped: boolean;
  readonly pods: readonly Pod[];
  /** Containers of all pods, then images outside of a pod spec. */
  readonly containers: readonly Container[];
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

/** `undefined` when objects of this type have no images. Never throws. */
export function workloadOf(object: JsonObject, type: ObjectType, kinds: KindTable): ReadWorkload | undefined {
  const kind = kinds.find(type.group, type.kind);
  if (kind === undefined) return undefined;
  try {
    return { ok: true, workload: readWorkload(object, type, kind) };
  } catch (error) {
    if (error instanceof ShapeError) return { ok: false, fault: { pointer: error.pointer, problem: error.message } };
    throw error;
  }
}

/** What an object says of its own type; empty strings where it says nothing. */
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

function readWorkload(object: JsonObject, type: ObjectType, kind: Kind): Workload {
  const source: PodSource = { template: kind.template, placeholder: kind.placeholder, count: itemCount() };
  const pods: Pod[] = [];
  for (const segments of kind.podSpecs) for (const place of placesAt(object, segments)) pods.push(podAt(place, source));
  const metadata = readObject(object, 'metadata', '') ?? {};
  return {
    object,
    type,
    name: readString(metadata, 'name', '/metadata') || readString(metadata, 'generateName', '/metadata') || '',
    clusterScoped: kind.clusterScoped,
    pods,
    containers: containersOf(pods, looseImages(object, kind, source)),
  };
}

/** Most objects have one pod and nothing beside it. */
function containersOf(pods: readonly Pod[], loose: readonly Container[]): readonly Container[] {
  const [only] = pods;
  if (only !== undefined && pods.length === 1 && loose.length === 0) return only.containers;
  return [...pods.flatMap((pod) => pod.containers), ...loose];
}

function looseImages(object: JsonObject, kind: Kind, source: PodSource): readonly Container[] {
  if (kind.images.length === 0 && kind.odd === undefined) return [];
  const places = kind.images.flatMap((segments) => placesAt(object, segments));
  const odd = kind.odd === undefined ? [] : kind.odd(object);
  const read = (place: Place): Container => looseImage(place, holderOf(object, place.pointer), source);
  return [...places.map(read), ...odd.map((place) => ({ ...read(place), composed: true as const }))];
}

function holderOf(object: JsonObject, pointer: string): JsonObject {
  const [holder] = placesAt(object, pointerSegments(pointer).slice(0, -1));
  return isObject(holder?.value) ? holder.value : {};
}
