/** One admission request, from the API server, a manifest, or a recording. */
import { isObject, type JsonObject } from '../pod/pointer.ts';
import type { ObjectType } from '../pod/workload.ts';

export const OPERATIONS = ['CREATE', 'UPDATE', 'DELETE', 'CONNECT'] as const;
export type Operation = (typeof OPERATIONS)[number];

export interface AdmissionRequest {
  readonly uid: string;
  readonly type: ObjectType;
  /** `''` for the object itself. */
  readonly subResource: string;
  readonly operation: Operation;
  readonly name: string;
  /** `undefined` for cluster-scoped objects. */
  readonly namespace: string | undefined;
  /** undefined: the user is unknown. */
  readonly user: { readonly name: string; readonly groups: readonly string[] } | undefined;
  readonly object: JsonObject | undefined;
  readonly oldObject: JsonObject | undefined;
  /** Why the two were not read, if so; then `object` says no more than what it is called. */
  readonly excess?: string | undefined;
  readonly dryRun: boolean;
  /**
   * The API server's own admission plugins have seen the object, so a Pod has the pull secrets of its service account by now.
   * A manifest from a file has that still before it.
   */
  readonly pluginsRan: boolean;
}

/**
 * The API server's own bookkeeping, which says nothing of what an object is and is half of what is sent: no rule sees it at
 * any door.
 */
export function withoutManagedFields(object: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isObject(metadata) || metadata['managedFields'] === undefined) return object;
  const { managedFields: _bookkeeping, ...rest } = metadata;
  return { ...object, metadata: rest };
}
