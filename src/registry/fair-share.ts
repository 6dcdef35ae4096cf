/** Who holds how many of the places, and whether there is one more. */

/** One who wants a place. */
export interface Bid {
  /** The namespace. */
  readonly tenant: string;
  /** The same object for all that one review wants. */
  readonly review: object;
  /** What the place is for: a registry. */
  readonly group: string;
  /** Served before those of a larger one, and with more places: an index into `QueueLimits.tiers`. */
  readonly tier: number;
}

export interface Claim {
  /** All who want the same; there is one place for all of them. */
  readonly bids: readonly Bid[];
  readonly isWanted: () => boolean;
  /** Others need the place: end what it is used for, and leave. */
  readonly evict: () => void;
}

export interface Share {
  readonly running: number;
  readonly waiting: number;
}

export interface QueueLimits {
  /** Places that a tier has together with those behind it. */
  readonly tiers: readonly number[];
  readonly waiting: number;
  readonly perTenant: Share;
  readonly perReview: Share;
  readonly perGroup: Share;
  /** A place that is held for longer may be given to a tenant that holds fewer. */
  readonly patienceMs: number;
}

export const UNLIMITED: Share = { running: Infinity, waiting: Infinity };
/** Nobody has to give back a place. */
export const NO_EVICTION_MS = 3_600_000;

export interface Ticket {
  /** Grows while others join. */
  readonly bids: Bid[];
  readonly isWanted: () => boolean;
  readonly giveUp: () => void;
  readonly tell: (how: 'entered' | 'full' | 'unwanted') => void;
  sinceMs: number;
  /** It was told to give its place back. */
  isLeaving: boolean;
}

export type Block = 'tier' | 'tenant' | 'review' | 'group';

/** Those of a tenant who wait, all or for one group. */
export interface Crowd {
  readonly tenant: string;
  readonly group: string | undefined;
}

interface Count {
  running: number;
  waiting: number;
}

export interface Headcount {
  /** How many there are. */
  readonly tiers: number;
  /** What a bid has no place for; `undefined`: it has one. */
  blockOf(bid: Bid): Block | undefined;
  /** Whether it may wait. */
  hasRoom(bid: Bid): boolean;
  /** Who waits with more than the tenant of a bid for which there is no room, in what is full; `undefined`: nobody, or its own share is. */
  mostWaiting(bid: Bid): Crowd | undefined;
  wait(bid: Bid, change: 1 | -1): void;
  arrive(ticket: Ticket, bid: Bid): void;
  /** False when it held none. */
  depart(ticket: Ticket): boolean;
  runningOf(tenant: string): number;
  /** Of those that hold what the bid waits for: one that nobody wants, else one from before that time, of whoever holds most. */
  slowest(bid: Bid, beforeMs: number): Ticket | undefined;
}

