/** Parts of the sentences in a report. */
import type { Part } from './report-data.ts';

/** `1 file`, `1,204 files` */
export function amount(number: number, one: string, many = `${one}s`): string {
  return `${number.toLocaleString('en-US')} ${number === 1 ? one : many}`;
}

/** `14 of 1,204 reviews` */
export function share(number: number, all: number, one: string): string {
  return `${number.toLocaleString('en-US')} of ${amount(all, one)}`;
}

export function plainText(parts: readonly Part[]): string {
  return parts.map(([text]) => text).join('');
}
