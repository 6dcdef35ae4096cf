/** The change to one request, as a JSON Patch of targeted operations on image strings. Empty means no change. */
import type { AdmissionRequest } from './request.ts';

export interface ReplaceOperation {
  readonly op: 'replace';
  /** RFC 6901, from the root of the object. */
  readonly path: string;
  readonly value: string;
}

export interface Mutation {
  readonly uid: string;
  readonly patch: readonly ReplaceOperation[];
}

/** No policy can ask for a change yet, so nothing is ever changed. */
export function mutate({ uid }: AdmissionRequest): Mutation {
  return { uid, patch: [] };
}
