/** Reads the answer of a webhook, with the checks of an API server (VerifyAdmissionResponse in k8s.io/apiserver). */
import { REVIEW_VERSIONS, type ReviewVersion } from '../../../admission/review.ts';
import { decodeBase64 } from '../../../go/base64.ts';
import { quoteValue } from '../../../image/quote.ts';
import { fieldPath, isObject, type JsonObject, jsonType } from '../../../pod/pointer.ts';
import { schemaCheck } from '../../../policy/schema-faults.ts';
import type { RecordedEndpoint, RecordedResponse } from '../../../recording/format.ts';
import { RESPONSE_SCHEMA } from '../../../recording/schema.ts';
import { costOf } from '../../../server/json-bytes.ts';

/** `problem` is a sentence fragment that follows the URL. */
export type ReadAnswer = { readonly response: RecordedResponse } | { readonly problem: string };

export interface SentReview {
  readonly apiVersion: ReviewVersion;
  readonly uid: string;
  /** undefined: it can be either. */
  readonly endpoint: RecordedEndpoint | undefined;
}

/** Deeper values exhaust the stack when they are compared. No real answer is as deep. */
const MAX_DEPTH = 100;

export function readAnswer(body: Buffer, sent: SentReview): ReadAnswer {
  const value = parsed(body);
  if ('problem' in value) return { problem: `returned ${value.problem}` };
  const review = value.value;
  if (!isObject(review)) return { problem: `returned ${jsonType(review)}, and not an AdmissionReview` };
  const fault = versionFault(review, sent);
  if (fault !== undefined) return { problem: fault };
  const { response } = review;
  if (!isObject(response)) return { problem: 'returned an AdmissionReview without a response' };
  const uid = response['uid'];
  // API servers do not check the UID of v1beta1, but the answer to another review says nothing.
  const hasUid = sent.apiVersion === 'admission.k8s.io/v1' || (uid !== undefined && uid !== '');
  if (hasUid && uid !== sent.uid)
    return {
      problem: `returned ${typeof uid === 'string' ? `the UID ${quoteValue(uid)}` : 'no UID'} instead of ${quoteValue(sent.uid)}`,
    };
  return responseOf(response, sent);
}

type Parsed = { readonly value: unknown } | { readonly problem: string };

function parsed(bytes: Buffer): Parsed {
  if (costOf(bytes).depth > MAX_DEPTH) return { problem: `JSON that is nested more than ${MAX_DEPTH} levels deep` };
  try {
    return { value: JSON.parse(bytes.toString()) };
  } catch (error) {
    if (error instanceof SyntaxError) return { problem: bytes.length === 0 ? 'nothing' : 'no JSON' };
    throw error;
  }
}

function versionFault(review: JsonObject, { apiVersion: sent }: SentReview): string | undefined {
  const { apiVersion, kind } = review;
  const other = REVIEW_VERSIONS.find((version) => version === apiVersion);
  if (kind === 'AdmissionReview' && apiVersion === sent) return undefined;
  if (kind === 'AdmissionReview' && other !== undefined) {
    const version = other.slice(other.indexOf('/') + 1);
    return `returned an AdmissionReview of ${other} instead of ${sent}; send that version with --review-version ${version}`;
  }
  const found = typeof kind === 'string' ? `${quoteValue(kind)} of ${quoteValue(String(apiVersion))}` : 'no kind';
  return `returned ${found} instead of an AdmissionReview`;
}

const checkResponse = schemaCheck(RESPONSE_SCHEMA);

function responseOf(response: JsonObject, { endpoint }: SentReview): ReadAnswer {
  const { allowed, status, warnings, auditAnnotations, patch: encoded } = response;
  const patch = patchOf(encoded);
  if ('problem' in patch) return patch;
  if (patch.value !== undefined && endpoint === 'validate')
    return { problem: 'returned a patch, which a validating webhook must not have' };
  const value = withoutNulls({ allowed, status, warnings, auditAnnotations, patch: patch.value });
  const [fault] = checkResponse(value);
  if (fault !== undefined)
    return { problem: `returned an invalid response: ${fieldPath(`/response${fault.pointer}`)}: ${fault.problem}` };
  // The schema is that of the type.
  return { response: value as unknown as RecordedResponse };
}

function withoutNulls(values: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== null && value !== undefined));
}

function patchOf(encoded: unknown): Parsed {
  if (encoded === undefined || encoded === null || encoded === '') return { value: undefined };
  const bytes = typeof encoded === 'string' ? decodeBase64(encoded, { padded: true }) : undefined;
  if (bytes === undefined) return { problem: 'returned a patch that is not base64' };
  const patch = parsed(Buffer.from(bytes, 'latin1'));
  if ('problem' in patch) return { problem: `returned a patch that is ${patch.problem}` };
  return Array.isArray(patch.value) ? patch : { problem: 'returned a patch that is not a JSON Patch' };
}
