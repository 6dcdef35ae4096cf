/**
 * One piece of work for each key, however many callers wait for it. The work goes on if one caller gives up. When
 * the last caller has given up, the work is cancelled.
 */
import { untilAborted } from './until-aborted.ts';

export type Join<T> = (key: string, start: (signal: AbortSignal) => Promise<T>, signal: AbortSignal) => Promise<T>;

interface Flight<T> {
  readonly result: Promise<T>;
  readonly end: AbortController;
  waiting: number;
}

export function createCancellableFlights<T>(): Join<T> {
  const flights = new Map<string, Flight<T>>();

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
}