export function createHeadcount(limits: QueueLimits): Headcount {
  const tenants = new Map<string, Count>();
  const reviews = new Map<object, Count>();
  const groups = new Map<string, Count>();
  const tiers = limits.tiers.map(() => 0);
  const holders = new Map<Ticket, Bid>();
  /** By group, by tenant. */
  const waitingFor = new Map<string, Map<string, number>>();
  let waiting = 0;

  const runningIn = <K>(counts: ReadonlyMap<K, Count>, key: K): number => counts.get(key)?.running ?? 0;

  const waitingIn = <K>(counts: ReadonlyMap<K, Count>, key: K): number => counts.get(key)?.waiting ?? 0;
  const isOwnFull = ({ tenant, review }: Bid): boolean =>
    waitingIn(tenants, tenant) >= limits.perTenant.waiting || waitingIn(reviews, review) >= limits.perReview.waiting;

  function change(bid: Bid, of: keyof Count, by: 1 | -1): void {
    changeIn(tenants, bid.tenant, of, by);
    changeIn(reviews, bid.review, of, by);
    changeIn(groups, bid.group, of, by);
  }

  /** Those behind a tier count in it, too, so that they leave it its places. The last one that is full, or -1. */
  function fullTier({ tier }: Bid): number {
    let held = 0;
    let full = -1;
    for (let at = tiers.length - 1; at >= 0; at -= 1) {
      held += tiers[at] ?? 0;
      if (at <= tier && full < 0 && held >= (limits.tiers[at] ?? 0)) full = at;
    }
    return full;
  }

  function blockOf(bid: Bid): Block | undefined {
    if (fullTier(bid) >= 0) return 'tier';
    if (runningIn(tenants, bid.tenant) >= limits.perTenant.running) return 'tenant';
    if (runningIn(reviews, bid.review) >= limits.perReview.running) return 'review';
    return runningIn(groups, bid.group) >= limits.perGroup.running ? 'group' : undefined;
  }

  /** The places of which one would be enough. */
  function rivalsOf(bid: Bid): readonly Ticket[] {
    const block = blockOf(bid);
    if (block === 'group') return [...holders].flatMap(([ticket, { group }]) => (group === bid.group ? [ticket] : []));
    if (block !== 'tier') return [];
    const full = fullTier(bid);
    return [...holders].flatMap(([ticket, { tier }]) => (tier >= full ? [ticket] : []));
  }

  return {
    tiers: limits.tiers.length,
    blockOf,
    hasRoom: (bid) =>
      waiting < limits.waiting && !isOwnFull(bid) && waitingIn(groups, bid.group) < limits.perGroup.waiting,
    mostWaiting(bid) {
      const { tenant, group } = bid;
      if (isOwnFull(bid)) return undefined;
      const isGroupFull = waitingIn(groups, group) >= limits.perGroup.waiting;
      const counts = isGroupFull
        ? (waitingFor.get(group) ?? [])
        : [...tenants].map(([one, count]) => [one, count.waiting] as const);
      let most: readonly [string, number] = [tenant, 1 + (new Map(counts).get(tenant) ?? 0)];
      for (const one of counts) if (one[1] > most[1]) most = one;
      return most[0] === tenant ? undefined : { tenant: most[0], group: isGroupFull ? group : undefined };
    },
    wait(bid, by) {
      waiting += by;
      change(bid, 'waiting', by);
      const counts = waitingFor.get(bid.group) ?? new Map<string, number>();
      const count = (counts.get(bid.tenant) ?? 0) + by;
      if (count === 0) counts.delete(bid.tenant);
      else counts.set(bid.tenant, count);
      if (counts.size === 0) waitingFor.delete(bid.group);
      else waitingFor.set(bid.group, counts);
    },
    arrive(ticket, bid) {
      holders.set(ticket, bid);
      tiers[bid.tier] = (tiers[bid.tier] ?? 0) + 1;
      change(bid, 'running', 1);
    },
    depart(ticket) {
      const bid = holders.get(ticket);
      if (bid === undefined) return false;
      holders.delete(ticket);
      tiers[bid.tier] = (tiers[bid.tier] ?? 0) - 1;
      change(bid, 'running', -1);
      return true;
    },
    runningOf: (tenant) => runningIn(tenants, tenant),
    slowest: (bid, beforeMs) => slowestOf(rivalsOf(bid), bid.tenant, beforeMs),
  };
}

function changeIn<K>(counts: Map<K, Count>, key: K, of: keyof Count, by: 1 | -1): void {
  const count = counts.get(key) ?? { running: 0, waiting: 0 };
  count[of] += by;
  if (count.running === 0 && count.waiting === 0) counts.delete(key);
  else counts.set(key, count);
}

/** A place that several wait for is given up only when each of them holds more than the tenant that waits. */
function slowestOf(rivals: readonly Ticket[], tenant: string, beforeMs: number): Ticket | undefined {
  const staying = rivals.filter(({ isLeaving }) => !isLeaving);
  const unwanted = staying.find(({ isWanted }) => !isWanted());
  if (unwanted !== undefined) return unwanted;
  const stakes = stakesIn(staying);
  const stakeOf = (one: string): number => stakes.get(one) ?? 0;
  const slow = staying
    .filter(({ sinceMs }) => sinceMs <= beforeMs)
    .map((ticket) => ({ ticket, stake: Math.min(...ticket.bids.map((bid) => stakeOf(bid.tenant))) }))
    .filter(({ stake }) => stake > stakeOf(tenant));
  const most = Math.max(...slow.map(({ stake }) => stake));
  // They stand in the order in which they came.
  return slow.find(({ stake }) => stake === most)?.ticket;
}

/** How many places each tenant waits for an answer in. */
function stakesIn(tickets: readonly Ticket[]): ReadonlyMap<string, number> {
  const stakes = new Map<string, number>();
  for (const { bids } of tickets) {
    for (const tenant of new Set(bids.map((bid) => bid.tenant))) stakes.set(tenant, (stakes.get(tenant) ?? 0) + 1);
  }
  return stakes;
}
