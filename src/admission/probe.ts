/**
 * The answer to a probe: an object that `doctor` creates in a dry run to see whether the API server reaches the webhook. The
 * answer depends on no policy, and the denial of a dry run changes nothing.
 */
import { isObject, type JsonObject } from '../pod/pointer.ts';
import type { AdmissionRequest } from './request.ts';
import type { Review, ReviewAnswer } from './review.ts';

/** Marks the object; only a PodTemplate can be a probe. */
export const PROBE_ANNOTATION = 'tidewaiter.dev/probe';
/** Set by `/mutate`, so that the denial of `/validate` reports that both endpoints were called. */
const MUTATED_ANNOTATION = 'tidewaiter.dev/probe-mutated';
/** Ends the denial of a probe that `/mutate` changed. */
export const MUTATED = '(mutate: answered)';

/** Returns undefined if the request is not a probe. */
export function probeAnswer(
  { apiVersion, request }: Review,
  endpoint: 'validate' | 'mutate',
): ReviewAnswer | undefined {
  const annotations = probeAnnotations(request);
  if (annotations === undefined) return undefined;
  const { uid, name } = request;
  if (endpoint === 'mutate') return { apiVersion, kind: 'AdmissionReview', response: { uid, allowed: true, ...MARK } };
  const mutated = annotations[MUTATED_ANNOTATION] === undefined ? '(mutate: not called)' : MUTATED;
  const status = {
    status: 'Failure',
    reason: 'Forbidden',
    code: 403,
    message: `tidewaiter answered the probe ${mutated}`,
    details: { group: '', kind: 'PodTemplate', name: name.slice(0, 253), causes: [] },
  } as const;
  return { apiVersion, kind: 'AdmissionReview', response: { uid, allowed: false, status } };
}

function probeAnnotations({ dryRun, operation, type, object }: AdmissionRequest): JsonObject | undefined {
  if (!dryRun || operation !== 'CREATE' || type.kind !== 'PodTemplate' || type.group !== '') return undefined;
  const { metadata } = object ?? {};
  const annotations = isObject(metadata) ? metadata['annotations'] : undefined;
  return isObject(annotations) && annotations[PROBE_ANNOTATION] !== undefined ? annotations : undefined;
}

const PATCH = [{ op: 'add', path: `/metadata/annotations/${MUTATED_ANNOTATION.replace('/', '~1')}`, value: 'true' }];
const MARK = { patchType: 'JSONPatch', patch: btoa(JSON.stringify(PATCH)) } as const;
