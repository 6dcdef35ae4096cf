/**
 * What is known of host names: asked once for all who want it at the same time, and remembered for a moment. The addresses
 * are only a memory; whether one may be connected to is asked where it is connected to (connector.ts).
 */
import type { LookupAddress } from 'node:dns';
import { boundedCache } from './bounded-cache.ts';
import { Crowded } from './overload.ts';
import { createFairQueue } from './fair-queue.ts';
import { type Bid, type QueueLimits, UNLIMITED } from './fair-share.ts';
import { untilAborted } from './until-aborted.ts';
import { type Waiters, createLastingFlights, type Waiter } from './lasting-flights.ts';

export interface Resolved {
  readonly addresses: readonly LookupAddress[];
  readonly ttlMs: number;
}

/** All addresses of a host name. Rejects with a NameTrouble, and with nothing else but a bug. */
export type Resolve = (host: string) => Promise<Resolved>;

/** No address, and why: `absent`: there is none. `silent`: DNS gave no answer. `broken`: it gave one that says nothing. */
export class NameTrouble extends Error {
  override readonly name = 'NameTrouble';
  /** Of c-ares or of the C library: `ENOTFOUND`, `ESERVFAIL`, `EAI_AGAIN`. */
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

export interface Names {
  /** Rejects with a NameTrouble, also when the signal comes first, or with a Crowded. */
  addressesOf(host: string, asker: NameAsker): Promise<readonly LookupAddress[]>;
  /** What was said last, where that is not long ago. */
  recent(host: string): readonly LookupAddress[] | undefined;
}

export interface NameAsker {
  /** In whose share of the memory the name counts. */
  readonly tenant: string;
  readonly signal: AbortSignal;
}

const TOO_MANY = 'was not looked up in DNS: too many other names are being looked up';
const MAX_NAMES = 5000;
const MIN_TTL_MS = 1000;
/** Longer than that nobody wants to wait for a registry that has moved. */
const MAX_TTL_MS = 60_000;
const ABSENT_MS = 5000;
const TROUBLE_MS = 1000;
/** RFC 8767: while DNS is in trouble, the last answer is better than none. Never when it says that there is no such name. */
const MAX_STALE_MS = 600_000;

/** Names that are looked up at the same time: two queries each, in one burst of packets. Those that were known before come first. */
export const NAME_LIMITS: QueueLimits = {
  tiers: [96, 64],
  waiting: 4000,
  perTenant: { running: 24, waiting: 1000 },
  perReview: UNLIMITED,
  perGroup: UNLIMITED,
  patienceMs: 1000,
};

interface Member extends Waiter, NameAsker {}

interface Remembered {
  readonly addresses: readonly LookupAddress[];
  readonly freshUntilMs: number;
  readonly staleUntilMs: number;
}

export function createNames(resolve: Resolve, now: () => number): Names {
  const found = boundedCache<Remembered>(MAX_NAMES, now);
  // Apart, so that names without an address push out nothing.
  const troubles = boundedCache<NameTrouble>(MAX_NAMES, now);
  const flights = createLastingFlights<readonly LookupAddress[], Member>();
  const queue = createFairQueue(NAME_LIMITS);

  function remember(host: string, tenant: string, { addresses, ttlMs }: Resolved): void {
    const freshUntilMs = now() + Math.min(Math.max(ttlMs, MIN_TTL_MS), MAX_TTL_MS);
    found.set(host, { addresses, freshUntilMs, staleUntilMs: now() + MAX_STALE_MS }, MAX_STALE_MS, tenant);
  }

  /** What is left when DNS did not help. */
  function instead(host: string, tenant: string, trouble: NameTrouble): readonly LookupAddress[] {
    const before = found.get(host);
    if (trouble.kind === 'absent') found.delete(host);
    else if (before !== undefined) {
      found.set(host, { ...before, freshUntilMs: now() + TROUBLE_MS }, before.staleUntilMs - now(), tenant);
      return before.addresses;
    }
    troubles.set(host, trouble, trouble.kind === 'absent' ? ABSENT_MS : TROUBLE_MS, tenant);
    throw trouble;
  }

  async function ask(host: string, tenant: string): Promise<readonly LookupAddress[]> {
    try {
      const resolved = await resolve(host);
      remember(host, tenant, resolved);
      return resolved.addresses;
    } catch (error) {
      if (!(error instanceof NameTrouble)) throw error;
      return instead(host, tenant, error);
    }
  }

  async function inTurn(host: string, waiters: Waiters<Member>): Promise<readonly LookupAddress[]> {
    const tier = found.get(host) === undefined ? 1 : 0;
    const bidOf = ({ tenant }: Member): Bid => ({ tenant, review: waiters, group: host, tier });
    // A query that is slow goes on without a place, which is for the burst of packets, and ends by itself.
    const evict = (): void => place.leave();
    const place = queue.enter({ bids: waiters.members.map(bidOf), isWanted: waiters.isWanted, evict });
    waiters.joined = (member) => place.join(bidOf(member));
    try {
      if ((await place.entered) !== 'entered') throw new Crowded(TOO_MANY);
      return await ask(host, waiters.members[0]?.tenant ?? '');
    } finally {
      place.leave();
    }
  }

  return {
    recent: (host) => found.get(host.toLowerCase())?.addresses,
    async addressesOf(host, { tenant, signal }) {
      const name = host.toLowerCase();
      const known = found.get(name);
      if (known !== undefined && known.freshUntilMs > now()) return known.addresses;
      const trouble = troubles.get(name);
      if (trouble !== undefined) throw trouble;
      try {
        return await untilAborted(
          flights.join(name, { tenant, signal }, (waiters) => inTurn(name, waiters)),
          signal,
        );
      } catch (error) {
        if (error instanceof NameTrouble || error instanceof Crowded || !signal.aborted) throw error;
        throw new NameTrouble('ETIMEOUT', { cause: error });
      }
    },
  };
}
