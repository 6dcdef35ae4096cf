/**
 * One piece of work for each key, however many callers wait for it. It goes on when all callers have given up, because its
 * result is kept for later callers.
 */
export interface Flights<T, W extends Waiter = Waiter> {
  /** Calls `start` when no work with this key is under way. */
  join(key: string, waiter: W, start: (waiters: Waiters<W>) => Promise<T>): Promise<T>;
}

export interface Waiter {
  readonly signal: AbortSignal;
}

/** The callers that wait for one piece of work. */
export interface Waiters<W extends Waiter> {
  /** Reports whether a caller still waits. */
  readonly isWanted: () => boolean;
  /** All callers, including those that have given up. */
  readonly members: readonly W[];
  /** Called for each caller that joins later. */
  joined: (waiter: W) => void;
}

interface Flight<T, W extends Waiter> {
  readonly result: Promise<T>;
  readonly waiters: Waiters<W>;
  readonly members: W[];
}

export function createLastingFlights<T, W extends Waiter = Waiter>(): Flights<T, W> {
  const flights = new Map<string, Flight<T, W>>();
  return {
    async join(key, waiter, start) {
      const underWay = flights.get(key);
      if (underWay !== undefined) {
        underWay.members.push(waiter);
        underWay.waiters.joined(waiter);
        return underWay.result;
      }
      const members = [waiter];
      const isWanted = (): boolean => members.some(({ signal }) => !signal.aborted);
      const waiters: Waiters<W> = { isWanted, members, joined: () => {} };
      const result = start(waiters).finally(() => flights.delete(key));
      flights.set(key, { result, waiters, members });
      return result;
    },
  };
}
