/** Why an event of an audit log does not become a review. */

/** In the order of the report: first what the user can change. */
export const REFUSALS = {
  'not-json': 'lines that are not valid JSON',
  cut: 'last lines that are incomplete',
  'too-long': 'lines or documents that are too long',
  'too-deep': 'objects that are nested too deep',
  'not-an-event': 'values that are not events of an audit log',
  version: 'events of another version than audit.k8s.io/v1',
  malformed: 'events with a missing or wrong field',
  level:
    'events of level Metadata or None, which have no object; the audit policy needs level Request or RequestResponse',
  patch: 'patches without the patched object; the audit policy needs level RequestResponse',
  'denied-patch': 'patches that were denied, so that the patched object is not in the log',
  truncated: 'events whose objects the API server left out because of their size',
  'no-object': 'events without an object',
  stage: 'events of other stages than ResponseComplete',
  duplicate: 'events that were imported before',
  read: 'requests that change nothing, such as get, list, and watch',
  delete: 'deletions',
  subresource: 'requests for subresources that add no containers, such as status and exec',
  'no-images': 'objects that have no images',
  unauthorized: 'requests that were rejected before admission',
  failed: 'requests that failed after or beside admission',
} as const;

export type Refusal = keyof typeof REFUSALS;
