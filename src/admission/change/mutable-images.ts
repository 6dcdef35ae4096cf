/** Selects the requests whose images can be changed. All other requests stay as they are. */
import { hasController, isBeingDeleted, isMirrorPod } from '../../pod/metadata.ts';
import type { JsonObject } from '../../pod/pointer.ts';
import type { ObjectType } from '../../pod/workload.ts';
import type { AdmissionRequest } from '../request.ts';

export interface MutableObject {
  readonly object: JsonObject;
  /** The stored object, on UPDATE. */
  readonly stored: JsonObject | undefined;
  /**
   * `any`: images get the digest that the registry has. `stored`: images can only get the digest in the stored object.
   *
   * A live Pod restarts a container if its image string changes, and the template of a Job is immutable, so these objects get no
   * new digest. But a manifest that is applied again has the tag only. Without the stored digest, the container would restart, and
   * the API server would reject the Job with 422 (kubernetes pkg/apis/core/validation, pkg/apis/batch/validation).
   */
  readonly digests: 'any' | 'stored';
  /** True for `pods/ephemeralcontainers`: the API server discards all other changes. */
  readonly onlyEphemeral: boolean;
}

/** Returns undefined if no image can be changed. DELETE requests cannot be patched, and CONNECT requests have no images. */
export function mutableObjectIn(request: AdmissionRequest): MutableObject | undefined {
  const { operation, subResource, object } = request;
  if (object === undefined || (isPod(request.type) && isMirrorPod(object))) return undefined;
  if (operation === 'CREATE' && subResource === '') return created(request.type, object);
  return operation === 'UPDATE' ? updated(request, object) : undefined;
}

/**
 * Objects of controllers must match their template, or the controller creates new objects without end (kubernetes
 * pkg/controller/deployment/sync.go: a ReplicaSet with another template counts as a hash collision). Pods can be changed,
 * because controllers compare only their labels.
 */
function created(type: ObjectType, object: JsonObject): MutableObject | undefined {
  if (!isPod(type) && hasController(object)) return undefined;
  return { object, stored: undefined, digests: 'any', onlyEphemeral: false };
}

function updated(
  { subResource, oldObject: stored, type }: AdmissionRequest,
  object: JsonObject,
): MutableObject | undefined {
  // Without the stored object, it is unknown what this update changes.
  if (stored === undefined || isBeingDeleted(object)) return undefined;
  // Controllers do not compare ephemeral containers.
  if (subResource === 'ephemeralcontainers') return { object, stored, digests: 'any', onlyEphemeral: true };
  if (subResource !== '' || hasController(object)) return undefined;
  const digests = isPod(type) || isJob(type) ? 'stored' : 'any';
  return { object, stored, digests, onlyEphemeral: false };
}

/** `EphemeralContainers` is the kind in `pods/ephemeralcontainers` requests of Kubernetes 1.16 to 1.21. */
export function isPod({ group, kind }: ObjectType): boolean {
  return group === '' && (kind === 'Pod' || kind === 'EphemeralContainers');
}

function isJob({ group, kind }: ObjectType): boolean {
  return group === 'batch' && kind === 'Job';
}
