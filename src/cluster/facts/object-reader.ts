/**
 * Reads single objects of one resource as facts. A fact is remembered only if it has a weight, and for some seconds only;
 * a missing object is looked up by each review, because it may have been created a moment before.
 */
import { Crowded } from '../../admission/context.ts';
import type { MaybePromise } from '../../admission/maybe-promise.ts';
import { quoteValue } from '../../image/quote.ts';
import type { Fact } from '../../policy/fact.ts';
import { untilAborted } from '../../registry/until-aborted.ts';
import { asRemembered, type ObjectMemory } from './object-memory.ts';
import { inTurn, type Turn } from './turns.ts';
import {
  fetchObject,
  isOutage,
  isValidName,
  type ObjectName,
  type ReaderParts,
  type Resource,
} from './object-request.ts';

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
  readonly memory: ObjectMemory<T> | undefined;
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
  memory?: ObjectMemory<T>,
): ObjectReader<T> {
  const state: State<T> = { resource, parts, memory, flights: new Map(), traffic: new Map(), started: 0 };
  return {
    read(namespace, name, lookup) {
      const tenant = namespace ?? name;
      if (!isValidName(name) || !isValidName(tenant)) return { state: 'no' };
      const key = namespace === undefined ? name : `${namespace}/${name}`;
      const remembered = lookup.refresh === true ? undefined : memory?.recent(key);
      if (remembered !== undefined) return remembered;
      const object = { namespace, name, key, tenant };
      return hasRoom(state, object) ? joinOrRemember(state, object, lookup) : TOO_MANY;
    },
  };
}

/** Who fills the share of a namespace could otherwise choose this result. */
const TOO_MANY = {
  state: 'unknown',
  reason: 'too many requests to the API server wait for this namespace',
  causedBy: 'author',
} as const;

/** An object that was read some minutes ago counts in an outage. It never denies, because a denial repeats the lookup with `refresh`. */
async function joinOrRemember<T>(state: State<T>, object: ObjectName, lookup: ObjectLookup): Promise<Fact<T>> {
  try {
    return await join(state, object, lookup);
  } catch (error) {
    const fact = lookup.refresh !== true && isTemporary(error, lookup) ? oldFact(state, object) : undefined;
    if (fact === undefined) throw error;
    return fact;
  }
}

/** A flood of the author is not an outage. */
function isTemporary(error: unknown, { signal }: ObjectLookup): boolean {
  return signal.aborted ? !(signal.reason instanceof Crowded) : isOutage(error);
}

function oldFact<T>({ resource, parts, memory }: State<T>, { key, tenant }: ObjectName): Fact<T> | undefined {
  const { countOld, logDetail } = parts;
  const fact = countOld === undefined ? undefined : memory?.old(key);
  if (fact === undefined) return undefined;
  countOld?.(resource.plural);
  logDetail?.(
    `${resource.kind} ${quoteValue(key)}: used as it was read some minutes ago, because of an outage`,
    tenant,
  );
  return fact;
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
  const turn: Turn<Fact<T>> = {
    bid: { tenant: object.tenant, review, group: state.resource.plural, tier: 0 },
    isWanted: () => signals.some((signal) => !signal.aborted),
    request: (evicted) => {
      flight.number = state.started += 1;
      return fetchFact(state, { object, evicted });
    },
    giveWay: () => {
      flight.number = undefined;
    },
  };
  // Only a namespace that waits for more than all others finds no room.
  const result = inTurn(state.parts.queue, turn)
    .then((fact) => (fact === 'full' ? TOO_MANY : fact))
    .finally(() => {
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

async function fetchFact<T>(state: State<T>, { object, evicted }: Fetch): Promise<Fact<T>> {
  const { resource, parts, memory } = state;
  const { namespace, key } = object;
  try {
    const read = await fetchObject({ resource, parts, object }, evicted);
    memory?.replace(key, read, namespace);
    const traffic = state.traffic.get(object.tenant);
    if (traffic !== undefined) traffic.completed += 1;
    return read?.fact ?? { state: 'no' };
  } catch (error) {
    // A server that denies the access has also denied it to what is remembered.
    if (!isOutage(error)) memory?.replace(key, undefined, namespace);
    throw error;
  }
}

interface Fetch {
  readonly object: ObjectName;
  readonly evicted: AbortSignal;
}
