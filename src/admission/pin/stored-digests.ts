/**
 * What an UPDATE says about digests that are there already.
 *
 * A manifest that is applied again brings `name:tag` where `name:tag@digest` is stored: the digest stays, or every apply
 * could be a rollout that nobody asked for. A person who wants a newer image says so with another tag, or with
 * `kubectl rollout restart`, which writes the time into the template's annotation `kubectl.kubernetes.io/restartedAt`.
 *
 * But a restart sends the stored object back, digest and all, and a digest that a person wrote must stay, since it is what
 * they want. So a restart asks again only about an image with a hint that the digest is ours: the annotation that we write,
 * or the manifest that kubectl keeps, has the same image without a digest. Anybody can write annotations, so such a hint
 * decides nothing but whether the registry is asked, about the very name and tag that stand before the digest.
 */
import type { Container, Pod } from '../../pod/containers.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { annotationOf } from '../../pod/metadata.ts';
import { escapeSegment, isObject, type JsonObject, parsedJsonObject, valueAt } from '../../pod/pointer.ts';
import { type ObjectType, type Workload, workloadOf } from '../../pod/workload.ts';
import { originalImages } from './original-images.ts';

/**
 * Which container it is, however many stand before it: its list and its name, or the place of its image where it has none.
 * Reads like a JSON pointer with the name instead of the index: `/spec/template/spec/containers/web`.
 */
export function placeKey({ pointer, name, imagePointer }: Container): string {
  const slash = pointer.lastIndexOf('/');
  const isInList = /^\d+$/.test(pointer.slice(slash + 1));
  return isInList && name !== undefined ? `${pointer.slice(0, slash)}/${escapeSegment(name)}` : imagePointer;
}

export function byPlace({ containers }: Workload): ReadonlyMap<string, Container> {
  return new Map(containers.map((container) => [placeKey(container), container]));
}

/** Reports whether a change of its annotation restarts the Pod template. */
export function isRestarted({ pointer }: Pod, object: JsonObject, stored: JsonObject): boolean {
  if (!pointer.endsWith('/spec')) return false;
  const template = pointer.slice(0, -'/spec'.length);
  const now = restartedAt(object, template);
  return now !== undefined && now !== restartedAt(stored, template);
}

function restartedAt(object: JsonObject, template: string): string | undefined {
  const holder = valueAt(object, template);
  return isObject(holder) ? annotationOf(holder, 'kubectl.kubernetes.io/restartedAt') : undefined;
}

/** Reports whether a hint says that this image, without a digest, was written here. */
export type Hint = (place: string, image: string) => boolean;

/** Reads nothing before the first question. */
export function hintsIn(object: JsonObject, type: ObjectType, kinds: KindTable): Hint {
  let ours: ReadonlyMap<string, string> | undefined;
  let applied: ReadonlyMap<string, Container> | undefined;
  return (place, image) => {
    ours ??= originalImages(object);
    if (ours.get(place) === image) return true;
    applied ??= lastApplied(object, type, kinds);
    return applied.get(place)?.image.text === image;
  };
}

/** The manifest that `kubectl apply` keeps on the object. */
function lastApplied(object: JsonObject, type: ObjectType, kinds: KindTable): ReadonlyMap<string, Container> {
  const text = annotationOf(object, 'kubectl.kubernetes.io/last-applied-configuration');
  const manifest = text === undefined ? undefined : parsedJsonObject(text);
  const read = manifest && workloadOf(manifest, type, kinds);
  return read?.ok ? byPlace(read.workload) : new Map();
}
