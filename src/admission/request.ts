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
  /** Why the objects were not parsed; then `object` contains only the name. */
  readonly excess?: string | undefined;
  readonly dryRun: boolean;
  /**
   * True if the API server's admission plugins already changed the object, so that a Pod has the pull secrets of its
   * ServiceAccount. False for a manifest from a file.
   */
  readonly pluginsRan: boolean;
  /** True if /mutate got the object before, so that it has what policies change. False for an object that no server of tidewaiter got. */
  readonly mutateRan: boolean;
}

/** Removes the bookkeeping of the API server, which is half of a typical request. No rule sees it, in any command. */
export function withoutManagedFields(object: JsonObject): JsonObject {
  const { metadata } = object;
  if (!isObject(metadata) || metadata['managedFields'] === undefined) return object;
  const { managedFields: _bookkeeping, ...rest } = metadata;
  return { ...object, metadata: rest };
}
