/** How long ago something happened. */
import { quoteValue } from '../image/quote.ts';

const UNITS: readonly (readonly [name: string, seconds: number])[] = [
  ['day', 86_400],
  ['hour', 3600],
  ['minute', 60],
  ['second', 1],
];

/** `3 minutes ago`; another text that is not a time is printed as it is. */
export function ageText(time: string, now: number): string {
  const at = Date.parse(time);
  if (Number.isNaN(at)) return quoteValue(time, 40);
  const seconds = Math.round((now - at) / 1000);
  if (seconds < 1) return seconds < -60 ? 'in the future' : 'now';
  const [name, size] = UNITS.find(([, each]) => seconds >= each) ?? ['second', 1];
  const amount = Math.floor(seconds / size);
  return `${amount} ${name}${amount === 1 ? '' : 's'} ago`;
}
