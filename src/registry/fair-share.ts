/** Counts the places that tenants, reviews, and registries hold or wait for, and decides who gets the next one. */

/** A request for a place. */
export interface Bid {
  /** The namespace. */
  readonly tenant: string;
  /** One object for each review. */
  readonly review: object;
  /** The registry that the place is for. */
  readonly group: string;
  /** An index into `QueueLimits.tiers`. Lower tiers are served first and have more places. */
  readonly tier: number;
}

export interface Claim {
  /** The bids of all callers that want the same; one place serves all of them. */
  readonly bids: readonly Bid[];
  readonly isWanted: () => boolean;
  /** Called when others need the place: end the work, and call `leave`. */
  readonly evict: () => void;
}

export interface Share {
  readonly running: number;
  readonly waiting: number;
}

export interface QueueLimits {
  /** The places of each tier, including those of later tiers. */
  readonly tiers: readonly number[];
  readonly waiting: number;
  readonly perTenant: Share;
  readonly perReview: Share;
  readonly perGroup: Share;
  /** After this time, a place can be given to a tenant that holds fewer. */
  readonly patienceMs: number;
}

export const UNLIMITED: Share = { running: Infinity, waiting: Infinity };
/** Places are never taken back. */
export const NO_EVICTION_MS = 3_600_000;

export interface Ticket {
  /** Grows while callers join. */
  readonly bids: Bid[];
  readonly isWanted: () => boolean;
  readonly giveUp: () => void;
  readonly settle: (how: 'entered' | 'full' | 'unwanted') => void;
  sinceMs: number;
  /** True if the ticket must give back its place. */
  isLeaving: boolean;
}

export type Block = 'tier' | 'tenant' | 'review' | 'group';

/** The waiting bids of a tenant, all or for one group. */
export interface Crowd {
  readonly tenant: string;
  readonly group: string | undefined;
}

interface Count {
  running: number;
  waiting: number;
}

export interface Headcount {
  /** The number of tiers. */
  readonly tiers: number;
  /** The limit that leaves the bid no place; `undefined`: there is a place. */
  blockOf(bid: Bid): Block | undefined;
  /** Reports whether the bid can wait. */
  hasRoom(bid: Bid): boolean;
  /** The tenant with more waiting bids than that of `bid` within the full limit; `undefined` also if the own share is full. */
  mostWaiting(bid: Bid): Crowd | undefined;
  wait(bid: Bid, change: 1 | -1): void;
  arrive(ticket: Ticket, bid: Bid): void;
  /** False if the ticket had no place. */
  depart(ticket: Ticket): boolean;
  runningOf(tenant: string): number;
  /** A ticket that holds what the bid waits for: an unwanted one, or one from before that time, of the tenant that holds most. */
  slowest(bid: Bid, beforeMs: number): Ticket | undefined;
}

interface HeadcountState {
  readonly limits: QueueLimits;
  readonly tenants: Map<string, Count>;
  readonly reviews: Map<object, Count>;
  readonly groups: Map<string, Count>;
  /** Running bids by tier. */
  readonly tiers: number[];
  readonly holders: Map<Ticket, Bid>;
  /** Waiting bids by group and tenant. */
  readonly waitingFor: Map<string, Map<string, number>>;
  waiting: number;
}

export function createHeadcount(limits: QueueLimits): Headcount {
  const state: HeadcountState = {
    limits,
    tenants: new Map(),
    reviews: new Map(),
    groups: new Map(),
    tiers: limits.tiers.map(() => 0),
    holders: new Map(),
    waitingFor: new Map(),
    waiting: 0,
  };
  return {
    tiers: limits.tiers.length,
    blockOf: (bid) => blockOf(state, bid),
    hasRoom: (bid) => state.waiting < limits.waiting && !isOwnFull(state, bid) && !isGroupFull(state, bid),
    mostWaiting: (bid) => mostWaiting(state, bid),
    wait(bid, by) {
      state.waiting += by;
      change(state, bid, 'waiting', by);
      changeWaitingFor(state, bid, by);
    },
    arrive(ticket, bid) {
      state.holders.set(ticket, bid);
      state.tiers[bid.tier] = (state.tiers[bid.tier] ?? 0) + 1;
      change(state, bid, 'running', 1);
    },
    depart(ticket) {
      const bid = state.holders.get(ticket);
      if (bid === undefined) return false;
      state.holders.delete(ticket);
      state.tiers[bid.tier] = (state.tiers[bid.tier] ?? 0) - 1;
      change(state, bid, 'running', -1);
      return true;
    },
    runningOf: (tenant) => runningIn(state.tenants, tenant),
    slowest: (bid, beforeMs) => slowestOf(rivalsOf(state, bid), bid.tenant, beforeMs),
  };
}

