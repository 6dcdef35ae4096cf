/** Reads an event of an audit log (k8s.io/apiserver pkg/apis/audit/v1): what a review needs of it, with checked types. */
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import type { Refusal } from './refusals.ts';

export interface AuditEvent {
  readonly auditID: string;
  /** UTC with milliseconds. */
  readonly time: string;
  readonly level: string;
  readonly stage: string;
  readonly verb: string;
  readonly query: URLSearchParams;
  readonly user: JsonObject;
  /** undefined: the request is for no resource. */
  readonly ref: ObjectRef | undefined;
  /** HTTP status code; 0: unknown. */
  readonly code: number;
  readonly message: string;
  readonly requestObject: JsonObject | undefined;
  readonly responseObject: JsonObject | undefined;
  readonly annotations: ReadonlyMap<string, string>;
}

export interface ObjectRef {
  readonly group: string;
  readonly resource: string;
  readonly subresource: string;
  readonly namespace: string;
  readonly name: string;
}

const VERSION = 'audit.k8s.io/v1';

/** The events in a value: itself, or the items of an EventList or of a list, which can lack their type. */
export function* eventsIn(value: unknown): Generator<AuditEvent | Refusal, void> {
  if (Array.isArray(value)) {
    for (const item of value) yield readEvent(item);
  } else if (isObject(value) && Array.isArray(value['items'])) {
    const { apiVersion, items } = value;
    for (const item of items) yield readEvent(isObject(item) ? { apiVersion, kind: 'Event', ...item } : item);
  } else yield readEvent(value);
}

function readEvent(value: unknown): AuditEvent | Refusal {
  if (!isObject(value) || value['kind'] !== 'Event') return 'not-an-event';
  const { apiVersion } = value;
  if (!isText(apiVersion) || !apiVersion.startsWith('audit.k8s.io/')) return 'not-an-event';
  return apiVersion === VERSION ? eventOf(value) : 'version';
}

function eventOf(value: JsonObject): AuditEvent | 'malformed' {
  const head = textsAt(value, ['auditID', 'level', 'stage', 'verb']);
  const time = timeOf(value['requestReceivedTimestamp']);
  const ref = refOf(value['objectRef']);
  if (head === undefined || time === undefined || ref === 'malformed' || !isId(head.auditID)) return 'malformed';
  const { code, message } = objectAt(value, 'responseStatus') ?? {};
  return {
    ...head,
    time,
    ref,
    query: queryOf(value['requestURI']),
    user: objectAt(value, 'impersonatedUser') ?? objectAt(value, 'user') ?? {},
    code: typeof code === 'number' ? code : 0,
    message: isText(message) ? message : '',
    requestObject: objectAt(value, 'requestObject'),
    responseObject: objectAt(value, 'responseObject'),
    annotations: annotationsOf(value['annotations']),
  };
}

/** The limit of the UID of a review. */
const MAX_ID = 253;

function isId(text: string): boolean {
  return text !== '' && text.length <= MAX_ID;
}

/** undefined: one of them is not a text. */
function textsAt<Key extends string>(
  object: JsonObject,
  keys: readonly Key[],
): Readonly<Record<Key, string>> | undefined {
  const entries = keys.map((key) => [key, object[key]] as const);
  if (!entries.every(([, value]) => isText(value))) return undefined;
  // All keys are there.
  return Object.fromEntries(entries) as Record<Key, string>;
}

function isText(value: unknown): value is string {
  return typeof value === 'string';
}

function objectAt(parent: JsonObject, key: string): JsonObject | undefined {
  const value = parent[key];
  return isObject(value) ? value : undefined;
}

/** Times of the API server have microseconds. */
function timeOf(value: unknown): string | undefined {
  if (!isText(value) || !/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z$/.test(value)) return undefined;
  const time = Date.parse(value);
  return Number.isNaN(time) ? undefined : new Date(time).toISOString();
}

function queryOf(uri: unknown): URLSearchParams {
  const at = isText(uri) ? uri.indexOf('?') : -1;
  return new URLSearchParams(isText(uri) && at >= 0 ? uri.slice(at + 1) : '');
}

const NO_REF = { apiGroup: '', resource: '', subresource: '', namespace: '', name: '' };

function refOf(value: unknown): ObjectRef | 'malformed' | undefined {
  if (value === undefined || value === null) return undefined;
  const keys = ['apiGroup', 'resource', 'subresource', 'namespace', 'name'] as const;
  const texts = isObject(value) ? textsAt({ ...NO_REF, ...value }, keys) : undefined;
  if (texts === undefined) return 'malformed';
  const { apiGroup: group, ...rest } = texts;
  return { group, ...rest };
}

function annotationsOf(value: unknown): ReadonlyMap<string, string> {
  const entries = isObject(value) ? Object.entries(value) : [];
  return new Map(entries.filter((entry): entry is [string, string] => isText(entry[1])));
}
