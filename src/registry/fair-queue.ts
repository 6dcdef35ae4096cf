/**
 * Places that are shared out fairly by tenant (the namespace, which the API server sets) and by review. Turns by registry would
 * be unfair, because anyone can write any number of registry names. While a claim waits, tenants that hold more places than its
 * tenant give back the slow ones.
 */
import { type Bid, type Claim, createHeadcount, type Headcount, type QueueLimits, type Ticket } from './fair-share.ts';
import { createLine, type Line } from './bid-line.ts';

export interface FairQueue {
  /** The caller must call `leave` if it got a place. */
  enter(claim: Claim): Place;
}

export interface Place {
  /** `full`: the line is full. `unwanted`: all callers had given up before there was a place. */
  readonly entered: Promise<'entered' | 'full' | 'unwanted'>;
  /** Adds a caller that wants the same; the first place for either caller serves both. */
  join(bid: Bid): void;
  leave(): void;
}

/** Checks for slow places in the time after which a place is slow. */
const CHECKS = 4;

interface QueueState {
  readonly limits: QueueLimits;
  readonly now: () => number;
  readonly headcount: Headcount;
  readonly line: Line;
  timer: NodeJS.Timeout | undefined;
}

export function createFairQueue(limits: QueueLimits, now: () => number = () => performance.now()): FairQueue {
  const headcount = createHeadcount(limits);
  const queue: QueueState = { limits, now, headcount, line: createLine(headcount), timer: undefined };
  return {
    enter({ bids, isWanted, evict }) {
      const { promise: entered, resolve: settle } = Promise.withResolvers<'entered' | 'full' | 'unwanted'>();
      const giveUp = (): void => {
        ticket.isLeaving = true;
        evict();
      };
      const ticket: Ticket = { bids: [...bids], isWanted, giveUp, settle, sinceMs: 0, isLeaving: false };
      const free = bids.find((bid) => headcount.blockOf(bid) === undefined);
      if (free !== undefined) take(queue, ticket, free);
      else if (bids.filter((bid) => wait(queue, ticket, bid)).length === 0) settle('full');
      return placeOf(queue, ticket, entered);
    },
  };
}

function placeOf(queue: QueueState, ticket: Ticket, entered: Place['entered']): Place {
  const { headcount, line } = queue;
  return {
    entered,
    join(bid) {
      ticket.bids.push(bid);
      if (!line.has(ticket)) return;
      if (headcount.blockOf(bid) === undefined) take(queue, ticket, bid);
      else wait(queue, ticket, bid);
    },
    leave() {
      line.remove(ticket);
      if (headcount.depart(ticket)) serve(queue);
    },
  };
}

function take({ line, headcount, now }: QueueState, ticket: Ticket, bid: Bid): void {
  line.remove(ticket);
  ticket.sinceMs = now();
  headcount.arrive(ticket, bid);
  ticket.settle('entered');
}

/** False if the line is full. */
function wait(queue: QueueState, ticket: Ticket, bid: Bid): boolean {
  if (!queue.line.add(ticket, bid)) return false;
  queue.timer ??= setInterval(() => relieve(queue), queue.limits.patienceMs / CHECKS).unref();
  return true;
}

function serve(queue: QueueState): void {
  for (let next = queue.line.next(); next !== undefined; next = queue.line.next()) take(queue, next.ticket, next.bid);
}

/** Makes room for claims that wait: removes unwanted tickets, and ends slow ones of the tenant that holds most places. */
function relieve(queue: QueueState): void {
  const { line, headcount, limits, now } = queue;
  line.sweep();
  for (const bid of line.first()) {
    const slowest = headcount.slowest(bid, now() - limits.patienceMs);
    for (const { tenant } of slowest?.bids ?? []) line.toEnd(tenant);
    slowest?.giveUp();
  }
  serve(queue);
  if (line.size > 0) return;
  clearInterval(queue.timer);
  queue.timer = undefined;
}
