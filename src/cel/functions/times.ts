/** Timestamps (RFC 3339) and durations (Go's notation) with nanoseconds. The default time zone is UTC. */
import { parseDuration } from '../../go/duration.ts';
import { CelError, spend, type Budget } from '../budget.ts';
import { func, method, type Overload } from '../overload.ts';
import type { Duration, Timestamp } from '../value.ts';
import { int } from './numbers.ts';

const SECOND = 1_000_000_000n;
const DAY_SECONDS = 86_400n;
const TIMESTAMP = 'google.protobuf.Timestamp';
const DURATION = 'google.protobuf.Duration';
/** Years 1 to 9999. */
const FIRST = -62_135_596_800n * SECOND;
const LAST = 253_402_300_800n * SECOND - 1n;

export function timestamp(nanos: bigint): Timestamp {
  if (nanos < FIRST || nanos > LAST) throw new CelError('the year must be from 1 to 9999');
  return { tag: 'timestamp', nanos };
}

export function duration(nanos: bigint): Duration {
  return { tag: 'duration', nanos: int(nanos) };
}

function durationOf(text: string): Duration {
  const nanos = parseDuration(text);
  if (nanos === undefined) throw new CelError('the text is not a duration like 1h30m');
  return duration(nanos);
}

export const TIMES: readonly Overload[] = [
  func(`timestamp(${TIMESTAMP}): ${TIMESTAMP}`, ([time]: [Timestamp]) => time),
  func(`timestamp(string): ${TIMESTAMP}`, ([text]: [string]) => parseTimestamp(text)),
  func(`timestamp(int): ${TIMESTAMP}`, ([seconds]: [bigint]) => timestamp(seconds * SECOND)),
  func(`duration(${DURATION}): ${DURATION}`, ([length]: [Duration]) => length),
  func(`duration(string): ${DURATION}`, ([text]: [string]) => durationOf(text)),
  func(`int(${TIMESTAMP}): int`, ([time]: [Timestamp]) => floorDivide(time.nanos, SECOND)),
  func(`int(${DURATION}): int`, ([length]: [Duration]) => length.nanos),
  func(`string(${TIMESTAMP}): string`, ([time]: [Timestamp]) => showTimestamp(time)),
  func(`string(${DURATION}): string`, ([length]: [Duration]) => showDuration(length)),
  ...durationParts(),
  ...timestampParts(),
];

function durationParts(): readonly Overload[] {
  const units: readonly (readonly [string, bigint])[] = [
    ['getHours', 3600n * SECOND],
    ['getMinutes', 60n * SECOND],
    ['getSeconds', SECOND],
    ['getMilliseconds', 1_000_000n],
  ];
  return units.map(([name, unit]) =>
    method(`${DURATION}.${name}(): int`, ([length]: [Duration]) => length.nanos / unit),
  );
}

/** A date and a time of day. */
interface Civil {
  readonly year: bigint;
  /** Zero-based. */
  readonly month: bigint;
  readonly day: bigint;
  readonly dayOfWeek: bigint;
  readonly dayOfYear: bigint;
  /** Seconds since midnight. */
  readonly seconds: bigint;
}

function timestampParts(): readonly Overload[] {
  const parts: Readonly<Record<string, (civil: Civil, time: Timestamp) => bigint>> = {
    getFullYear: ({ year }) => year,
    getMonth: ({ month }) => month,
    getDate: ({ day }) => day,
    getDayOfMonth: ({ day }) => day - 1n,
    getDayOfWeek: ({ dayOfWeek }) => dayOfWeek,
    getDayOfYear: ({ dayOfYear }) => dayOfYear,
    getHours: ({ seconds }) => seconds / 3600n,
    getMinutes: ({ seconds }) => (seconds / 60n) % 60n,
    getSeconds: ({ seconds }) => seconds % 60n,
    getMilliseconds: (_civil, { nanos }) => floorModulo(nanos, SECOND) / 1_000_000n,
  };
  return Object.entries(parts).flatMap(([name, part]) => [
    method(`${TIMESTAMP}.${name}(): int`, ([time]: [Timestamp]) => part(civilOf(time, 0n), time)),
    method(`${TIMESTAMP}.${name}(string): int`, ([time, zone]: [Timestamp, string], budget) =>
      part(civilOf(time, offsetIn(zone, time, budget)), time),
    ),
  ]);
}

function floorDivide(value: bigint, by: bigint): bigint {
  return (value - floorModulo(value, by)) / by;
}

function floorModulo(value: bigint, by: bigint): bigint {
  const rest = value % by;
  return rest < 0n ? rest + by : rest;
}

function civilOf({ nanos }: Timestamp, offset: bigint): Civil {
  const seconds = floorDivide(nanos, SECOND) + offset;
  const days = floorDivide(seconds, DAY_SECONDS);
  const { year, month, day } = dateOf(days);
  return {
    year,
    month: month - 1n,
    day,
    dayOfWeek: floorModulo(days + 4n, 7n),
    dayOfYear: days - daysTo(year, 1n, 1n),
    seconds: floorModulo(seconds, DAY_SECONDS),
  };
}

/** Days since 1970 of a Gregorian date: years of 365.2425 days that begin in March. */
function daysTo(year: bigint, month: bigint, day: bigint): bigint {
  const from = month > 2n ? year : year - 1n;
  const months = (month + 9n) % 12n;
  const era = floorDivide(from, 400n);
  const ofEra = from - era * 400n;
  const dayOfYear = (153n * months + 2n) / 5n + day - 1n;
  return era * 146_097n + ofEra * 365n + ofEra / 4n - ofEra / 100n + dayOfYear - 719_468n;
}

