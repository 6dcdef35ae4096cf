/**
 * Places that many want, shared out fairly among those who cannot choose who they are: by tenant (the namespace, which the
 * API server sets) and by review. Names of registries are endless, so a turn by name would be one for each name. While
 * somebody waits, who holds more than the waiting one gives back what is slow.
 */
import { type Claim, createHeadcount, type QueueLimits, type Ticket } from './fair-share.ts';
import { createLine } from './waiting-line.ts';

export interface FairQueue {
  /** Whoever got a place must call `leave`; whoever got none need not. */
  enter(claim: Claim): Place;
}

export interface Place {
  /** `full`: there is no room to wait in. `unwanted`: nobody waited any more when there was a place. */
  readonly entered: Promise<'entered' | 'full' | 'unwanted'>;
  /** Somebody else wants the same: the first place that either of them gets is for both. */
  join(bid: Claim['bids'][number]): void;
  leave(): void;
}

/** Times that slow ones are looked for, in the time after which one is slow. */
const LOOKS = 4;

export function createFairQueue(limits: QueueLimits, now: () => number = () => performance.now()): FairQueue {
  const headcount = createHeadcount(limits);
  const line = createLine(headcount);
  let timer: NodeJS.Timeout | undefined;

  function take(ticket: Ticket, bid: Claim['bids'][number]): void {
    line.remove(ticket);
    ticket.sinceMs = now();
    headcount.arrive(ticket, bid);
    ticket.tell('entered');
  }

  function serve(): void {
    for (let next = line.next(); next !== undefined; next = line.next()) take(next.ticket, next.bid);
  }

  /** What nobody wants any more, and what is slow and of whoever holds most, makes room for those who wait. */
  function relieve(): void {
    line.sweep();
    for (const bid of line.first()) {
      const slowest = headcount.slowest(bid, now() - limits.patienceMs);
      for (const { tenant } of slowest?.bids ?? []) line.toEnd(tenant);
      slowest?.giveUp();
    }
    serve();
    if (line.size === 0) {
      clearInterval(timer);
      timer = undefined;
    }
  }

  function wait(ticket: Ticket, bid: Claim['bids'][number]): boolean {
    if (!line.add(ticket, bid)) return false;
    timer ??= setInterval(relieve, limits.patienceMs / LOOKS).unref();
    return true;
  }

  return {
    enter({ bids, isWanted, evict }) {
      const { promise: entered, resolve: tell } = Promise.withResolvers<'entered' | 'full' | 'unwanted'>();
      const giveUp = (): void => {
        ticket.isLeaving = true;
        evict();
      };
      const ticket: Ticket = { bids: [...bids], isWanted, giveUp, tell, sinceMs: 0, isLeaving: false };
      const free = bids.find((bid) => headcount.blockOf(bid) === undefined);
      if (free !== undefined) take(ticket, free);
      else if (bids.filter((bid) => wait(ticket, bid)).length === 0) tell('full');
      return {
        entered,
        join(bid) {
          ticket.bids.push(bid);
          if (!line.has(ticket)) return;
          if (headcount.blockOf(bid) === undefined) take(ticket, bid);
          else wait(ticket, bid);
        },
        leave() {
          line.remove(ticket);
          if (headcount.depart(ticket)) serve();
        },
      };
    },
  };
}
