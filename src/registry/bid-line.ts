/** The line of bids that wait for a place. The tenant that holds the fewest places comes first; its reviews take turns. */
import type { Bid, Block, Crowd, Headcount, Ticket } from './fair-share.ts';

export interface Line {
  /** False if there is no room, and no tenant with more waiting bids. */
  add(ticket: Ticket, bid: Bid): boolean;
  has(ticket: Ticket): boolean;
  /** Removes the ticket with all its bids. */
  remove(ticket: Ticket): void;
  /** The next bid, if there is a place for it. */
  next(): WaitingBid | undefined;
  /** A tenant that has just lost a place comes after those that had none. */
  toEnd(tenant: string): void;
  /** Removes unwanted tickets. */
  sweep(): void;
  /** The first bids, some of each tenant. */
  first(): readonly Bid[];
  readonly size: number;
}

export interface WaitingBid {
  readonly ticket: Ticket;
  readonly bid: Bid;
}

/** By review, in the order in which they are served next. */
type Reviews = Map<object, Set<WaitingBid>>;
type Tenants = Map<string, Reviews>;

const MAX_FIRST = 64;
const MAX_OF_TENANT = 8;

interface LineState {
  readonly headcount: Headcount;
  readonly tiers: readonly Tenants[];
  readonly waiting: Map<Ticket, WaitingBid[]>;
}

export function createLine(headcount: Headcount): Line {
  const line: LineState = {
    headcount,
    tiers: Array.from({ length: headcount.tiers }, () => new Map()),
    waiting: new Map(),
  };
  return {
    add: (ticket, bid) => add(line, ticket, bid),
    has: (ticket) => line.waiting.has(ticket),
    remove: (ticket) => remove(line, ticket),
    next() {
      for (const tenants of line.tiers) {
        const found = nextOfTenants(line, tenants);
        if (found !== undefined) return found;
      }
      return undefined;
    },
    toEnd(tenant) {
      for (const tenants of line.tiers) moveToEnd(tenants, tenant);
    },
    sweep() {
      for (const ticket of line.waiting.keys()) if (!ticket.isWanted()) drop(line, ticket);
    },
    first: () => firstBids(line),
    get size() {
      return line.waiting.size;
    },
  };
}

function add(line: LineState, ticket: Ticket, bid: Bid): boolean {
  const { headcount, tiers, waiting } = line;
  while (!headcount.hasRoom(bid)) if (!turnAway(line, headcount.mostWaiting(bid), ticket)) return false;
  const reviews = getOrSet(tiers[bid.tier] ?? new Map<string, Reviews>(), bid.tenant, () => new Map());
  const one = { ticket, bid };
  getOrSet(reviews, bid.review, () => new Set<WaitingBid>()).add(one);
  getOrSet(waiting, ticket, () => []).push(one);
  headcount.wait(bid, 1);
  return true;
}

function remove(line: LineState, ticket: Ticket): void {
  for (const one of line.waiting.get(ticket) ?? []) removeBid(line, one);
  line.waiting.delete(ticket);
}

function removeBid({ headcount, tiers }: LineState, one: WaitingBid): void {
  const { tier, tenant, review } = one.bid;
  headcount.wait(one.bid, -1);
  const reviews = tiers[tier]?.get(tenant);
  const ofReview = reviews?.get(review);
  ofReview?.delete(one);
  if (ofReview?.size === 0) reviews?.delete(review);
  if (reviews?.size === 0) tiers[tier]?.delete(tenant);
}

/** Ends a ticket that all callers have given up. */
function drop(line: LineState, ticket: Ticket): void {
  remove(line, ticket);
  ticket.settle('unwanted');
}

/** Removes the last bid of the crowd that is not of `instead`; false if there is none. */
function turnAway(line: LineState, crowd: Crowd | undefined, instead: Ticket): boolean {
  if (crowd === undefined) return false;
  const last = line.tiers
    .flatMap((tenants) => [...(tenants.get(crowd.tenant)?.values() ?? [])])
    .flatMap((ofReview) => [...ofReview])
    .findLast(({ ticket, bid: { group } }) => ticket !== instead && (crowd.group ?? group) === group);
  if (last === undefined) return false;
  const { ticket } = last;
  removeBid(line, last);
  const others = line.waiting.get(ticket)?.filter((one) => one !== last) ?? [];
  if (others.length > 0) line.waiting.set(ticket, others);
  else {
    line.waiting.delete(ticket);
    ticket.settle('full');
  }
  return true;
}

function nextOfTenants(line: LineState, tenants: Tenants): WaitingBid | undefined {
  for (const [tenant, reviews] of byPlaces(line, tenants)) {
    const found = nextOfReviews(line, reviews);
    if (found === 'tier') return undefined;
    if (found === undefined || typeof found === 'string') continue;
    moveToEnd(tenants, tenant);
    return found;
  }
  return undefined;
}

function nextOfReviews(line: LineState, reviews: Reviews): WaitingBid | Block | undefined {
  for (const [review, waiting] of reviews) {
    const found = nextOf(line, waiting);
    if (found === undefined || found === 'review') continue;
    if (typeof found === 'string') return found;
    // The next bid of the review comes after those of other reviews.
    reviews.delete(review);
    reviews.set(review, waiting);
    return found;
  }
  return undefined;
}

/** A bid that has a place, or the limit that leaves none of them a place. */
function nextOf(line: LineState, waiting: ReadonlySet<WaitingBid>): WaitingBid | Block | undefined {
  for (const one of waiting) {
    const block = line.headcount.blockOf(one.bid);
    // Another bid of the same review can be for another registry.
    if (block === 'group') continue;
    if (block !== undefined) return block;
    if (one.ticket.isWanted()) return one;
    drop(line, one.ticket);
  }
  return undefined;
}

/** The tenants with the fewest places first. */
function byPlaces({ headcount }: LineState, tenants: Tenants): readonly (readonly [string, Reviews])[] {
  return [...tenants].sort(([one], [other]) => headcount.runningOf(one) - headcount.runningOf(other));
}

function moveToEnd(tenants: Tenants, tenant: string): void {
  const reviews = tenants.get(tenant);
  if (reviews !== undefined && tenants.delete(tenant)) tenants.set(tenant, reviews);
}

function firstBids(line: LineState): readonly Bid[] {
  return line.tiers
    .flatMap((tenants) => byPlaces(line, tenants).map(([, reviews]) => reviews))
    .flatMap((reviews) => [...reviews.values()].flatMap((all) => [...all]).slice(0, MAX_OF_TENANT))
    .slice(0, MAX_FIRST)
    .map(({ bid }) => bid);
}

function getOrSet<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const created = create();
  map.set(key, created);
  return created;
}