function runningIn<K>(counts: ReadonlyMap<K, Count>, key: K): number {
  return counts.get(key)?.running ?? 0;
}

function waitingIn<K>(counts: ReadonlyMap<K, Count>, key: K): number {
  return counts.get(key)?.waiting ?? 0;
}

function isOwnFull({ tenants, reviews, limits }: HeadcountState, { tenant, review }: Bid): boolean {
  return (
    waitingIn(tenants, tenant) >= limits.perTenant.waiting || waitingIn(reviews, review) >= limits.perReview.waiting
  );
}

function isGroupFull({ groups, limits }: HeadcountState, { group }: Bid): boolean {
  return waitingIn(groups, group) >= limits.perGroup.waiting;
}

function change({ tenants, reviews, groups }: HeadcountState, bid: Bid, of: keyof Count, by: 1 | -1): void {
  changeIn(tenants, bid.tenant, of, by);
  changeIn(reviews, bid.review, of, by);
  changeIn(groups, bid.group, of, by);
}

/** The last full tier, or -1. Bids of later tiers count in each tier before them, so that they leave it its places. */
function fullTier({ tiers, limits }: HeadcountState, { tier }: Bid): number {
  let running = 0;
  let full = -1;
  for (let at = tiers.length - 1; at >= 0; at -= 1) {
    running += tiers[at] ?? 0;
    if (at <= tier && full < 0 && running >= (limits.tiers[at] ?? 0)) full = at;
  }
  return full;
}

function blockOf(state: HeadcountState, bid: Bid): Block | undefined {
  const { tenants, reviews, groups, limits } = state;
  if (fullTier(state, bid) >= 0) return 'tier';
  if (runningIn(tenants, bid.tenant) >= limits.perTenant.running) return 'tenant';
  if (runningIn(reviews, bid.review) >= limits.perReview.running) return 'review';
  return runningIn(groups, bid.group) >= limits.perGroup.running ? 'group' : undefined;
}

/** The holders of places of which the bid needs one. */
function rivalsOf(state: HeadcountState, bid: Bid): readonly Ticket[] {
  const { holders } = state;
  const block = blockOf(state, bid);
  if (block === 'group') return [...holders].flatMap(([ticket, { group }]) => (group === bid.group ? [ticket] : []));
  if (block !== 'tier') return [];
  const full = fullTier(state, bid);
  return [...holders].flatMap(([ticket, { tier }]) => (tier >= full ? [ticket] : []));
}

function mostWaiting(state: HeadcountState, bid: Bid): Crowd | undefined {
  const { tenant, group } = bid;
  if (isOwnFull(state, bid)) return undefined;
  const isInGroup = isGroupFull(state, bid);
  const counts = isInGroup
    ? (state.waitingFor.get(group) ?? [])
    : [...state.tenants].map(([one, count]) => [one, count.waiting] as const);
  let most: readonly [string, number] = [tenant, 1 + (new Map(counts).get(tenant) ?? 0)];
  for (const one of counts) if (one[1] > most[1]) most = one;
  return most[0] === tenant ? undefined : { tenant: most[0], group: isInGroup ? group : undefined };
}

function changeWaitingFor({ waitingFor }: HeadcountState, bid: Bid, by: 1 | -1): void {
  const counts = waitingFor.get(bid.group) ?? new Map<string, number>();
  const count = (counts.get(bid.tenant) ?? 0) + by;
  if (count === 0) counts.delete(bid.tenant);
  else counts.set(bid.tenant, count);
  if (counts.size === 0) waitingFor.delete(bid.group);
  else waitingFor.set(bid.group, counts);
}

function changeIn<K>(counts: Map<K, Count>, key: K, of: keyof Count, by: 1 | -1): void {
  const count = counts.get(key) ?? { running: 0, waiting: 0 };
  count[of] += by;
  if (count.running === 0 && count.waiting === 0) counts.delete(key);
  else counts.set(key, count);
}

/** A place with several callers is taken only if each caller's tenant holds more places than the tenant that waits. */
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
  // Tickets are in the order of their arrival.
  return slow.find(({ stake }) => stake === most)?.ticket;
}

/** The places that each tenant uses. */
function stakesIn(tickets: readonly Ticket[]): ReadonlyMap<string, number> {
  const stakes = new Map<string, number>();
  for (const { bids } of tickets) {
    for (const tenant of new Set(bids.map((bid) => bid.tenant))) stakes.set(tenant, (stakes.get(tenant) ?? 0) + 1);
  }
  return stakes;
}
