/**
 * One request under way for each key, however many wait for it. Nobody who gives up ends it for the others, and it goes on
 * when nobody is left: its answer is remembered.
 */
export interface Flights<T> {
  /** `start` runs when none is under way; `isWanted` tells whether somebody still waits for it. */
  join(key: string, signal: AbortSignal, start: (isWanted: () => boolean) => Promise<T>): Promise<T>;
}

interface Flight<T> {
  readonly answer: Promise<T>;
  readonly waiters: Set<AbortSignal>;
}

export function createFlights<T>(): Flights<T> {
  const flights = new Map<string, Flight<T>>();
  return {
    async join(key, signal, start) {
      const underWay = flights.get(key);
      if (underWay !== undefined) {
        underWay.waiters.add(signal);
        return underWay.answer;
      }
      const waiters = new Set([signal]);
      const isWanted = (): boolean => [...waiters].some(({ aborted }) => !aborted);
      const answer = start(isWanted).finally(() => flights.delete(key));
      flights.set(key, { answer, waiters });
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
