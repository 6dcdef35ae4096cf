/** The text of a response. Most reviews are allowed without a finding; their text needs no `JSON.stringify` (README.md). */
import { answerText, type ReviewAnswer } from '../../admission/review.ts';

/** Returns the same text as `answerText`. */
export function responseText(answer: ReviewAnswer): string {
  const { apiVersion, kind, response } = answer;
  const annotations = plainAnnotations(response);
  if (annotations === undefined) return answerText(answer);
  return `{"apiVersion":"${apiVersion}","kind":"${kind}","response":{"uid":"${response.uid}","allowed":true,"auditAnnotations":${annotations}}}`;
}

/** Characters that JSON does not escape. A uid of the API server is a UUID, a generation a hash. */
const PLAIN = /^[\w-]*$/;

/** Returns the annotations as JSON; undefined if the response contains anything else. */
function plainAnnotations(response: ReviewAnswer['response']): string | undefined {
  const { uid, allowed, auditAnnotations } = response;
  if (!allowed || auditAnnotations === undefined || hasMore(response) || !PLAIN.test(uid)) return undefined;
  const { decision, generation } = auditAnnotations;
  const count = generation === undefined ? 1 : 2;
  if (decision !== 'allow' || Object.keys(auditAnnotations).length !== count) return undefined;
  if (generation === undefined) return '{"decision":"allow"}';
  return PLAIN.test(generation) ? `{"decision":"allow","generation":"${generation}"}` : undefined;
}

function hasMore({ status, patch, warnings }: ReviewAnswer['response']): boolean {
  return status !== undefined || patch !== undefined || warnings !== undefined;
}
