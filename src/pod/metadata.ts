/** What the metadata of an object says about who keeps it, and how long, and what there is besides. */
import { isObject, type JsonObject } from './pointer.ts';

/** What an update of labels, annotations, finalizers, or status leaves as it was. */
export function judgedParts(object: JsonObject): JsonObject {
  const { metadata: _metadata, status: _status, ...judged } = object;
  return judged;
}

/** Its finalizers must come off, whatever its images are. */
export function isBeingDeleted({ metadata }: JsonObject): boolean {
  return isObject(metadata) && typeof metadata['deletionTimestamp'] === 'string';
}

/** The API's picture of a Pod that a node runs from a file of its own. The kubelet runs no other Pod with this annotation. */
export function isMirrorPod(pod: JsonObject): boolean {
  return annotationOf(pod, 'kubernetes.io/config.mirror') !== undefined;
}

/** A controller made it, keeps it as its own template says, and may make a new one when it finds something else. */
export function hasController({ metadata }: JsonObject): boolean {
  const owners = isObject(metadata) ? metadata['ownerReferences'] : undefined;
  return Array.isArray(owners) && owners.some((owner: unknown) => isObject(owner) && owner['controller'] === true);
}

/** `holder` is an object, or the template of one: whatever has `metadata`. */
export function annotationOf({ metadata }: JsonObject, key: string): string | undefined {
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  const value = isObject(annotations) && Object.hasOwn(annotations, key) ? annotations[key] : undefined;
  return typeof value === 'string' ? value : undefined;
}
