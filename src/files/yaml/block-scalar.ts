/** Scans block scalars: texts after `|` and `>`. */
import { Refusal } from './problems.ts';
import { BLANK, BREAK, classOf, DASH, END, GREATER, HASH, NINE, PLUS, SPACE, TAB, ZERO } from './characters.ts';
import { type Cursor, isBreak, skipLine, TOKEN, type Token } from './cursor.ts';

/** undefined: not specified. */
interface Header {
  readonly chomping: typeof PLUS | typeof DASH | undefined;
  readonly increment: number | undefined;
}

export function blockScalar(cursor: Cursor): Token {
  const { text, at: start } = cursor;
  const fold = text.charCodeAt(start) === GREATER;
  const { chomping, increment } = readHeader(cursor);
  const given = increment === undefined ? undefined : Math.max(cursor.indent, 0) + increment;
  const first = skipBreaks(cursor, given);
  const indent = given ?? Math.max(first.deepest, cursor.indent + 1, 1);
  const content = cursor.at;
  const lines = readLines(cursor, { fold, indent, before: first.breaks });
  let value = lines.text;
  if (lines.open && chomping !== DASH) value += '\n';
  if (chomping === PLUS) value += '\n'.repeat(lines.breaks);
  return {
    kind: TOKEN.scalar,
    at: value.trim() === '' ? start : firstLetter(text, content),
    text: value,
    plain: false,
  };
}

interface Lines {
  readonly text: string;
  /** The last line has a line break, which is not in the text. */
  readonly open: boolean;
  /** Empty lines after it. */
  readonly breaks: number;
}

interface Layout {
  readonly fold: boolean;
  readonly indent: number;
  /** Empty lines before the first. */
  readonly before: number;
}

function readLines(cursor: Cursor, { fold, indent, before }: Layout): Lines {
  const { text } = cursor;
  let breaks = before;
  let value = '';
  let open = false;
  let kept = false;
  while (cursor.at - cursor.lineStart === indent && (classOf(text.charCodeAt(cursor.at)) & END) === 0) {
    // Lines that are indented further keep the line breaks around them.
    const further = (classOf(text.charCodeAt(cursor.at)) & BLANK) !== 0;
    if (open) value += fold && !kept && !further ? (breaks === 0 ? ' ' : '') : '\n';
    kept = further;
    value += '\n'.repeat(breaks) + restOfLine(cursor);
    open = isBreak(text.charCodeAt(cursor.at));
    if (open) skipLine(cursor);
    ({ breaks } = skipBreaks(cursor, indent));
  }
  return { text: value, open, breaks };
}

function firstLetter(text: string, from: number): number {
  let at = from;
  while ((classOf(text.charCodeAt(at)) & (BLANK | BREAK)) !== 0) at += 1;
  return at;
}

function readHeader(cursor: Cursor): Header {
  cursor.at += 1;
  let chomping = readChomping(cursor);
  const increment = readIncrement(cursor);
  if (increment !== undefined) chomping ??= readChomping(cursor);
  const { text } = cursor;
  while ((classOf(text.charCodeAt(cursor.at)) & BLANK) !== 0) cursor.at += 1;
  if (text.charCodeAt(cursor.at) === HASH) restOfLine(cursor);
  if (!isBreak(text.charCodeAt(cursor.at))) throw badHeader(cursor);
  skipLine(cursor);
  return { chomping, increment };
}

function badHeader({ at }: Cursor): Refusal {
  return new Refusal('after "|" or ">", only an indentation digit, "+" or "-", and a comment are allowed', at);
}

function readChomping(cursor: Cursor): Header['chomping'] {
  const code = cursor.text.charCodeAt(cursor.at);
  if (code !== PLUS && code !== DASH) return undefined;
  cursor.at += 1;
  return code;
}

function readIncrement(cursor: Cursor): number | undefined {
  const code = cursor.text.charCodeAt(cursor.at);
  if (code < ZERO || code > NINE) return undefined;
  if (code === ZERO) throw badHeader(cursor);
  cursor.at += 1;
  return code - ZERO;
}

function restOfLine(cursor: Cursor): string {
  const { text, at } = cursor;
  let end = at;
  while ((classOf(text.charCodeAt(end)) & (BREAK | END)) === 0) end += 1;
  cursor.at = end;
  return text.slice(at, end);
}

/** Skips empty lines and the indentation of the next line; without `indent`, all of its spaces. */
function skipBreaks(cursor: Cursor, indent: number | undefined): { readonly breaks: number; readonly deepest: number } {
  const { text } = cursor;
  let breaks = 0;
  let deepest = 0;
  for (;;) {
    const limit = indent === undefined ? text.length : cursor.lineStart + indent;
    while (cursor.at < limit && text.charCodeAt(cursor.at) === SPACE) cursor.at += 1;
    deepest = Math.max(deepest, cursor.at - cursor.lineStart);
    const code = text.charCodeAt(cursor.at);
    if (code === TAB && cursor.at < limit)
      throw new Refusal('tabs cannot be used for indentation; use spaces', cursor.at);
    if (!isBreak(code)) return { breaks, deepest };
    skipLine(cursor);
    breaks += 1;
  }
}
