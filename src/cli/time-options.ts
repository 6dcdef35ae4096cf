/** The options that select a part of a recording by time. */
import { InvalidArgumentError, Option } from 'commander';
import { parseTimeFlag, type TimeFlag } from './recorded/time-flag.ts';

/** `parse`: by default, milliseconds since 1970. */
export const timeOptions = (parse: (value: string) => number | TimeFlag = timeOf): readonly Option[] => [
  new Option('--since <TIME>', 'Only reviews since this time, or in this period until now, such as 24h').argParser(
    parse,
  ),
  new Option('--until <TIME>', 'Only reviews until this time, or until this long ago').argParser(parse),
];

function timeOf(value: string): number {
  return timeFlagOf(value).time;
}

export function timeFlagOf(value: string): TimeFlag {
  const time = parseTimeFlag(value);
  if (time !== undefined) return time;
  throw new InvalidArgumentError('expected a duration such as 24h, a date, or a time such as 2027-01-31T12:00:00Z');
}
