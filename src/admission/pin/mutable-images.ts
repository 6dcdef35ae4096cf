/** What of a request a change of images may touch at all. Whatever is not listed here is left alone. */
import { hasController, isBeingDeleted, isMirrorPod } from '../../pod/metadata.ts';
import type { JsonObject } from '../../pod/pointer.ts';
import type { ObjectType } from '../../pod/workload.ts';
import type { AdmissionRequest } from '../request.ts';

export interface Changeable {
  readonly object: JsonObject;
  /** The stored object, on UPDATE. */
  readonly stored: JsonObject | undefined;
  /**
   * `any`: images get the digest that the registry has. `stored`: an image can only get back the digest that is stored. A live
   * Pod restarts a container whose image string changes, and the template of a Job is immutable, so no digest may come that
   * was not there; but a manifest that is applied again brings the bare tag, and without the digest behind it the container
   * would restart, and the Job be refused with 422 (kubernetes pkg/apis/core/validation, pkg/apis/batch/validation).
   */
  readonly digests: 'any' | 'stored';
  /** Everything else of what comes through `pods/ephemeralcontainers` is discarded. */
  readonly onlyEphemeral: boolean;
}

/** `undefined`: nothing of it. A patch on DELETE is an error of the request, and CONNECT brings no object with images. */
export function changeableIn(request: AdmissionRequest): Changeable | undefined {
  const { operation, subResource, object } = request;
  if (object === undefined || (isPod(request.type) && isMirrorPod(object))) return undefined;
  if (operation === 'CREATE' && subResource === '') return created(request.type, object);
  return operation === 'UPDATE' ? updated(request, object) : undefined;
}

/**
 * What a controller made must stay as its template says, or it makes a new one, without end (kubernetes
 * pkg/controller/deployment/sync.go: a ReplicaSet whose template is not the Deployment's counts as a hash collision). A Pod is
 * the exception: what controllers compare of it are its labels.
 */
function created(type: ObjectType, object: JsonObject): Changeable | undefined {
  if (!isPod(type) && hasController(object)) return undefined;
  return { object, stored: undefined, digests: 'any', onlyEphemeral: false };
}

function updated(
  { subResource, oldObject: stored, type }: AdmissionRequest,
  object: JsonObject,
): Changeable | undefined {
  // Without the stored object, it is unknown what this update changes.
  if (stored === undefined || isBeingDeleted(object)) return undefined;
  // A Pod's controller does not mind them.
  if (subResource === 'ephemeralcontainers') return { object, stored, digests: 'any', onlyEphemeral: true };
  if (subResource !== '' || hasController(object)) return undefined;
  const digests = isPod(type) || isJob(type) ? 'stored' : 'any';
  return { object, stored, digests, onlyEphemeral: false };
}

/** `EphemeralContainers`: what `pods/ephemeralcontainers` of Kubernetes 1.16 to 1.21 brings. */
export function isPod({ group, kind }: ObjectType): boolean {
  return group === '' && (kind === 'Pod' || kind === 'EphemeralContainers');
}

function isJob({ group, kind }: ObjectType): boolean {
  return group === 'batch' && kind === 'Job';
}
