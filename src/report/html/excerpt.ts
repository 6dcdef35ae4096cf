/** The lines of a file that lead to a value, and the one with the name beside it, for a report that others read. */
import { CUT } from '../../image/quote.ts';
import { markedIn, type MarkedValue } from '../source/marked-value.ts';
import type { Extent } from '../source/parts.ts';
import { createShownSource, type ShownSource } from '../source/shown-source.ts';
import type { Excerpt, ExcerptLine } from './report-data.ts';

/** Deeper objects have more lines than a reader needs. */
const MAX_LEADING = 12;
const MAX_VALUE = 300;
const MAX_LINE = 200;
/** A container has more lines than this only if it has long lists. */
const MAX_DISTANCE = 400;

/** The lines of a file, split once. */
export interface ExcerptSource {
  readonly shown: ShownSource;
  readonly lines: FileLines;
}

type FileLines = readonly string[];

export function excerptSource(file: string, text: string): ExcerptSource {
  return { shown: createShownSource(file, text), lines: text.split(/\r?\n/) };
}

/** Returns undefined if the file has no such line. */
export function excerptOf({ shown, lines }: ExcerptSource, value: MarkedValue): Excerpt | undefined {
  const marked = markedIn(shown, value);
  const own = marked && shown.line(value.line, marked);
  if (own?.mark === undefined) return undefined;
  const indent = indentOf(lineAt(lines, value.line - 1));
  const index = value.line - 1;
  const others = [...leadingLines(lines, index, indent), ...nameBeside(lines, index, indent)].filter(
    (at) => at !== index,
  );
  const all = [...new Set([...others, index])].toSorted((one, other) => one - other);
  const { text, from, to } = within(own.text, own.mark);
  return {
    lines: all.map((at): ExcerptLine => [at + 1, at === index ? text : cut(shown.line(at + 1)?.text ?? '', MAX_LINE)]),
    marked: all.indexOf(index),
    from,
    to,
  };
}

/** Cuts a long line around the value, and a long value. */
function within(line: string, { from, to }: Extent): Extent & { readonly text: string } {
  const before = from <= MAX_LINE ? line.slice(0, from) : `${CUT} `;
  const value = cut(line.slice(from, to), MAX_VALUE);
  const text = `${before}${value}${cut(line.slice(to), MAX_LINE)}`;
  return { text, from: before.length, to: before.length + value.length };
}

function cut(text: string, length: number): string {
  return text.length <= length ? text : `${text.slice(0, length - 1)}${CUT}`;
}

/** The position of the key: that of the first key of a list item is behind the dash. */
function indentOf(line: string): number {
  return /^(?:\s|-\s)*/.exec(line)?.[0].length ?? 0;
}

function dashOf(line: string): number {
  return /^\s*/.exec(line)?.[0].length ?? 0;
}

/** The keys that contain the value, from the outside. */
function leadingLines(lines: FileLines, index: number, indent: number): readonly number[] {
  const found: number[] = [];
  const own = lineAt(lines, index);
  let limit = isItem(own) && dashOf(own) < indent ? limitAt(own) : indent;
  for (let at = index - 1; at >= 0 && limit > 0 && found.length < MAX_LEADING; at -= 1) {
    const line = lineAt(lines, at);
    if (isDocumentEnd(line)) break;
    if (isBlank(line) || depthOf(line) >= limit) continue;
    if (isLead(line)) found.push(at);
    limit = limitAt(line);
  }
  return found;
}

function lineAt(lines: FileLines, index: number): string {
  return lines[index] ?? '';
}

function isDocumentEnd(line: string): boolean {
  return /^(?:---|\.\.\.)/.test(line);
}

/** A list can have the indentation of its key, so an item is half a step deeper than a key. */
function depthOf(line: string): number {
  return dashOf(line) + (isItem(line) ? 0.5 : 0);
}

/** What contains the line is less deep. */
function limitAt(line: string): number {
  return isItem(line) ? dashOf(line) + 0.5 : dashOf(line);
}

function isItem(line: string): boolean {
  return /^\s*-\s/.test(line);
}

/** The line with the name of the container, among the keys beside the value. */
function nameBeside(lines: FileLines, index: number, indent: number): readonly number[] {
  const at = siblings(lines, index, indent).find((sibling) => NAME.test(lineAt(lines, sibling)));
  return at === undefined ? [] : [at];
}

const NAME = /^\s*(?:-\s+)?["']?name["']?\s*:/;

/** The lines with the keys of the same object, the nearest before the value first. */
function siblings(lines: FileLines, index: number, indent: number): readonly number[] {
  const first = Math.max(0, index - MAX_DISTANCE);
  const before = lines.slice(first, index + 1).map((_, at) => index - at);
  const after = lines.slice(index + 1, index + MAX_DISTANCE).map((_, at) => index + 1 + at);
  // The object begins behind a dash, or below a key that is less deep.
  const begin = before.findIndex((at) => !isBlank(lineAt(lines, at)) && dashOf(lineAt(lines, at)) < indent);
  const end = after.findIndex((at) => !isBlank(lineAt(lines, at)) && dashOf(lineAt(lines, at)) < indent);
  const own = [...(begin < 0 ? before : before.slice(0, begin + 1)), ...(end < 0 ? after : after.slice(0, end))];
  return own.filter((at) => indentOf(lineAt(lines, at)) === indent && !isBlank(lineAt(lines, at)));
}

function isBlank(line: string): boolean {
  return /^\s*(?:#.*)?$/.test(line);
}

/** A line with a key, or with nothing but the start of an object. */
function isLead(line: string): boolean {
  return /^\s*(?:-\s+)*["']?[\w./-]{1,100}["']?\s*:/.test(line) || (/^[-{[\s]*$/.test(line) && line.length < MAX_LINE);
}
