/** When reviews occurred, in steps of equal length, of which there are few for any length of time. */
import type { Occurrence, ReplayRow } from '../../recording/replay-row.ts';
import type { Timeline } from './report-data.ts';

export interface TimeSteps {
  add(row: ReplayRow): void;
  /** After all rows. null: no times are known. */
  timeline(): Timeline | null;
  /** After `timeline`. */
  timesOf(row: ReplayRow): readonly (readonly [step: number, count: number])[];
}

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
/** Each divides the next one and a day, so that steps can be joined, and days begin with a step. */
const STEPS = [5, 10, 30, 60, 120, 240, 720, 1440];
const MAX_STEPS = 400;

export function timeSteps(): TimeSteps {
  let minutes = STEPS[0] ?? DAY_MINUTES;
  let counts = new Map<number, number>();
  const join = (): void => {
    minutes = STEPS.find((step) => step > minutes) ?? minutes * 2;
    const joined = new Map<number, number>();
    for (const [start, count] of counts) add(joined, start - (start % minutes), count);
    counts = joined;
  };
  let start = 0;
  const stepsNow = (): number => {
    const times = [...counts.keys()].toSorted((one, other) => one - other);
    const [first = 0] = times;
    start = first - (first % DAY_MINUTES);
    return ((times.at(-1) ?? first) - start) / minutes + 1;
  };
  return {
    add(row) {
      for (const { first, count } of occurrencesOf(row)) {
        const minute = Math.floor(Date.parse(first) / MINUTE_MS);
        add(counts, minute - (minute % minutes), count);
      }
      while (counts.size > MAX_STEPS) join();
    },
    timeline() {
      if (counts.size === 0) return null;
      while (stepsNow() > MAX_STEPS) join();
      // Whole days, so that each has the same width.
      const perDay = Math.max(1, DAY_MINUTES / minutes);
      const length = Math.ceil(stepsNow() / perDay) * perDay;
      const all = Array.from({ length }, (_, step) => counts.get(start + step * minutes) ?? 0);
      return { start: new Date(start * MINUTE_MS).toISOString(), stepMinutes: minutes, all };
    },
    timesOf(row) {
      const times = new Map<number, number>();
      for (const { first, count } of occurrencesOf(row)) {
        add(times, Math.floor((Math.floor(Date.parse(first) / MINUTE_MS) - start) / minutes), count);
      }
      return [...times].toSorted(([one], [other]) => one - other);
    },
  };
}

function add(counts: Map<number, number>, key: number, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

/** None if the time is unknown. */
export function occurrencesOf({ occurrences, count, first, last }: ReplayRow): readonly Occurrence[] {
  if (occurrences !== undefined) return occurrences;
  return first === null || last === null ? [] : [{ count, first, last }];
}
