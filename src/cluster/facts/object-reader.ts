/**
 * Reads single objects of one resource as facts. A fact is remembered only if it has a weight, and for some seconds only;
 * a missing object is looked up by each review, because it may have been created a moment before.
 */
import { Outage } from '../../admission/context.ts';
import type { MaybePromise } from '../../admission/maybe-promise.ts';
import { printable, quoteValue } from '../../image/quote.ts';
import { isObject, type JsonObject } from '../../pod/pointer.ts';
import type { Fact } from '../../policy/fact.ts';
import type { BoundedCache } from '../../registry/bounded-cache.ts';
import type { FairQueue } from '../../registry/fair-queue.ts';
import { untilAborted } from '../../registry/until-aborted.ts';
import { ApiError, type ClusterApi } from '../api.ts';
import { missingAccess } from './missing-access.ts';

export interface ObjectReader<T> {
  /**
   * Returns a remembered fact synchronously; with `refresh`, it does not count. Rejects with an Outage if the API server does not
   * return the object. `namespace` is undefined for cluster-scoped objects.
   */
  read(namespace: string | undefined, name: string, lookup: ObjectLookup): MaybePromise<Fact<T>>;
}

export interface ObjectLookup {
  readonly signal: AbortSignal;
  readonly refresh?: boolean | undefined;
}

export interface Resource<T> {
  /** As in a path: `secrets`. */
  readonly plural: string;
  readonly kind: string;
  readonly valueOf: (object: JsonObject, name: string) => ReadValue<T>;
}

export interface ReadValue<T> {
  readonly fact: Fact<T>;
  /** The weight in the memory; 0: the fact is not remembered. */
  readonly weight: number;
}

export type RequestResult = 'found' | 'notFound' | 'forbidden' | 'failed' | 'unavailable';

export interface ReaderParts {
  readonly api: ClusterApi;
  /** Shared by the readers of all resources. */
  readonly queue: FairQueue;
  /** The requests of one namespace for one resource that are under way or wait; more are unknown. */
  readonly maxPending: number;
  readonly count: (resource: string, result: RequestResult) => void;
  /** Of one request; by default, that of a review. */
  readonly timeoutMs?: number | undefined;
  /** Logs a detail that tenants do not see. undefined: a command, whose user sees all details. */
  readonly logDetail?: ((detail: string, namespace: string) => void) | undefined;
}

/** A review has 10 s by default, and needs most of them for registries. */
const TIMEOUT_MS = 2000;
const REMEMBERED_MS = 10_000;

/** Twice what one object can need: a lookup that waits for so many others of its namespace waits because of the namespace. */
const OWN_REQUESTS = 200;

/** A request that several reviews wait for. */
interface Flight<T> {
  /** undefined: it waits for a place, so it cannot have missed an object that exists now. */
  number: number | undefined;
  readonly result: Promise<Fact<T>>;
  readonly signals: AbortSignal[];
}

/** The requests of one namespace. */
interface Traffic {
  pending: number;
  /** Requests with a response. */
  completed: number;
}

interface State<T> {
  readonly resource: Resource<T>;
  readonly parts: ReaderParts;
  readonly memory: BoundedCache<ReadValue<T>> | undefined;
  readonly flights: Map<string, Flight<T>>;
  /** Of namespaces with flights. */
  readonly traffic: Map<string, Traffic>;
  /** The number of requests that have been sent. */
  started: number;
}

/** `memory` undefined: nothing is remembered. */
export function createObjectReader<T>(
  resource: Resource<T>,
  parts: ReaderParts,
  memory?: BoundedCache<ReadValue<T>>,
): ObjectReader<T> {
  const state: State<T> = { resource, parts, memory, flights: new Map(), traffic: new Map(), started: 0 };
  return {
    read(namespace, name, lookup) {
      const tenant = namespace ?? name;
      if (!isValidName(name) || !isValidName(tenant)) return { state: 'no' };
      const key = namespace === undefined ? name : `${namespace}/${name}`;
      const remembered = lookup.refresh === true ? undefined : memory?.get(key);
      if (remembered !== undefined) return remembered.fact;
      const object = { namespace, name, key, tenant };
      return hasRoom(state, object) ? join(state, object, lookup) : TOO_MANY;
    },
  };
}

/** Who fills the share of a namespace could otherwise choose this result. */
const TOO_MANY = {
  state: 'unknown',
  reason: 'too many requests to the API server wait for this namespace',
  causedBy: 'author',
} as const;

interface ObjectName {
  readonly namespace: string | undefined;
  readonly name: string;
  readonly key: string;
  /** Whose share of the requests is used. */
  readonly tenant: string;
}

