/** A time on the command line: `--since 24h`, `--until 2027-01-31`. */
import { dayStart } from '../../go/date.ts';
import { parseDurationMs } from '../../go/duration.ts';

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

const ISO_TIME = /^\d{4}-\d\d-\d\dT\d\d:\d\d(:\d\d(\.\d+)?)?(Z|[+-]\d\d:\d\d)$/;
