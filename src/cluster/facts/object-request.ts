/** One request for an object by name, and how its failures read. */
import { Outage } from '../../admission/context.ts';
import { printable, quoteValue } from '../../image/quote.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import type { FairQueue } from '../../registry/fair-queue.ts';
import { ApiError, type ClusterApi } from '../api.ts';
import { missingAccess } from './missing-access.ts';
import type { ReadValue } from './object-memory.ts';

export interface Resource<T> {
  /** As in a path: `secrets`. */
  readonly plural: string;
  readonly kind: string;
  readonly valueOf: (object: JsonObject, name: string) => ReadValue<T>;
}

export type RequestResult = 'found' | 'notFound' | 'forbidden' | 'failed' | 'unavailable';

export interface ReaderParts {
  readonly api: ClusterApi;
  /** Shared by the readers of all resources. */
  readonly queue: FairQueue;
  /** The requests of one namespace for one resource that are under way or wait; more are unknown. */
  readonly maxPending: number;
  readonly count: (resource: string, result: RequestResult) => void;
  /** Counts an object that was read minutes ago and is used in an outage. undefined: none is used. */
  readonly countOld?: ((resource: string) => void) | undefined;
  /** Of one request; by default, that of a review. */
  readonly timeoutMs?: number | undefined;
  /** Logs a detail that tenants do not see. undefined: a command, whose user sees all details. */
  readonly logDetail?: ((detail: string, namespace: string) => void) | undefined;
}

export interface ObjectName {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly key: string;
  /** Whose share of the requests is used. */
  readonly tenant: string;
}

export interface ObjectRequest<T> {
  readonly resource: Resource<T>;
  readonly parts: ReaderParts;
  readonly object: ObjectName;
}

/** A review has 10 s by default, and needs most of them for registries. */
const TIMEOUT_MS = 2000;

/** Returns undefined if the object does not exist. Rejects with an Outage, also if `signal` ends the request; this is not a failure of the API server. */
export async function fetchObject<T>(
  { resource, parts, object }: ObjectRequest<T>,
  signal: AbortSignal,
): Promise<ReadValue<T> | undefined> {
  const { plural } = resource;
  try {
    const path = pathOf(plural, object);
    const found = await parts.api.request({ path, timeoutMs: parts.timeoutMs ?? TIMEOUT_MS }, signal);
    if (!isNamed(found, object)) throw new UnexpectedObject('the API server returned another object');
    const read = resource.valueOf(found, object.name);
    parts.count(plural, 'found');
    return read;
  } catch (error) {
    if (signal.aborted) throw new Outage('the request gave way to others', { cause: error });
    if (!isNotFound(error)) throw outageOf(error, { resource, parts, object });
    parts.count(plural, 'notFound');
    return undefined;
  }
}

/** Whether the request failed without a statement about the object or the access to it. */
export function isOutage(error: unknown): boolean {
  if (!(error instanceof Outage)) return false;
  const { cause } = error;
  return !(cause instanceof ApiError) || cause.status >= 500 || cause.status === 429;
}

function pathOf(plural: string, { namespace, name }: ObjectName): string {
  const within = namespace === undefined ? '' : `/namespaces/${encodeURIComponent(namespace)}`;
  return `/api/v1${within}/${plural}/${encodeURIComponent(name)}`;
}

class UnexpectedObject extends Error {}

function isNamed({ metadata }: JsonObject, { namespace, name }: ObjectName): boolean {
  return isObject(metadata) && metadata['name'] === name && (metadata['namespace'] ?? undefined) === namespace;
}

/** Proxies and load balancers also return 404. */
function isNotFound(error: unknown): boolean {
  return error instanceof ApiError && error.status === 404 && error.reason === 'NotFound';
}

function outageOf<T>(error: unknown, { resource, parts, object }: ObjectRequest<T>): Outage {
  const { plural, kind } = resource;
  const { namespace, key, tenant } = object;
  const isCommand = parts.logDetail === undefined;
  if (error instanceof ApiError && error.status === 403) {
    parts.count(plural, 'forbidden');
    return new Outage(missingAccess({ resource: plural, verbs: ['get'], namespace, isCommand }), { cause: error });
  }
  const hasAnswered = error instanceof ApiError || error instanceof UnexpectedObject;
  parts.count(plural, hasAnswered ? 'failed' : 'unavailable');
  const problem = error instanceof ApiError ? `returned HTTP ${error.status}` : 'did not return it';
  const within = namespace === undefined ? '' : ` in namespace ${quoteValue(namespace)}`;
  parts.logDetail?.(`cannot get ${kind} ${quoteValue(key)}: ${String(error)}`, tenant);
  const more = isCommand
    ? `: ${printable(messageOf(error), MAX_DETAIL)}`
    : ` (get ${plural}${within}; see the tidewaiter log)`;
  const message = `${kind} ${quoteValue(key)}: the API server ${problem}${more}`;
  return new Outage(message, { cause: error });
}

const MAX_DETAIL = 300;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** The API server has no objects with other names (apimachinery pkg/util/validation, IsDNS1123Subdomain). */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const MAX_NAME = 253;

export function isValidName(name: string): boolean {
  return name.length <= MAX_NAME && NAME.test(name);
}