/** A request that began before this lookup can have missed an object that was created meanwhile. */
async function join<T>(state: State<T>, object: ObjectName, { signal, refresh }: ObjectLookup): Promise<Fact<T>> {
  const startedBefore = state.started;
  const completedBefore = completedOf(state, object);
  const isShareUsed = (): boolean => completedOf(state, object) - completedBefore >= OWN_REQUESTS;
  for (;;) {
    const flight = state.flights.get(object.key) ?? takeOff(state, object, signal);
    flight.signals.push(signal);
    const fact = await untilAborted(flight.result, signal).catch((error: unknown) => {
      // A slow API server completes few requests, so it is not mistaken for a full share.
      if (signal.aborted && flight.number === undefined && isShareUsed()) return TOO_MANY;
      throw error;
    });
    if (flight.number === undefined || flight.number > startedBefore) return fact;
    if (fact.state === 'yes' && refresh !== true) return asRemembered(fact);
  }
}

function completedOf<T>({ traffic }: State<T>, { tenant }: ObjectName): number {
  return traffic.get(tenant)?.completed ?? 0;
}

function takeOff<T>(state: State<T>, object: ObjectName, review: AbortSignal): Flight<T> {
  const { flights, traffic } = state;
  const ofTenant = traffic.get(object.tenant) ?? { pending: 0, completed: 0 };
  traffic.set(object.tenant, ofTenant);
  ofTenant.pending += 1;
  const result = inTurn(state, object, {
    review,
    isWanted: () => signals.some((signal) => !signal.aborted),
    start: () => {
      flight.number = state.started += 1;
    },
  }).finally(() => {
    flights.delete(object.key);
    ofTenant.pending -= 1;
    if (ofTenant.pending === 0) traffic.delete(object.tenant);
  });
  const signals: AbortSignal[] = [];
  const flight: Flight<T> = { number: undefined, result, signals };
  flights.set(object.key, flight);
  return flight;
}

function hasRoom<T>({ flights, traffic, parts }: State<T>, { key, tenant }: ObjectName): boolean {
  return flights.has(key) || (traffic.get(tenant)?.pending ?? 0) < parts.maxPending;
}

interface Turn {
  /** Reviews of one namespace take turns. */
  readonly review: object;
  readonly isWanted: () => boolean;
  readonly start: () => void;
}

/** Waits for a place, and requests the object. */
async function inTurn<T>(state: State<T>, object: ObjectName, { review, isWanted, start }: Turn): Promise<Fact<T>> {
  const evicted = new AbortController();
  const bid = { tenant: object.tenant, review, group: state.resource.plural, tier: 0 };
  const place = state.parts.queue.enter({ bids: [bid], isWanted, evict: () => evicted.abort() });
  try {
    // Only a namespace that waits for more than all others finds no room.
    if ((await place.entered) !== 'entered') return TOO_MANY;
    start();
    const fact = await fetchFact(state, object, evicted.signal);
    const traffic = state.traffic.get(object.tenant);
    if (traffic !== undefined) traffic.completed += 1;
    return fact;
  } finally {
    place.leave();
  }
}

async function fetchFact<T>(state: State<T>, object: ObjectName, evicted: AbortSignal): Promise<Fact<T>> {
  const { resource, parts, memory } = state;
  const { namespace, name, key } = object;
  memory?.delete(key);
  try {
    const found = await parts.api.request(
      { path: pathOf(resource.plural, object), timeoutMs: parts.timeoutMs ?? TIMEOUT_MS },
      evicted,
    );
    if (!isNamed(found, object)) throw new UnexpectedObject('the API server returned another object');
    const { fact, weight } = resource.valueOf(found, name);
    parts.count(resource.plural, 'found');
    if (weight > 0) memory?.set(key, { fact: asRemembered(fact), weight }, REMEMBERED_MS, namespace);
    return fact;
  } catch (error) {
    if (isNotFound(error)) {
      parts.count(resource.plural, 'notFound');
      return { state: 'no' };
    }
    throw outageOf(state, object, error);
  }
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

function outageOf<T>({ resource, parts }: State<T>, { namespace, key, tenant }: ObjectName, error: unknown): Outage {
  const { plural, kind } = resource;
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

function asRemembered<T>(fact: Fact<T>): Fact<T> {
  return fact.state === 'yes' ? { ...fact, isRemembered: true } : fact;
}

/** The API server has no objects with other names (apimachinery pkg/util/validation, IsDNS1123Subdomain). */
const NAME = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/;
const MAX_NAME = 253;

function isValidName(name: string): boolean {
  return name.length <= MAX_NAME && NAME.test(name);
}
