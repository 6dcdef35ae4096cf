/** The lines of an input file around a value, with the value marked. The text is untrusted: it is escaped and cut. */
import { CUT, escapeUnprintable } from '../image/quote.ts';
import { displayWidth } from './display-width.ts';
import type { Paint } from './paint.ts';
import { markedIn, type MarkedValue } from './source/marked-value.ts';
import type { ShownLine } from './source/shown-line.ts';
import type { ShownSource } from './source/shown-source.ts';

export interface SourceOptions {
  /** Lines before and after the value. */
  readonly around: number;
  /** Cells for a line of the file. */
  readonly width: number;
  readonly ink: Paint;
  readonly mark: Paint['dim'];
  readonly indent: number;
}

/** Empty if the file has no such line. */
export function sourceLines(source: ShownSource, value: MarkedValue, options: SourceOptions): readonly string[] {
  const { around, width, ink, mark, indent } = options;
  const marked = markedIn(source, value);
  if (marked === undefined) return [];
  const { last } = marked;
  const first = Math.max(1, value.line - around);
  const numbers = Array.from(
    { length: Math.min(source.lines, last + around) - first + 1 },
    (_, index) => first + index,
  );
  const numberWidth = String(numbers.at(-1)).length;
  const gutter = (label: string): string => `  ${ink.dim(`${label.padStart(Math.max(indent, numberWidth))} │`)} `;
  const own = source.line(value.line, marked);
  const begin = own === undefined ? 0 : windowFor(own, width);
  return numbers.flatMap((number) => {
    if (isOmitted(number, value.line, last)) return number === value.line + SHOWN_FIRST ? [gutter('⋮').trimEnd()] : [];
    const line = source.line(number, marked);
    if (line === undefined) return [];
    const shown = `${gutter(String(number))}${shownFrom(line.text, begin, width)}`.trimEnd();
    const marks = marksFor(line, { begin, width });
    return marks === '' ? [shown] : [shown, `${gutter('')}${mark(marks)}`];
  });
}

/** Of a longer value, only the first and the last lines are shown. */
const SHOWN_FIRST = 6;
const SHOWN_LAST = 2;

function isOmitted(number: number, first: number, last: number): boolean {
  if (last - first < SHOWN_FIRST + SHOWN_LAST + 1) return false;
  return number >= first + SHOWN_FIRST && number <= last - SHOWN_LAST;
}

/** Spaces, and marks below the shown part of the value; a part outside of the window has none. */
function marksFor({ text, mark }: ShownLine, { begin, width }: { begin: number; width: number }): string {
  if (mark === undefined) return '';
  const { from: start, to: end } = mark;
  const from = Math.max(start, begin);
  if (from >= end && end > start && start < begin) return '';
  const lead = begin === 0 ? '' : CUT;
  const offset = displayWidth(lead + visible(text.slice(begin, from).padEnd(from - begin)));
  const cells = displayWidth(visible(text.slice(from, end)));
  const room = width - offset;
  return room <= 0 ? '' : `${' '.repeat(offset)}${'^'.repeat(Math.max(1, Math.min(cells, room)))}`;
}

/** Where the shown part of the lines begins, so that the value is visible. */
function windowFor({ text, mark }: ShownLine, width: number): number {
  const { from: start, to: end } = mark ?? { from: 0, to: 0 };
  const needed = start + Math.min(end - start, width);
  if (needed <= width && displayWidth(visible(text.slice(0, needed))) <= width) return 0;
  let before = Math.min(start, Math.floor(width / 4));
  // Wide and escaped characters take several cells.
  while (before > 0 && displayWidth(visible(text.slice(start - before, start))) > width / 2)
    before = Math.floor(before / 2);
  return start - before;
}

function shownFrom(line: string, begin: number, width: number): string {
  // No whole line of megabytes is read.
  const part = visible(line.slice(begin, begin + width + 1));
  const lead = begin === 0 ? '' : CUT;
  return cutTo(lead + part, width, line.length > begin + width + 1);
}

/** `isLonger`: the text continues after what is given. */
function cutTo(text: string, width: number, isLonger: boolean): string {
  if (!isLonger && displayWidth(text) <= width) return text;
  let shown = '';
  let used = 0;
  for (const character of text) {
    used += displayWidth(character);
    if (used > width - 1) break;
    shown += character;
  }
  return `${shown}${CUT}`;
}

/** A tab has the same width everywhere, so that marks are below their values. */
function visible(text: string): string {
  return escapeUnprintable(text.replaceAll('\t', '  '));
}
