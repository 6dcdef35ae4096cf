/** Those who wait for a place: the tenant that holds fewest comes first, then its reviews in turn. */
import type { Bid, Block, Crowd, Headcount, Ticket } from './fair-share.ts';

export interface Line {
  /** False when there is no room, nor any of a tenant that waits with more. */
  add(ticket: Ticket, bid: Bid): boolean;
  has(ticket: Ticket): boolean;
  /** With all its bids. */
  remove(ticket: Ticket): void;
  /** The one that comes next, if there is a place for it. */
  next(): Waiter | undefined;
  /** Whoever has just lost a place comes after those that have had none. */
  toEnd(tenant: string): void;
  /** Those that nobody wants any more go. */
  sweep(): void;
  /** The first ones, some of each tenant. */
  first(): readonly Bid[];
  readonly size: number;
}

export interface Waiter {
  readonly ticket: Ticket;
  readonly bid: Bid;
}

/** By review, in the order in which they are served next. */
type Reviews = Map<object, Set<Waiter>>;
type Tenants = Map<string, Reviews>;

const MAX_FIRST = 64;
const MAX_OF_TENANT = 8;

export function createLine(headcount: Headcount): Line {
  /** By tier. */
  const tiers: Tenants[] = Array.from({ length: headcount.tiers }, () => new Map());
  const waiters = new Map<Ticket, Waiter[]>();

  function drop(waiter: Waiter): void {
    const { tier, tenant, review } = waiter.bid;
    headcount.wait(waiter.bid, -1);
    const reviews = tiers[tier]?.get(tenant);
    const all = reviews?.get(review);
    all?.delete(waiter);
    if (all?.size === 0) reviews?.delete(review);
    if (reviews?.size === 0) tiers[tier]?.delete(tenant);
  }

  function remove(ticket: Ticket): void {
    for (const waiter of waiters.get(ticket) ?? []) drop(waiter);
    waiters.delete(ticket);
  }

  function refuse(ticket: Ticket): void {
    remove(ticket);
    ticket.tell('unwanted');
  }

  /** The last one of them, and not the one for whose sake. */
  function turnAway(crowd: Crowd | undefined, instead: Ticket): boolean {
    const ofTenant = tiers.flatMap((tenants) => [
      ...(crowd === undefined ? [] : (tenants.get(crowd.tenant)?.values() ?? [])),
    ]);
    const last = ofTenant
      .flatMap((waiting) => [...waiting])
      .findLast(({ ticket, bid: { group } }) => ticket !== instead && (crowd?.group ?? group) === group);
    if (last === undefined) return false;
    const { ticket } = last;
    drop(last);
    const others = waiters.get(ticket)?.filter((one) => one !== last) ?? [];
    if (others.length > 0) waiters.set(ticket, others);
    else {
      waiters.delete(ticket);
      ticket.tell('full');
    }
    return true;
  }

  /** A waiter, or what all of them have no place for. */
  function firstOf(waiting: ReadonlySet<Waiter>): Waiter | Block | undefined {
    for (const waiter of waiting) {
      const block = headcount.blockOf(waiter.bid);
      // Another one of the same review may be for another registry.
      if (block === 'group') continue;
      if (block !== undefined) return block;
      if (waiter.ticket.isWanted()) return waiter;
      refuse(waiter.ticket);
    }
    return undefined;
  }

  function ofReviews(reviews: Reviews): Waiter | Block | undefined {
    for (const [review, waiting] of reviews) {
      const found = firstOf(waiting);
      if (found === undefined || found === 'review') continue;
      if (typeof found === 'string') return found;
      // Its next one comes behind those of the others.
      reviews.delete(review);
      reviews.set(review, waiting);
      return found;
    }
    return undefined;
  }

  function inOrder(tenants: Tenants): readonly (readonly [string, Reviews])[] {
    return [...tenants].sort(([one], [other]) => headcount.runningOf(one) - headcount.runningOf(other));
  }

  function ofTenants(tenants: Tenants): Waiter | undefined {
    for (const [tenant, reviews] of inOrder(tenants)) {
      const found = ofReviews(reviews);
      if (found === 'tier') return undefined;
      if (found === undefined || typeof found === 'string') continue;
      if (tenants.delete(tenant)) tenants.set(tenant, reviews);
      return found;
    }
    return undefined;
  }

  return {
    add(ticket, bid) {
      while (!headcount.hasRoom(bid)) if (!turnAway(headcount.mostWaiting(bid), ticket)) return false;
      const reviews = getOrSet(tiers[bid.tier] ?? new Map<string, Reviews>(), bid.tenant, () => new Map());
      const waiter = { ticket, bid };
      getOrSet(reviews, bid.review, () => new Set<Waiter>()).add(waiter);
      getOrSet(waiters, ticket, () => []).push(waiter);
      headcount.wait(bid, 1);
      return true;
    },
    has: (ticket) => waiters.has(ticket),
    remove,
    next() {
      for (const tenants of tiers) {
        const waiter = ofTenants(tenants);
        if (waiter !== undefined) return waiter;
      }
      return undefined;
    },
    toEnd(tenant) {
      for (const tenants of tiers) {
        const reviews = tenants.get(tenant);
        if (reviews !== undefined && tenants.delete(tenant)) tenants.set(tenant, reviews);
      }
    },
    sweep() {
      for (const ticket of waiters.keys()) if (!ticket.isWanted()) refuse(ticket);
    },
    first: () =>
      tiers
        .flatMap((tenants) => inOrder(tenants).map(([, reviews]) => reviews))
        .flatMap((reviews) => [...reviews.values()].flatMap((all) => [...all]).slice(0, MAX_OF_TENANT))
        .slice(0, MAX_FIRST)
        .map(({ bid }) => bid),
    get size() {
      return waiters.size;
    },
  };
}

function getOrSet<K, V>(map: Map<K, V>, key: K, make: () => V): V {
  const known = map.get(key);
  if (known !== undefined) return known;
  const made = make();
  map.set(key, made);
  return made;
}
