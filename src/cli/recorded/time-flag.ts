/** A time on the command line: `--since 24h`, `--until 2027-01-31`. */
import { UserError } from '../../error/user-error.ts';
import { dayStart } from '../../go/date.ts';
import { parseDurationMs } from '../../go/duration.ts';
import type { TimeWindow } from '../../recording/time-window.ts';

export interface TimeFlag {
  /** Milliseconds since 1970. */
  readonly time: number;
  /** The text is a duration until now. */
  readonly isRelative: boolean;
}

export function parseTimeFlag(text: string): TimeFlag | undefined {
  const ago = parseDurationMs(text);
  if (ago !== undefined) return { time: Date.now() - ago, isRelative: true };
  const time = dayStart(text) ?? (ISO_TIME.test(text) ? Date.parse(text) : Number.NaN);
  return Number.isNaN(time) ? undefined : { time, isRelative: false };
}

/** Throws a UserError for a window without any time. */
export function timeWindow(since: number | undefined, until: number | undefined): TimeWindow {
  if (since !== undefined && until !== undefined && since > until)
    throw new UserError(
      `--since (${new Date(since).toISOString()}) is after --until (${new Date(until).toISOString()}), so no review can match`,
    );
  return { since, until };
}

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
