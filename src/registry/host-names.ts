/**
 * Resolves host names and caches their addresses for a short time. Concurrent callers share one lookup. Addresses are not checked
 * here: connector.ts checks each address when it connects.
 */
import type { LookupAddress } from 'node:dns';
import { type BoundedCache, boundedCache } from './bounded-cache.ts';
import { OverloadError } from './congestion.ts';
import { createFairQueue, type FairQueue } from './fair-queue.ts';
import { type Bid, type QueueLimits, UNLIMITED } from './fair-share.ts';
import { untilAborted } from './until-aborted.ts';
import { type Waiters, createLastingFlights, type Waiter } from './lasting-flights.ts';

export interface Resolved {
  readonly addresses: readonly LookupAddress[];
  readonly ttlMs: number;
}

/** Resolves all addresses of a host name. Rejects only with a DnsError, or on a bug. */
export type Resolve = (host: string) => Promise<Resolved>;

/** A host name without an address. `absent`: it does not exist. `silent`: DNS did not respond. `broken`: DNS returned an error. */
export class DnsError extends Error {
  override readonly name = 'DnsError';
  /** From c-ares or the C library: `ENOTFOUND`, `ESERVFAIL`, `EAI_AGAIN`. */
  readonly code: string;
  readonly kind: 'absent' | 'silent' | 'broken';

  constructor(code: string, options?: ErrorOptions) {
    super(`DNS: ${code}`, options);
    this.code = code;
    this.kind = ABSENT.has(code) ? 'absent' : SILENT.has(code) ? 'silent' : 'broken';
  }
}

const ABSENT: ReadonlySet<string> = new Set(['ENOTFOUND', 'ENODATA', 'EBADNAME', 'EAI_NONAME', 'EAI_NODATA']);
const SILENT: ReadonlySet<string> = new Set(['ETIMEOUT', 'ECONNREFUSED', 'ECANCELLED', 'EAI_AGAIN']);

export interface HostNames {
  /** Rejects with a DnsError, also if the signal aborts first, or with an OverloadError. */
  addressesOf(host: string, caller: NameCaller): Promise<readonly LookupAddress[]>;
  /** The last addresses, if they are still cached. */
  recent(host: string): readonly LookupAddress[] | undefined;
}

export interface NameCaller {
  /** The namespace whose share of the cache the name uses. */
  readonly tenant: string;
  readonly signal: AbortSignal;
}

const TOO_MANY = 'was not resolved: too many DNS lookups are in progress';
const MAX_NAMES = 5000;
const MIN_TTL_MS = 1000;
/** Bounds the time until a registry that has moved is reached again. */
const MAX_TTL_MS = 60_000;
const ABSENT_MS = 5000;
const OUTAGE_MS = 1000;
/** RFC 8767: during an outage of DNS, stale addresses are used, but not if DNS reports that the name does not exist. */
const MAX_STALE_MS = 600_000;

/** Limits for concurrent lookups, which send two queries each in one burst of packets. Names that were resolved before come first. */
export const NAME_LIMITS: QueueLimits = {
  tiers: [96, 64],
  waiting: 4000,
  perTenant: { running: 24, waiting: 1000 },
  perReview: UNLIMITED,
  perGroup: UNLIMITED,
  patienceMs: 1000,
};

interface NameWaiter extends Waiter, NameCaller {}

interface KnownName {
  readonly addresses: readonly LookupAddress[];
  readonly freshUntilMs: number;
  readonly staleUntilMs: number;
}

interface NamesState {
  readonly resolve: Resolve;
  readonly now: () => number;
  readonly known: BoundedCache<KnownName>;
  /** A cache of its own, so that names without an address displace no names with one. */
  readonly failures: BoundedCache<DnsError>;
  readonly queue: FairQueue;
}

export function createHostNames(resolve: Resolve, now: () => number): HostNames {
  const flights = createLastingFlights<readonly LookupAddress[], NameWaiter>();
  const names: NamesState = {
    resolve,
    now,
    known: boundedCache(MAX_NAMES, now),
    failures: boundedCache(MAX_NAMES, now),
    queue: createFairQueue(NAME_LIMITS),
  };
  return {
    recent: (host) => names.known.get(host.toLowerCase())?.addresses,
    async addressesOf(host, { tenant, signal }) {
      const name = host.toLowerCase();
      const known = names.known.get(name);
      if (known !== undefined && known.freshUntilMs > now()) return known.addresses;
      const failure = names.failures.get(name);
      if (failure !== undefined) throw failure;
      try {
        const work = flights.join(name, { tenant, signal }, (waiters) => lookUpInTurn(names, name, waiters));
        return await untilAborted(work, signal);
      } catch (error) {
        if (error instanceof DnsError || error instanceof OverloadError || !signal.aborted) throw error;
        throw new DnsError('ETIMEOUT', { cause: error });
      }
    },
  };
}

async function lookUpInTurn(
  names: NamesState,
  host: string,
  waiters: Waiters<NameWaiter>,
): Promise<readonly LookupAddress[]> {
  const tier = names.known.get(host) === undefined ? 1 : 0;
  const bidOf = ({ tenant }: NameWaiter): Bid => ({ tenant, review: waiters, group: host, tier });
  // The place limits the burst of packets, so a slow query goes on without it.
  const evict = (): void => place.leave();
  const place = names.queue.enter({ bids: waiters.members.map(bidOf), isWanted: waiters.isWanted, evict });
  waiters.joined = (waiter) => place.join(bidOf(waiter));
  try {
    if ((await place.entered) !== 'entered') throw new OverloadError(TOO_MANY);
    return await lookUp(names, host, waiters.members[0]?.tenant ?? '');
  } finally {
    place.leave();
  }
}

async function lookUp(names: NamesState, host: string, tenant: string): Promise<readonly LookupAddress[]> {
  const { resolve, known, now } = names;
  try {
    const { addresses, ttlMs } = await resolve(host);
    const freshUntilMs = now() + Math.min(Math.max(ttlMs, MIN_TTL_MS), MAX_TTL_MS);
    known.set(host, { addresses, freshUntilMs, staleUntilMs: now() + MAX_STALE_MS }, MAX_STALE_MS, tenant);
    return addresses;
  } catch (error) {
    if (!(error instanceof DnsError)) throw error;
    return staleAddresses(names, { host, tenant, failure: error });
  }
}

interface FailedName {
  readonly host: string;
  readonly tenant: string;
  readonly failure: DnsError;
}

/** The last addresses, during an outage of DNS; throws the failure if there are none. */
function staleAddresses(
  { known, failures, now }: NamesState,
  { host, tenant, failure }: FailedName,
): readonly LookupAddress[] {
  const before = known.get(host);
  if (failure.kind === 'absent') known.delete(host);
  else if (before !== undefined) {
    known.set(host, { ...before, freshUntilMs: now() + OUTAGE_MS }, before.staleUntilMs - now(), tenant);
    return before.addresses;
  }
  failures.set(host, failure, failure.kind === 'absent' ? ABSENT_MS : OUTAGE_MS, tenant);
  throw failure;
}
