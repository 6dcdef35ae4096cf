/**
 * Resolves one image with one credential, from the local cache, the shared cache, or the registry. Concurrent callers share
 * one request.
 */
import { createLastingFlights, type Flights } from '../registry/lasting-flights.ts';
import type { Attempt } from './attempts.ts';
import { withLabel } from './label-slots.ts';
import { notContacted } from './not-contacted.ts';
import {
  cacheKey,
  callerOf,
  failed,
  fetchEntry,
  type FetchOutcome,
  type LookupParts,
  type LookupRequest,
  type LookupWaiter,
  type Outcome,
} from './registry-fetch.ts';
import type { CacheEntry } from './response-cache.ts';

export interface Lookup<T> {
  /** The outcome, if it is known without a request. */
  cached(request: LookupRequest, attempt: Attempt): Outcome<T> | undefined;
  /** The last value of the registry, if it is not older than that. */
  stale(request: LookupRequest, attempt: Attempt, maxAgeMs: number): CacheEntry<T> | undefined;
  /** Rejects only on a bug. The fetch goes on if `signal` aborts, as its outcome is cached. */
  fetch(request: LookupRequest, attempt: Attempt, signal: AbortSignal): Promise<Outcome<T>>;
}

/** The Pods and replicas of a restart come together. Within this time a refresh uses the value of the first one. */
const REFRESH_MS = 2000;
/** Fetches of other callers that a caller joins before it starts its own. */
const MAX_JOINED = 3;

export function createLookup<T>(parts: LookupParts<T>): Lookup<T> {
  const flights = createLastingFlights<FetchOutcome<T>, LookupWaiter>();
  return {
    cached: (request, attempt) => cachedOutcome(parts, request, attempt),
    stale: ({ reference, by }, attempt, maxAgeMs) =>
      parts.cache.stale(cacheKey(parts.keyOf(reference, by), attempt), maxAgeMs),
    fetch: (request, attempt, signal) => joinFetch(parts, flights, { request, attempt, signal }),
  };
}

function cachedOutcome<T>(
  { cache, circuit, keyOf, now }: LookupParts<T>,
  request: LookupRequest,
  attempt: Attempt,
): Outcome<T> | undefined {
  const key = keyOf(request.reference, request.by);
  const text = cacheKey(key, attempt);
  const entry = cache.fresh(text);
  if (entry !== undefined && (request.refresh !== true || now() - entry.atMs < REFRESH_MS))
    return { state: 'found', entry };
  const failure = cache.failure(text) ?? circuit.closedTo(callerOf({ request, key, attempt }, request.requester));
  return failure === undefined ? undefined : failed(withLabel(failure, attempt));
}

interface Caller {
  readonly request: LookupRequest;
  readonly attempt: Attempt;
  readonly signal: AbortSignal;
}

async function joinFetch<T>(
  parts: LookupParts<T>,
  flights: Flights<FetchOutcome<T>, LookupWaiter>,
  { request, attempt, signal }: Caller,
): Promise<Outcome<T>> {
  const key = parts.keyOf(request.reference, request.by);
  const waiter = { signal, requester: request.requester };
  for (let joined = 0; ; joined += 1) {
    let isOwn = false;
    const outcome = await flights.join(cacheKey(key, attempt), waiter, (waiters) => {
      isOwn = true;
      return fetchEntry(parts, { request, key, attempt, waiters, evicted: new AbortController() });
    });
    // The deadlines and the queue of earlier callers decide nothing for this one.
    const isOthers = outcome === 'unwanted' || (!isOwn && joined < MAX_JOINED && isCrowded(outcome));
    if (isOthers && !signal.aborted) continue;
    if (outcome === 'unwanted') return failed(notContacted(request.reference, outcome));
    return outcome.state === 'failed' ? failed(withLabel(outcome.failure, attempt)) : outcome;
  }
}

function isCrowded(outcome: Outcome<unknown>): boolean {
  return outcome.state === 'failed' && outcome.failure.cause === 'tooMany';
}
