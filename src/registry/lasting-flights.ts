/**
 * One request under way for each key, however many wait for it. Nobody who gives up ends it for the others, and it goes on
 * when nobody is left: its answer is remembered.
 */
export interface Flights<T, W extends Waiting = Waiting> {
  /** `start` runs when none is under way. */
  join(key: string, waiter: W, start: (crew: Crew<W>) => Promise<T>): Promise<T>;
}

export interface Waiting {
  readonly signal: AbortSignal;
}

/** Those who wait for one request. */
export interface Crew<W extends Waiting> {
  /** Whether somebody still waits for it. */
  readonly isWanted: () => boolean;
  /** All that came, also those who have given up. */
  readonly members: readonly W[];
  /** Called for each one that comes later. */
  joined: (waiter: W) => void;
}

interface Flight<T, W extends Waiting> {
  readonly answer: Promise<T>;
  readonly crew: Crew<W>;
  readonly members: W[];
}

export function createFlights<T, W extends Waiting = Waiting>(): Flights<T, W> {
  const flights = new Map<string, Flight<T, W>>();
  return {
    async join(key, waiter, start) {
      const underWay = flights.get(key);
      if (underWay !== undefined) {
        underWay.members.push(waiter);
        underWay.crew.joined(waiter);
        return underWay.answer;
      }
      const members = [waiter];
      const isWanted = (): boolean => members.some(({ signal }) => !signal.aborted);
      const crew: Crew<W> = { isWanted, members, joined: () => {} };
      const answer = start(crew).finally(() => flights.delete(key));
      flights.set(key, { answer, crew, members });
      return answer;
    },
  };
}

/** `late` when the signal comes first. What comes after it is for nobody. */
export async function orLate<T>(signal: AbortSignal, answer: Promise<T>, late: () => T): Promise<T> {
  const { promise: aborted, resolve, reject } = Promise.withResolvers<T>();
  const giveUp = (): void => {
    try {
      resolve(late());
    } catch (error) {
      reject(error);
    }
  };
  if (signal.aborted) giveUp();
  else signal.addEventListener('abort', giveUp, { once: true });
  try {
    return await Promise.race([answer, aborted]);
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}
