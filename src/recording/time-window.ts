/** The part of a recording that counts. */
import type { Occurrence } from './replay-row.ts';

/** Times in milliseconds since 1970. An occurrence counts if a part of it is inside. */
export interface TimeWindow {
  readonly since: number | undefined;
  readonly until: number | undefined;
}

export function hasBounds({ since, until }: TimeWindow): boolean {
  return since !== undefined || until !== undefined;
}

export function isWithin({ first, last }: Pick<Occurrence, 'first' | 'last'>, { since, until }: TimeWindow): boolean {
  return (since === undefined || Date.parse(last) >= since) && (until === undefined || Date.parse(first) <= until);
}
