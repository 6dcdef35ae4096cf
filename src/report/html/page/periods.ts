/** The buttons below the chart: days, or several days each if there are many. */
import type { Timeline } from '../report-data.ts';

export interface Period {
  /** `2026-11-22`: its first day, which is also its name in the address. */
  readonly id: string;
  /** Steps of the timeline; `to` is the one after the last. */
  readonly from: number;
  readonly to: number;
  readonly weekday: string;
  readonly day: string;
}

const DAY_MINUTES = 1440;
const MAX_PERIODS = 10;
const WEEKDAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** The timeline starts at midnight if it has days. */
export function periodsOf({ start, stepMinutes, all }: Timeline): readonly Period[] {
  const stepsPerDay = Math.max(1, Math.round(DAY_MINUTES / stepMinutes));
  const days = Math.ceil(all.length / stepsPerDay);
  const each = Math.ceil(days / MAX_PERIODS);
  return Array.from({ length: Math.ceil(days / each) }, (_, index) => {
    const from = index * each * stepsPerDay;
    const at = new Date(Date.parse(start) + from * stepMinutes * 60_000);
    const last = new Date(at.getTime() + (each - 1) * DAY_MINUTES * 60_000);
    return {
      id: at.toISOString().slice(0, 10),
      from,
      to: Math.min(all.length, from + each * stepsPerDay),
      weekday: each === 1 ? (WEEKDAYS[at.getUTCDay()] ?? '') : dayText(at),
      day: each === 1 ? String(at.getUTCDate()) : `to ${dayText(last)}`,
    };
  });
}

/** `22 Nov to 28 Nov 2026` */
export function daysText({ start, stepMinutes, all }: Timeline): string {
  const first = new Date(start);
  const last = new Date(first.getTime() + Math.max(0, all.length - 1) * stepMinutes * 60_000);
  const end = `${dayText(last)} ${last.getUTCFullYear()}`;
  if (dayText(first) === dayText(last) && last.getTime() - first.getTime() < DAY_MINUTES * 60_000) return end;
  const year = first.getUTCFullYear() === last.getUTCFullYear() ? '' : ` ${first.getUTCFullYear()}`;
  return `${dayText(first)}${year} to ${end}`;
}

function dayText(at: Date): string {
  return `${at.getUTCDate()} ${MONTHS[at.getUTCMonth()] ?? ''}`;
}

/** `2026-11-23 10:19` */
export function timeText(iso: string): string {
  return iso.slice(0, 16).replace('T', ' ');
}
