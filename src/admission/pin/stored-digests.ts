/**
 * Decides which stored digests an UPDATE keeps.
 *
 * A manifest that is applied again has `name:tag` where `name:tag@digest` is stored. The digest stays, because otherwise every
 * apply could start a rollout. Users get a newer image with another tag, or with `kubectl rollout restart`, which sets the
 * annotation `kubectl.kubernetes.io/restartedAt` of the template.
 *
 * A restart sends the stored object with its digests, and digests that users wrote must stay. So a restart looks up an image again
 * only with a hint that tidewaiter added the digest: the annotation of tidewaiter, or the manifest that kubectl keeps, has the same
 * image without a digest. Any client can write annotations, so a hint only causes a lookup of the tag before the digest.
 */
import type { Container, Pod } from '../../pod/containers.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { annotationOf } from '../../pod/metadata.ts';
import { escapeSegment, isObject, type JsonObject, parsedJsonObject, valueAt } from '../../pod/pointer.ts';
import { type ObjectType, type Workload, workloadOf } from '../../pod/workload.ts';
import { originalImages } from '../change/original-images.ts';

/**
 * Identifies a container in both objects of an UPDATE: a JSON Pointer with the name instead of the index, such as
 * `/spec/template/spec/containers/web`. Containers without a name have the pointer of their image.
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

/** Reports whether an annotation has this image, without a digest, for the container. */
export type Hint = (container: Container, image: string) => boolean;

export interface HintContext {
  readonly type: ObjectType;
  readonly kinds: KindTable;
  /** The names that an image can have got from the name that its author wrote. */
  readonly namesFor: (container: Container, written: string) => readonly string[];
}

/** Parses the annotations on the first call. */
export function hintsIn(object: JsonObject, { type, kinds, namesFor }: HintContext): Hint {
  let ours: ReadonlyMap<string, string> | undefined;
  let applied: ReadonlyMap<string, Container> | undefined;
  return (container, image) => {
    const place = placeKey(container);
    const isFrom = (written: string | undefined): boolean =>
      written !== undefined && (written === image || namesFor(container, written).includes(image));
    ours ??= originalImages(object);
    if (isFrom(ours.get(place))) return true;
    applied ??= lastApplied(object, type, kinds);
    return isFrom(applied.get(place)?.image.text);
  };
}

/** The manifest that `kubectl apply` keeps on the object. */
function lastApplied(object: JsonObject, type: ObjectType, kinds: KindTable): ReadonlyMap<string, Container> {
  const text = annotationOf(object, 'kubectl.kubernetes.io/last-applied-configuration');
  const manifest = text === undefined ? undefined : parsedJsonObject(text);
  const read = manifest && workloadOf(manifest, type, kinds);
  return read?.ok ? byPlace(read.workload) : new Map();
}