function dateOf(days: bigint): { readonly year: bigint; readonly month: bigint; readonly day: bigint } {
  const shifted = days + 719_468n;
  const era = floorDivide(shifted, 146_097n);
  const ofEra = shifted - era * 146_097n;
  const yearOfEra = (ofEra - ofEra / 1460n + ofEra / 36_524n - ofEra / 146_096n) / 365n;
  const dayOfYear = ofEra - (365n * yearOfEra + yearOfEra / 4n - yearOfEra / 100n);
  const months = (5n * dayOfYear + 2n) / 153n;
  const month = months < 10n ? months + 3n : months - 9n;
  const year = yearOfEra + era * 400n + (month <= 2n ? 1n : 0n);
  return { year, month, day: dayOfYear - (153n * months + 2n) / 5n + 1n };
}

const RFC3339 = /^(\d{4})-(\d\d)-(\d\d)T(\d\d?):(\d\d):(\d\d)(?:[.,](\d+))?(?:Z|([+-])(\d\d):(\d\d))$/;

function parseTimestamp(text: string): Timestamp {
  const match = text.length > 100 ? null : RFC3339.exec(text);
  if (match === null) throw new CelError('the text is not a time like 2026-01-31T12:00:00Z');
  const [date, clock] = [match.slice(1, 4), match.slice(4, 7)];
  const seconds = daysOf(date.map(BigInt)) * DAY_SECONDS + secondsOf(clock.map(BigInt)) - writtenOffset(match.slice(8));
  return timestamp(seconds * SECOND + BigInt((match[7] ?? '').slice(0, 9).padEnd(9, '0')));
}

function daysOf([year = 0n, month = 0n, day = 0n]: readonly bigint[]): bigint {
  const days = daysTo(year, month, day);
  const again = dateOf(days);
  if (again.month !== month || again.day !== day) throw new CelError('the date is not valid');
  return days;
}

function secondsOf([hour = 0n, minute = 0n, second = 0n]: readonly bigint[]): bigint {
  if (hour > 23n || minute > 59n || second > 59n) throw new CelError('the time of day is not valid');
  return (hour * 60n + minute) * 60n + second;
}

/** Seconds ahead of UTC; all parts are absent after "Z". */
function writtenOffset([sign, hours = '0', minutes = '0']: readonly (string | undefined)[]): bigint {
  if (Number(hours) > 24 || Number(minutes) > 60) throw new CelError('unknown time zone');
  return (BigInt(hours) * 60n + BigInt(minutes)) * 60n * (sign === '-' ? -1n : 1n);
}

export function showTimestamp(time: Timestamp): string {
  const { year, month, day, seconds } = civilOf(time, 0n);
  const two = (value: bigint): string => String(value).padStart(2, '0');
  const date = `${String(year).padStart(4, '0')}-${two(month + 1n)}-${two(day)}`;
  const clock = `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}`;
  return `${date}T${clock}${fractionOf(floorModulo(time.nanos, SECOND))}Z`;
}

function fractionOf(nanos: bigint): string {
  const digits = String(nanos).padStart(9, '0').replace(/0+$/, '');
  return digits === '' ? '' : `.${digits}`;
}

/** Formats a duration in seconds: `90s`, `1.5s`. */
export function showDuration({ nanos }: Duration): string {
  const positive = nanos < 0n ? -nanos : nanos;
  return `${nanos < 0n ? '-' : ''}${positive / SECOND}${fractionOf(positive % SECOND)}s`;
}

/** Cached, because creating a formatter takes about 50 microseconds. */
const ZONE_STEPS = 1000;

/** Returns the offset of a time zone (`UTC`, `+02:00`, `Europe/Berlin`) from UTC at a time, in seconds. */
function offsetIn(zone: string, { nanos }: Timestamp, budget: Budget): bigint {
  if (zone === '' || zone === 'UTC') return 0n;
  const [, sign, hours = '', minutes = ''] = (zone.length < 7 ? /^([+-]?)(\d{1,2}):(\d{2})$/.exec(zone) : null) ?? [];
  if (hours !== '') return (BigInt(hours) * 60n + BigInt(minutes)) * 60n * (sign === '-' ? -1n : 1n);
  spend(budget, ZONE_STEPS);
  const seconds = floorDivide(nanos, SECOND);
  return localSeconds(zone, Number(seconds) * 1000) - seconds;
}

/** Returns the local time of a zone as if it were UTC. */
function localSeconds(zone: string, milliseconds: number): bigint {
  const parts = new Map(
    formatterFor(zone)
      .formatToParts(milliseconds)
      .map(({ type, value }) => [type, value]),
  );
  const part = (type: Intl.DateTimeFormatPartTypes): bigint => BigInt(parts.get(type) ?? 0);
  const year = parts.get('era') === 'BC' ? 1n - part('year') : part('year');
  const days = daysTo(year, part('month'), part('day'));
  return days * DAY_SECONDS + (part('hour') * 60n + part('minute')) * 60n + part('second');
}

function formatterFor(timeZone: string): Intl.DateTimeFormat {
  const numeric = 'numeric' as const;
  const fields = { year: numeric, month: numeric, day: numeric, hour: numeric, minute: numeric, second: numeric };
  try {
    return new Intl.DateTimeFormat('en-US', { timeZone, hourCycle: 'h23', era: 'short', ...fields });
  } catch (error) {
    if (error instanceof RangeError) throw new CelError('unknown time zone');
    throw error;
  }
}
