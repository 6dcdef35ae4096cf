/** The build dates that images state. */
import { DAY_MS } from '../go/date.ts';

/**
 * March 2013, the release of Docker 0.1. Earlier dates are placeholders: reproducible builds write 1970-01-01 or 1980-01-01, and
 * Go writes the year 1 for a missing date.
 */
export const FIRST_IMAGE_MS = 1_362_096_000_000;

/** Allows a day of clock skew; a later date is invented. */
export const isInFuture = (ageMs: number): boolean => ageMs < -DAY_MS;

/** Milliseconds; `undefined`: the image states no date, or one that cannot be true. */
export function ageOf(createdMs: number | undefined, now: number): number | undefined {
  if (createdMs === undefined || createdMs < FIRST_IMAGE_MS || isInFuture(now - createdMs)) return undefined;
  return Math.max(0, now - createdMs);
}
