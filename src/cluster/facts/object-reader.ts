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
  readonly count: (resource: string, result: RequestResult) => void;
  /** Of one request; by default, that of a review. */
  readonly timeoutMs?: number | undefined;
  /** Logs a detail that tenants do not see. undefined: a command, whose user sees all details. */
  readonly logDetail?: ((detail: string, namespace: string) => void) | undefined;
}

/** A review has 10 s by default, and needs most of them for registries. */
const TIMEOUT_MS = 2000;
const REMEMBERED_MS = 10_000;

/** Requests of one namespace that are under way or wait. More are not answered in the time of a review. */
const MAX_PENDING = 500;

/** A request that several reviews wait for. */
interface Flight<T> {
  readonly number: number;
  readonly result: Promise<Fact<T>>;
  readonly signals: AbortSignal[];
}

interface State<T> {
  readonly resource: Resource<T>;
  readonly parts: ReaderParts;
  readonly memory: BoundedCache<ReadValue<T>> | undefined;
  readonly flights: Map<string, Flight<T>>;
  /** The number of flights of each namespace. */
  readonly pending: Map<string, number>;
  /** The number of flights that have started. */
  started: number;
}

/** `memory` undefined: nothing is remembered. */
export function createObjectReader<T>(
  resource: Resource<T>,
  parts: ReaderParts,
  memory?: BoundedCache<ReadValue<T>>,
): ObjectReader<T> {
  const state: State<T> = { resource, parts, memory, flights: new Map(), pending: new Map(), started: 0 };
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

const TOO_MANY = { state: 'unknown', reason: 'too many requests to the API server wait for this namespace' } as const;

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
  for (;;) {
    const flight = state.flights.get(object.key) ?? takeOff(state, object);
    flight.signals.push(signal);
    const fact = await untilAborted(flight.result, signal);
    if (flight.number > startedBefore) return fact;
    if (fact.state === 'yes' && refresh !== true) return asRemembered(fact);
  }
}

function takeOff<T>(state: State<T>, object: ObjectName): Flight<T> {
  state.started += 1;
  const signals: AbortSignal[] = [];
  const isWanted = (): boolean => signals.some((signal) => !signal.aborted);
  changePending(state, object, 1);
  const result = inTurn(state, object, isWanted).finally(() => {
    state.flights.delete(object.key);
    changePending(state, object, -1);
  });
  const flight = { number: state.started, result, signals };
  state.flights.set(object.key, flight);
  return flight;
}

function hasRoom<T>({ flights, pending }: State<T>, { key, tenant }: ObjectName): boolean {
  return flights.has(key) || (pending.get(tenant) ?? 0) < MAX_PENDING;
}

function changePending<T>({ pending }: State<T>, { tenant }: ObjectName, change: 1 | -1): void {
  const count = (pending.get(tenant) ?? 0) + change;
  if (count === 0) pending.delete(tenant);
  else pending.set(tenant, count);
}

/** Waits for a place, and requests the object. */
async function inTurn<T>(state: State<T>, object: ObjectName, isWanted: () => boolean): Promise<Fact<T>> {
  const evicted = new AbortController();
  const bid = { tenant: object.tenant, review: evicted, group: state.resource.plural, tier: 0 };
  const place = state.parts.queue.enter({ bids: [bid], isWanted, evict: () => evicted.abort() });
  const shown = `${state.resource.kind} ${quoteValue(object.key)}`;
  try {
    if ((await place.entered) !== 'entered') throw new Outage(`${shown}: too many requests to the API server wait`);
    return await fetchFact(state, object, evicted.signal);
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
