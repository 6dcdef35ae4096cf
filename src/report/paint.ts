/** Terminal colors, and lines that several reports share. */
import colors from 'picocolors';
import { locationText } from '../files/location-text.ts';
import type { ErrorRow } from './check.ts';
import type { NoticeRow } from './rows.ts';
import { wrap } from './wrap.ts';

export type Paint = ReturnType<typeof colors.createColors>;

export function paint(enabled: boolean): Paint {
  return colors.createColors(enabled);
}

/** Formats the notices, broken into the columns of a terminal, and an empty line after them. */
export function noticeLines(notices: readonly NoticeRow[], ink: Paint, columns?: number): string {
  const lines = notices.map((row) => `${noticeLine(row, ink, columns)}\n`);
  return lines.length === 0 ? '' : `${lines.join('')}\n`;
}

/** Formats errors for a command that prints no report. */
export function errorNotes(errors: readonly ErrorRow[], ink: Paint): string {
  return errors.map((row) => `${ink.dim(locationText(row))}  ${ink.red('error')}  ${row.message}\n`).join('');
}

/** A notice without a line names its file in the message. */
export function noticeLine(row: NoticeRow, ink: Paint, columns?: number): string {
  const place = row.line === null ? '' : `${ink.dim(locationText(row))}  `;
  const message = wrap(row.message, columns === undefined ? undefined : columns - INDENT.length);
  const isBelow = columns !== undefined && place !== '';
  const text = message.join(`\n${INDENT}`);
  return isBelow
    ? `${ink.cyan('notice')}  ${place.trimEnd()}\n${INDENT}${text}`
    : `${place}${ink.cyan('notice')}  ${text}`;
}

const INDENT = ' '.repeat('notice  '.length);

/** `1 file`, `2 files` */
export function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
