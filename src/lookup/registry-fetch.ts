/** Fetches one image with one credential from the shared cache or the registry, and caches the outcome. */
import type { Requester, ImageLookup } from '../admission/context.ts';
import type { ImageReference } from '../image/reference.ts';
import type { RegistryFailure } from '../policy/registry-fact.ts';
import { isCredentialFailure, isOutage } from '../registry/causes.ts';
import type { Target } from '../registry/client.ts';
import type { FairQueue } from '../registry/fair-queue.ts';
import type { Bid } from '../registry/fair-share.ts';
import type { Waiter, Waiters } from '../registry/lasting-flights.ts';
import type { Attempt } from './attempts.ts';
import type { Circuit, RegistryCaller } from './circuit.ts';
import { withoutLabel } from './label-slots.ts';
import { type ImageKey, type ImageKeyOf, shownRegistry } from './image-key.ts';
import { lateError, notContacted } from './not-contacted.ts';
import type { QueueTiers } from './queue-tiers.ts';
import { type RequestEnd, withinLimit } from './request-limit.ts';
import type { CacheEntry, ResponseCache } from './response-cache.ts';

export type Outcome<T> =
  | { readonly state: 'found'; readonly entry: CacheEntry<T> }
  | { readonly state: 'failed'; readonly failure: RegistryFailure };

export interface LookupRequest extends Pick<ImageLookup, 'reference' | 'by' | 'refresh' | 'requester'> {}

/** Values that other replicas have fetched. A failure of this cache is a miss. */
export interface SharedValues<T> {
  get(key: ImageKey, attempt: Attempt): Promise<SharedValue<T> | undefined>;
  set(key: ImageKey, attempt: Attempt, value: SharedValue<T>): void;
  /** Removes what was fetched before that time, because the registry has revoked it. */
  delete(key: ImageKey, attempt: Attempt, fetchedBeforeMs: number): void;
}

export interface SharedValue<T> {
  readonly value: T;
  /** When the registry returned it: Unix time in milliseconds. */
  readonly atMs: number;
}

export interface LookupParts<T> {
  readonly cache: ResponseCache<T>;
  readonly circuit: Circuit;
  readonly queue: FairQueue;
  readonly tiers: QueueTiers;
  readonly isNamed: (reference: ImageReference) => boolean;
  readonly keyOf: ImageKeyOf;
  readonly shared: SharedValues<T> | undefined;
  readonly request: (target: Target, signal: AbortSignal) => Promise<T>;
  /** Milliseconds for which a value is used without another request. */
  readonly freshMs: (key: ImageKey) => number;
  /** The limit for one request, which is longer than the deadlines of its callers. */
  readonly limitMs: number;
  readonly now: () => number;
}

export interface LookupWaiter extends Waiter {
  readonly requester: Requester | undefined;
}

/** `unwanted`: all callers gave up before there was an outcome. */
export type FetchOutcome<T> = Outcome<T> | 'unwanted';

/** One fetch for all its callers. */
export interface Fetch {
  readonly request: LookupRequest;
  readonly key: ImageKey;
  readonly attempt: Attempt;
  readonly waiters: Waiters<LookupWaiter>;
  /** Aborts when other callers need the place in the queue. */
  readonly evicted: AbortController;
}

/** Waits for a place in the queue. */
export async function fetchEntry<T>(parts: LookupParts<T>, fetch: Fetch): Promise<FetchOutcome<T>> {
  const { tiers, queue } = parts;
  const { request, key, waiters, evicted } = fetch;
  const shared = request.refresh === true ? undefined : await fromSharedCache(parts, fetch);
  if (shared !== undefined) return shared;
  const isNamed = parts.isNamed(request.reference);
  const bidOf = ({ requester }: LookupWaiter): Bid => tiers.bid(key.registry, requester, isNamed);
  const evict = (): void => evicted.abort();
  const place = queue.enter({ bids: waiters.members.map(bidOf), isWanted: waiters.isWanted, evict });
  waiters.joined = (waiter) => place.join(bidOf(waiter));
  try {
    const how = await place.entered;
    if (how === 'full') return failed(notContacted(request.reference, how));
    return how === 'unwanted' ? how : await fromRegistry(parts, fetch);
  } finally {
    place.leave();
  }
}

async function fromSharedCache<T>(parts: LookupParts<T>, fetch: Fetch): Promise<Outcome<T> | undefined> {
  const shared = await parts.shared?.get(fetch.key, fetch.attempt);
  if (shared === undefined) return undefined;
  const entry = remember(parts, fetch, shared);
  return entry.freshUntilMs > parts.now() ? { state: 'found', entry } : undefined;
}

