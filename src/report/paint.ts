/** Terminal colors, and lines that several reports share. */
import colors from 'picocolors';
import { locationText } from '../files/location-text.ts';
import type { NoticeRow } from './rows.ts';

export type Paint = ReturnType<typeof colors.createColors>;

export function paint(enabled: boolean): Paint {
  return colors.createColors(enabled);
}

/** Formats one line per notice, and an empty line after them. */
export function noticeLines(notices: readonly NoticeRow[], ink: Paint): string {
  const lines = notices.map((row) => `${noticeLine(row, ink)}\n`);
  return lines.length === 0 ? '' : `${lines.join('')}\n`;
}

/** A notice without a line names its file in the message. */
export function noticeLine(row: NoticeRow, ink: Paint): string {
  const place = row.line === null ? '' : `${ink.dim(locationText(row))}  `;
  return `${place}${ink.cyan('notice')}  ${row.message}`;
}

/** `1 file`, `2 files` */
export function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
