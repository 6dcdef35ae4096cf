/** Days as documents write them: YYYY-MM-DD, from midnight to midnight in UTC. Nothing here knows which day it is. */

export const DAY_MS = 86_400_000;

/** Milliseconds since 1970 at which the day begins; undefined when it is no day of the calendar. */
export function dayStart(text: string): number | undefined {
  const [, year, month, day] = (/^(\d{4})-(\d\d)-(\d\d)$/.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  if (month < 1 || month > 12 || day < 1 || day > daysIn(year, month)) return undefined;
  return Date.parse(`${text}T00:00:00Z`);
}

function daysIn(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return [4, 6, 9, 11].includes(month) ? 30 : 31;
}
