/** Reads the metadata of an object: its owner, deletion, and annotations. */
import { isObject, type JsonObject } from './pointer.ts';

/** Returns the object without metadata and status, which updates of labels, finalizers, and status do not change. */
export function evaluatedParts(object: JsonObject): JsonObject {
  const { metadata: _metadata, status: _status, ...rest } = object;
  return rest;
}

/** Updates that remove finalizers must succeed, regardless of the object's images. */
export function isBeingDeleted({ metadata }: JsonObject): boolean {
  return isObject(metadata) && typeof metadata['deletionTimestamp'] === 'string';
}

/** Reports whether the Pod mirrors a static Pod of a node. The kubelet runs no other Pod with this annotation. */
export function isMirrorPod(pod: JsonObject): boolean {
  return annotationOf(pod, 'kubernetes.io/config.mirror') !== undefined;
}

/** Reports whether a controller owns the object. A controller can revert changes or replace the object. */
export function hasController({ metadata }: JsonObject): boolean {
  const owners = isObject(metadata) ? metadata['ownerReferences'] : undefined;
  return Array.isArray(owners) && owners.some((owner: unknown) => isObject(owner) && owner['controller'] === true);
}

/** Reads an annotation of an object or of a template. */
export function annotationOf({ metadata }: JsonObject, key: string): string | undefined {
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  const value = isObject(annotations) && Object.hasOwn(annotations, key) ? annotations[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}
