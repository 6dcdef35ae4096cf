/** The response of a review, as a recording keeps it. */
import { encodedPatch } from '../admission/review.ts';
import { decodeBase64 } from '../go/base64.ts';
import { textOf } from '../go/bytes.ts';
import { isObject } from '../pod/pointer.ts';
import type { RecordedResponse, RecordedReview } from './format.ts';

/** `answer`: an AdmissionReview of tidewaiter, parsed. */
export function recordedResponse(answer: unknown): RecordedResponse {
  const response = isObject(answer) ? answer['response'] : undefined;
  if (!isObject(response)) return { allowed: false };
  const { uid: _uid, allowed, patchType: _type, patch, ...rest } = response;
  return { allowed: allowed === true, ...rest, patch: typeof patch === 'string' ? decodedPatch(patch) : undefined };
}

function decodedPatch(text: string): readonly unknown[] | undefined {
  const bytes = decodeBase64(text, { padded: true });
  const patch: unknown = bytes === undefined ? undefined : JSON.parse(textOf(bytes));
  return Array.isArray(patch) ? patch : undefined;
}

/** The body of the response, byte for byte as the server sent it if nothing in it was redacted; undefined: it is unknown. */
export function recordedAnswer({ review, response }: Pick<RecordedReview, 'review' | 'response'>): string | undefined {
  if (response === undefined) return undefined;
  const { request, apiVersion } = review;
  const { allowed, status, patch, warnings, auditAnnotations } = response;
  return JSON.stringify({
    apiVersion,
    kind: 'AdmissionReview',
    response: {
      uid: isObject(request) ? request['uid'] : undefined,
      allowed,
      status,
      patchType: patch === undefined ? undefined : 'JSONPatch',
      patch: patch === undefined ? undefined : encodedPatch(patch),
      warnings,
      auditAnnotations,
    },
  });
}
