/**
 * Work that several wait for, each with a deadline of its own: one that gives up takes nothing from the others, and when
 * nobody waits any more the work is ended.
 */
export type Join<T> = (key: string, start: (signal: AbortSignal) => Promise<T>, signal: AbortSignal) => Promise<T>;

interface Flight<T> {
  readonly result: Promise<T>;
  readonly end: AbortController;
  waiting: number;
}

export function createFlights<T>(): Join<T> {
  const flights = new Map<string, Flight<T>>();
  return (key, start, signal) => {
    const flight = flights.get(key) ?? takeOff(key, start);
    flight.waiting += 1;
    return untilAborted(flight.result, signal).finally(() => {
      flight.waiting -= 1;
      if (flight.waiting > 0) return;
      if (flights.get(key) === flight) flights.delete(key);
      flight.end.abort();
    });
  };

  function takeOff(key: string, start: (signal: AbortSignal) => Promise<T>): Flight<T> {
    const end = new AbortController();
    const flight: Flight<T> = { result: start(end.signal), end, waiting: 0 };
    flights.set(key, flight);
    const landed = (): void => {
      if (flights.get(key) === flight) flights.delete(key);
    };
    flight.result.then(landed, landed);
    return flight;
  }
}

/** Rejects with the signal's reason as soon as it is aborted. */
export function untilAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise: aborted, reject } = Promise.withResolvers<never>();
  const onAbort = (): void => reject(signal.reason as Error);
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  return Promise.race([work, aborted]).finally(() => signal.removeEventListener('abort', onAbort));
}
