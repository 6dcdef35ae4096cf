/** Scans scalars in single or double quotes. */
import { Refusal } from './problems.ts';
import { BACKSLASH, BLANK, BREAK, classOf, END, SINGLE_QUOTE } from './characters.ts';
import { type Cursor, folded, isBreak, isDocumentMarker, skipLine, TOKEN, type Token } from './cursor.ts';

/** The cursor is at the first quote. */
export function quotedScalar(cursor: Cursor): Token {
  const { text, at: start } = cursor;
  const quote = text.charCodeAt(start);
  cursor.at += 1;
  let value = '';
  let from = cursor.at;
  for (;;) {
    const code = text.charCodeAt(cursor.at);
    if (code === quote) {
      if (quote !== SINGLE_QUOTE || text.charCodeAt(cursor.at + 1) !== SINGLE_QUOTE) break;
      value += text.slice(from, cursor.at + 1);
      from = cursor.at += 2;
    } else if (code === BACKSLASH && quote !== SINGLE_QUOTE) {
      value += text.slice(from, cursor.at) + escaped(cursor, start);
      from = cursor.at;
    } else if ((classOf(code) & BREAK) !== 0) {
      value += withoutBlankEnd(text.slice(from, cursor.at)) + folded(skipBreaks(cursor, start));
      from = cursor.at;
    } else if ((classOf(code) & END) !== 0) {
      throw neverClosed(start);
    } else cursor.at += 1;
  }
  value += text.slice(from, cursor.at);
  cursor.at += 1;
  return { kind: TOKEN.scalar, at: start, text: value, plain: false };
}

function neverClosed(start: number): Refusal {
  return new Refusal('unclosed quote', start);
}

function withoutBlankEnd(line: string): string {
  let end = line.length;
  while (end > 0 && (classOf(line.charCodeAt(end - 1)) & BLANK) !== 0) end -= 1;
  return line.slice(0, end);
}

/** Skips line breaks and indentation. Returns the number of line breaks. */
function skipBreaks(cursor: Cursor, start: number): number {
  const { text } = cursor;
  let breaks = 0;
  for (;;) {
    const kind = classOf(text.charCodeAt(cursor.at));
    if ((kind & BREAK) !== 0) {
      skipLine(cursor);
      breaks += 1;
    } else if ((kind & BLANK) !== 0) cursor.at += 1;
    else if (isDocumentMarker(cursor)) throw neverClosed(start);
    else return breaks;
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '0': '\0',
  a: '\x07',
  b: '\b',
  t: '\t',
  '\t': '\t',
  n: '\n',
  v: '\v',
  f: '\f',
  r: '\r',
  e: '\x1B',
  ' ': ' ',
  '"': '"',
  "'": "'",
  '\\': '\\',
  N: '\x85',
  _: '\xA0',
  L: '\u2028',
  P: '\u2029',
};
const DIGITS: Readonly<Record<string, number>> = { x: 2, u: 4, U: 8 };

/** The characters that escapes represent. */
function escaped(cursor: Cursor, start: number): string {
  const { text, at } = cursor;
  if (isBreak(text.charCodeAt(at + 1))) {
    cursor.at += 1;
    return '\n'.repeat(skipBreaks(cursor, start) - 1);
  }
  const letter = text.charAt(at + 1);
  const digits = DIGITS[letter];
  cursor.at += 2 + (digits ?? 0);
  const value = digits === undefined ? ESCAPES[letter] : characterOf(text.slice(at + 2, at + 2 + digits), start);
  if (value !== undefined) return value;
  throw new Refusal('unknown escape after "\\" in double quotes; use "\\\\" for a backslash', at + 1);
}

function characterOf(digits: string, start: number): string | undefined {
  if (!/^[\da-fA-F]+$/.test(digits)) return undefined;
  const code = Number.parseInt(digits, 16);
  if (code >= 0xd800 && code <= 0xdfff)
    throw new Refusal('an escape is half of a character; write the character itself', start);
  return code <= 0x10ffff ? String.fromCodePoint(code) : undefined;
}
