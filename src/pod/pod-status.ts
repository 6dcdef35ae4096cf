/**
 * The status of a stored Pod, as its kubelet reports it. Newer releases add fields and values, and other clients can write the
 * status too, so a value of another type is the same as an absent one.
 */
import { isDigest } from '../image/digest.ts';
import { isObject, type JsonObject } from './pointer.ts';

export interface PodStatus {
  /** `Pending`, `Running`, …; empty if the Pod has none. */
  readonly phase: string;
  /** Of the phase, for example `Evicted`. */
  readonly reason: string | undefined;
  /** undefined: not scheduled. */
  readonly nodeName: string | undefined;
  /** RFC 3339. */
  readonly created: string | undefined;
  /** RFC 3339; undefined: the Pod is not being deleted. */
  readonly deleted: string | undefined;
  /** By name, which is unique in a Pod. */
  readonly containers: ReadonlyMap<string, ContainerStatus>;
  /** The image IDs of image volumes, by the name of the volume (KEP-5365). */
  readonly volumeImages: ReadonlyMap<string, string>;
}

export interface ContainerStatus {
  /** `none`: the kubelet has not reported the container. */
  readonly state: 'waiting' | 'running' | 'terminated' | 'none';
  readonly reason: string | undefined;
  readonly message: string | undefined;
  /** Empty until a container has been created. */
  readonly imageId: string;
}

export const NO_STATUS: ContainerStatus = { state: 'none', reason: undefined, message: undefined, imageId: '' };

export function podStatusOf({ metadata, spec, status }: JsonObject): PodStatus {
  const [meta, wanted, actual] = [objectOf(metadata), objectOf(spec), objectOf(status)];
  const rows = STATUS_LISTS.flatMap((key) => objectsOf(actual[key]));
  return {
    phase: textOf(actual['phase']) ?? '',
    reason: textOf(actual['reason']),
    nodeName: textOf(wanted['nodeName']),
    created: textOf(meta['creationTimestamp']),
    deleted: textOf(meta['deletionTimestamp']),
    containers: new Map(rows.map((row) => [textOf(row['name']) ?? '', containerStatusOf(row)])),
    volumeImages: new Map(rows.flatMap((row) => objectsOf(row['volumeMounts']).flatMap(volumeImageOf))),
  };
}

const STATUS_LISTS = ['initContainerStatuses', 'containerStatuses', 'ephemeralContainerStatuses'];
const STATES = ['waiting', 'running', 'terminated'] as const;

function containerStatusOf({ state, imageID }: JsonObject): ContainerStatus {
  const states = objectOf(state);
  const name = STATES.find((each) => isObject(states[each])) ?? 'none';
  const { reason, message } = objectOf(states[name]);
  return { state: name, reason: textOf(reason), message: textOf(message), imageId: textOf(imageID) ?? '' };
}

function volumeImageOf({ name, volumeStatus }: JsonObject): readonly (readonly [string, string])[] {
  const reference = textOf(objectOf(objectOf(volumeStatus)['image'])['imageRef']);
  return reference === undefined ? [] : [[textOf(name) ?? '', reference]];
}

/** `id`: the runtime reports its own ID of the image, which no registry knows. */
export type RunningImage =
  | { readonly state: 'digest'; readonly digest: string }
  | { readonly state: 'id' | 'unreadable'; readonly text: string }
  | { readonly state: 'none' };

/**
 * Reads an image ID. containerd and CRI-O report `repository@digest`, or the image ID `sha256:…` for images without a registry;
 * Docker adds `docker-pullable://` or `docker://`.
 */
export function runningImageOf(imageId: string): RunningImage {
  if (imageId === '') return { state: 'none' };
  const text = imageId.replace(/^docker(?:-pullable)?:\/\//, '');
  const at = text.lastIndexOf('@');
  const digest = text.slice(at + 1);
  if (!isDigest(digest)) return { state: /^[a-f0-9]{64}$/.test(text) ? 'id' : 'unreadable', text };
  return at < 0 ? { state: 'id', text } : { state: 'digest', digest };
}

export function objectOf(value: unknown): JsonObject {
  return isObject(value) ? value : {};
}

export function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

/** Returns undefined for an empty text, which Go's JSON leaves out. */
export function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}