async function fromRegistry<T>(parts: LookupParts<T>, fetch: Fetch): Promise<FetchOutcome<T>> {
  const { circuit, tiers, now } = parts;
  const { request, key, attempt } = fetch;
  // The circuit can open while the fetch waits for its place.
  const open = openForAll(callersOf(fetch), circuit);
  if (open !== undefined) return failed(open);
  const end = await requestWithin(parts, fetch);
  if (end.how === 'error') return fail(parts, fetch, { ...end, error: withoutLabel(end.error, attempt) });
  for (const caller of callersOf(fetch)) circuit.end(caller, 'answer');
  const value = { value: end.value, atMs: now() };
  tiers.responded(key.registry, tenantOf(request));
  parts.shared?.set(key, attempt, value);
  return { state: 'found', entry: remember(parts, fetch, value) };
}

async function requestWithin<T>(parts: LookupParts<T>, fetch: Fetch): Promise<RequestEnd<T>> {
  const { circuit, limitMs } = parts;
  const { request, attempt, waiters, evicted } = fetch;
  const { reference, by } = request;
  for (const caller of callersOf(fetch)) circuit.begin(caller);
  const target = { reference, by, credential: attempt.credential, tenant: tenantOf(request) };
  const limits = { limitMs, isWanted: waiters.isWanted, evicted: evicted.signal, late: () => lateError(reference) };
  try {
    return await withinLimit((signal) => parts.request(target, signal), limits);
  } catch (error) {
    for (const caller of callersOf(fetch)) circuit.end(caller, 'nothing');
    throw error;
  }
}

type RequestError = Extract<RequestEnd<unknown>, { readonly how: 'error' }>;

function fail<T>(parts: LookupParts<T>, fetch: Fetch, { error, by }: RequestError): FetchOutcome<T> {
  const { cache, circuit, tiers, shared, freshMs, now } = parts;
  const { request, key, attempt } = fetch;
  const { failure } = error;
  // A request that was ended for other callers says nothing about the registry.
  for (const caller of callersOf(fetch)) circuit.end(caller, by === 'others' ? 'nothing' : error);
  if (isCredentialFailure(failure)) tiers.responded(key.registry, tenantOf(request));
  else if (isOutage(failure) || by === 'others') tiers.failed(key.registry);
  if (by === 'unwanted') return 'unwanted';
  if (by === 'others') return failed(notContacted(request.reference, 'evicted'));
  cache.setFailure(cacheKey(key, attempt), failure, tenantOf(request));
  if (isCredentialFailure(failure)) shared?.delete(key, attempt, now() - freshMs(key));
  return failed(failure);
}

function remember<T>(
  { cache, freshMs }: LookupParts<T>,
  { key, attempt, request }: Fetch,
  { value, atMs }: SharedValue<T>,
): CacheEntry<T> {
  const entry: CacheEntry<T> = { value, atMs, freshUntilMs: atMs + freshMs(key) };
  cache.set(cacheKey(key, attempt), entry, tenantOf(request));
  return entry;
}

/** One caller for each namespace that waits. */
function callersOf(fetch: Fetch): readonly RegistryCaller[] {
  const byTenant = new Map(fetch.waiters.members.map(({ requester }) => [tenantOf({ requester }), requester]));
  return [...byTenant.values()].map((requester) => callerOf(fetch, requester));
}

function openForAll(callers: readonly RegistryCaller[], circuit: Circuit): RegistryFailure | undefined {
  const failures = callers.map((caller) => circuit.closedTo(caller));
  return failures.includes(undefined) ? undefined : failures[0];
}

export function tenantOf({ requester }: Pick<LookupRequest, 'requester'>): string {
  return requester?.namespace ?? '';
}

export function callerOf(
  { request: { reference }, key: { registry }, attempt: { identity } }: Pick<Fetch, 'request' | 'key' | 'attempt'>,
  requester: Requester | undefined,
): RegistryCaller {
  const name = shownRegistry(reference);
  return { registry, name, repository: reference.path, identity, tenant: tenantOf({ requester }) };
}

export function cacheKey({ text }: ImageKey, { identity }: Attempt): string {
  return `${text}\n${identity}`;
}

export function failed(failure: RegistryFailure): Outcome<never> {
  return { state: 'failed', failure };
}
