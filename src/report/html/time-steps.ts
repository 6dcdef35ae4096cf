/** When reviews occurred, in steps of equal length, of which there are few for any length of time. */
import type { Occurrence, ReplayRow } from '../../recording/replay-row.ts';
import type { Timeline } from './report-data.ts';

export interface TimeSteps {
  add(row: ReplayRow): void;
  /** After all rows. null: no times are known. */
  timeline(): Timeline | null;
  /** After `timeline`. */
  timesOf(minutes: MinuteCounts): readonly (readonly [step: number, count: number])[];
}

/** Minutes since 1970, in steps of 5, each followed by the number of occurrences. */
export type MinuteCounts = number[];

const MINUTE_MS = 60_000;
const DAY_MINUTES = 1440;
/** Each divides the next one and a day, so that steps can be joined, and days begin with a step. */
const LEAST_STEP = 5;
const STEPS = [LEAST_STEP, 10, 30, 60, 120, 240, 720, 1440];
const MAX_STEPS = 400;

export function timeSteps(): TimeSteps {
  let minutes = LEAST_STEP;
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
    timesOf(counted) {
      const times = new Map<number, number>();
      for (let at = 0; at < counted.length; at += 2)
        add(times, Math.floor(((counted[at] ?? 0) - start) / minutes), counted[at + 1] ?? 0);
      return [...times].toSorted(([one], [other]) => one - other);
    },
  };
}

function add(counts: Map<number, number>, key: number, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count);
}

export function addMinutes(counts: MinuteCounts, row: ReplayRow): void {
  for (const { first, count } of occurrencesOf(row)) {
    const minute = Math.floor(Date.parse(first) / MINUTE_MS);
    const step = minute - (minute % LEAST_STEP);
    const last = counts.length - 1;
    if (counts[last - 1] === step) counts[last] = (counts[last] ?? 0) + count;
    else counts.push(step, count);
  }
}

/** None if the time is unknown. */
function occurrencesOf({ occurrences, count, first, last }: ReplayRow): readonly Occurrence[] {
  if (occurrences !== undefined) return occurrences;
  return first === null || last === null ? [] : [{ count, first, last }];
}
