/**
 * The wire format of admission reviews, v1 and v1beta1: the only file that reads or writes it. The API server checks responses
 * in staging/src/k8s.io/apiserver/pkg/admission/plugin/webhook/request/admissionreview.go.
 */
import { fieldPath, isObject, type JsonObject, jsonType } from '../pod/pointer.ts';
import type { ObjectType } from '../pod/workload.ts';
import type { Finding } from '../policy/finding.ts';
import {
  type Annotations,
  auditAnnotations,
  denialText,
  mutationAnnotations,
  toAuthor,
  warningTexts,
  withGeneration,
} from './message.ts';
import type { Mutation } from './mutation.ts';
import { type AdmissionRequest, type Operation, OPERATIONS, withoutManagedFields } from './request.ts';
import type { Decision } from './validate.ts';

export const REVIEW_VERSIONS = ['admission.k8s.io/v1', 'admission.k8s.io/v1beta1'] as const;
export type ReviewVersion = (typeof REVIEW_VERSIONS)[number];

export interface Review {
  readonly apiVersion: ReviewVersion;
  readonly request: AdmissionRequest;
}

/** `pointer` is from the root of the body. */
export type ReadReview =
  | { readonly ok: true; readonly review: Review }
  | { readonly ok: false; readonly pointer: string; readonly problem: string };

class Malformed extends Error {
  readonly pointer: string;

  constructor(pointer: string, problem: string) {
    super(problem);
    this.name = 'Malformed';
    this.pointer = pointer;
  }
}

/** Does not throw on invalid input. */
export function readReview(body: unknown): ReadReview {
  try {
    return { ok: true, review: reviewOf(body) };
  } catch (error) {
    if (error instanceof Malformed) return { ok: false, pointer: error.pointer, problem: error.message };
    throw error;
  }
}

/** Reports whether a document is an AdmissionReview, to distinguish recordings from manifests. */
export function isReview(value: unknown): value is JsonObject {
  return isObject(value) && value['kind'] === 'AdmissionReview';
}

function reviewOf(body: unknown): Review {
  if (body === undefined) throw new Malformed('', 'expected an object, found nothing');
  const review = objectAt(body, '');
  const apiVersion = REVIEW_VERSIONS.find((version) => version === review['apiVersion']);
  if (apiVersion === undefined) {
    throw new Malformed('/apiVersion', `expected ${REVIEW_VERSIONS.join(' or ')}, ${shown(review['apiVersion'])}`);
  }
  if (review['kind'] !== 'AdmissionReview') {
    throw new Malformed('/kind', `expected AdmissionReview, ${shown(review['kind'])}`);
  }
  return { apiVersion, request: requestOf(objectAt(review['request'], '/request')) };
}

function requestOf(request: JsonObject): AdmissionRequest {
  const operation = OPERATIONS.find((known) => known === request['operation']);
  if (operation === undefined) {
    throw new Malformed('/request/operation', `expected ${OPERATIONS.join(', ')}, ${shown(request['operation'])}`);
  }
  return {
    uid: uidOf(request),
    operation,
    type: typeAt(request['kind'], '/request/kind'),
    subResource: textAt(request, 'subResource', '/request'),
    name: textAt(request, 'name', '/request'),
    namespace: textAt(request, 'namespace', '/request') || undefined,
    user: userAt(request['userInfo'], '/request/userInfo'),
    object: objectOf(request, operation),
    oldObject: optionalObjectAt(request, 'oldObject', '/request'),
    dryRun: flagAt(request, 'dryRun', '/request'),
    pluginsRan: true,
    mutateRan: true,
  };
}

/** A UUID has 36 characters. The response repeats it, and a client can leave responses unread, so the limit saves memory. */
const MAX_UID = 253;

function uidOf(request: JsonObject): string {
  const uid = textAt(request, 'uid', '/request');
  if (uid === '') throw new Malformed('/request/uid', 'expected a UID, but the field is missing or empty');
  if (uid.length <= MAX_UID) return uid;
  throw new Malformed('/request/uid', `expected a UID of at most ${MAX_UID} characters, found ${uid.length}`);
}

function objectOf(request: JsonObject, operation: Operation): JsonObject | undefined {
  const object = optionalObjectAt(request, 'object', '/request');
  if (object === undefined && (operation === 'CREATE' || operation === 'UPDATE')) {
    throw new Malformed('/request/object', `expected the object of the ${operation}, but the field is missing`);
  }
  return object;
}

function typeAt(value: unknown, at: string): ObjectType {
  const type = objectAt(value, at);
  const kind = textAt(type, 'kind', at);
  if (kind === '')
    throw new Malformed(`${at}/kind`, 'expected the kind of the object, but the field is missing or empty');
  return { group: textAt(type, 'group', at), version: textAt(type, 'version', at), kind };
}

function userAt(value: unknown, at: string): AdmissionRequest['user'] {
  if (value === undefined || value === null) return undefined;
  const user = objectAt(value, at);
  const groups = user['groups'] ?? [];
  if (!Array.isArray(groups)) throw new Malformed(`${at}/groups`, `expected a list, found ${jsonType(groups)}`);
  const index = groups.findIndex((group) => typeof group !== 'string');
  if (index >= 0) throw new Malformed(`${at}/groups/${index}`, `expected a string, found ${jsonType(groups[index])}`);
  return { name: textAt(user, 'username', at), groups };
}

function objectAt(value: unknown, at: string): JsonObject {
  if (!isObject(value)) throw new Malformed(at, `expected an object, ${foundText(value)}`);
  return value;
}

function optionalObjectAt(parent: JsonObject, key: string, at: string): JsonObject | undefined {
  const value = parent[key];
  return value === undefined || value === null ? undefined : withoutManagedFields(objectAt(value, `${at}/${key}`));
}

function textAt(parent: JsonObject, key: string, at: string): string {
  const value = parent[key] ?? '';
  if (typeof value !== 'string') throw new Malformed(`${at}/${key}`, `expected a string, found ${jsonType(value)}`);
  return value;
}

function flagAt(parent: JsonObject, key: string, at: string): boolean {
  const value = parent[key] ?? false;
  if (typeof value !== 'boolean')
    throw new Malformed(`${at}/${key}`, `expected true or false, found ${jsonType(value)}`);
  return value;
}

function shown(value: unknown): string {
  return typeof value === 'string' && /^[\w./-]{1,60}$/.test(value) ? `found ${value}` : foundText(value);
}

function foundText(value: unknown): string {
  return value === undefined ? 'but the field is missing' : `found ${jsonType(value)}`;
}

/** The response to the API server, with the field names of its API. JSON omits undefined fields. */
export interface ReviewAnswer {
  readonly apiVersion: ReviewVersion;
  readonly kind: 'AdmissionReview';
  readonly response: {
    readonly uid: string;
    readonly allowed: boolean;
    readonly status?: DenialStatus | undefined;
    readonly patchType?: 'JSONPatch' | undefined;
    readonly patch?: string | undefined;
    readonly warnings?: readonly string[] | undefined;
    readonly auditAnnotations?: Annotations | undefined;
  };
}

interface DenialStatus {
  readonly status: 'Failure';
  readonly reason: 'Forbidden';
  readonly code: 403;
  readonly message: string;
  readonly details: {
    readonly group: string;
    readonly kind: string;
    readonly name: string;
    readonly causes: readonly { readonly reason: string; readonly message: string; readonly field: string }[];
  };
}

/** `generation`: of the context. */
export function decisionReview({ apiVersion, request }: Review, decision: Decision, generation?: string): ReviewAnswer {
  const { allowed, findings } = decision;
  const warnings = warningTexts(findings);
  return {
    apiVersion,
    kind: 'AdmissionReview',
    response: {
      uid: request.uid,
      allowed,
      status: allowed ? undefined : denialStatus(request, findings),
      warnings: warnings.length === 0 ? undefined : warnings,
      auditAnnotations: withGeneration(
        decision.outcome === 'not-evaluated' ? undefined : auditAnnotations(findings),
        generation,
      ),
    },
  };
}

const MAX_CAUSES = 50;
/** The limit of DNS subdomain names. Other clients than the API server can send longer names. */
const MAX_NAME = 253;

function denialStatus(request: AdmissionRequest, findings: readonly Finding[]): DenialStatus {
  const denials = findings.filter(({ action }) => action === 'deny');
  return {
    status: 'Failure',
    reason: 'Forbidden',
    code: 403,
    message: denialText(request, denials),
    details: {
      group: request.type.group,
      kind: request.type.kind,
      name: request.name.slice(0, MAX_NAME),
      causes: denials.slice(0, MAX_CAUSES).map((denial) => ({
        reason: 'FieldValueForbidden',
        message: toAuthor(denial),
        field: fieldPath(denial.pointer),
      })),
    },
  };
}

/** `patch` and `patchType` are both set or both absent. An empty patch counts as no change. */
export function mutationReview({ apiVersion, request }: Review, mutation: Mutation, generation?: string): ReviewAnswer {
  const { uid, allowed, patch, findings } = mutation;
  const changes = allowed && patch.length > 0;
  const warnings = warningTexts(findings, '"tidewaiter pin" on the manifest writes all digests');
  const annotations = withGeneration(mutationAnnotations(mutation), generation);
  return {
    apiVersion,
    kind: 'AdmissionReview',
    response: {
      uid,
      allowed,
      status: allowed ? undefined : denialStatus(request, findings),
      patchType: changes ? 'JSONPatch' : undefined,
      patch: changes ? encodedPatch(patch) : undefined,
      warnings: warnings.length === 0 ? undefined : warnings,
      auditAnnotations: annotations,
    },
  };
}

/** Returns a JSON Patch as it is in a response. */
export function encodedPatch(patch: readonly unknown[]): string {
  return base64(JSON.stringify(patch));
}

/** Returns the UTF-8 bytes in standard base64 with padding, as Go's decoder expects. */
function base64(text: string): string {
  // The common case: ASCII text is its own bytes.
  if (/^[\0-\x7f]*$/.test(text)) return btoa(text);
  const bytes = new TextEncoder().encode(text);
  let binary = '';
  for (const byte of bytes) binary += String.fromCharCode(byte);
  return btoa(binary);
}

/** The body of a response, identical in all commands. */
export function answerText(answer: ReviewAnswer): string {
  return JSON.stringify(answer);
}
