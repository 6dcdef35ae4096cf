/** JSON in a larger text: finds the end of a value (kubectl reads several in sequence), and builds the outline of a value. */
import { decodeJson } from '../../go/json.ts';
import { closeRow, createOutline, ITEM, openRow, type Outline, placeValue, UNNAMED } from './positions.ts';

export interface Extent {
  /** Offset after the last character. */
  readonly end: number;
  readonly depth: number;
}

const QUOTE = 0x22;
const COMMA = 0x2c;
const COLON = 0x3a;
const OPEN_LIST = 0x5b;
const BACKSLASH = 0x5c;
const CLOSE_LIST = 0x5d;
const OPEN_MAP = 0x7b;
const CLOSE_MAP = 0x7d;

/** Finds the bracket that closes the `{` or `[` at `from`; undefined: unclosed. The text between need not be JSON. */
export function jsonExtent(text: string, from: number, to: number): Extent | undefined {
  let depth = 0;
  let deepest = 0;
  for (let at = from; at < to; at += 1) {
    const character = text.charCodeAt(at);
    if (character === QUOTE) {
      at = endOfString(text, at) - 1;
    } else if (isOpening(character)) {
      depth += 1;
      deepest = Math.max(deepest, depth);
    } else if (isClosing(character)) {
      depth -= 1;
      if (depth === 0) return { end: at + 1, depth: deepest };
    }
  }
  return undefined;
}

/** The maximum nesting of lists and maps, because later code is recursive. */
export const MAX_DEPTH = 100;

/** Returns undefined if the text is not JSON for Go, or if it is nested too deep. */
export function parseJson(text: string, from: number, { end, depth }: Extent): { readonly value: unknown } | undefined {
  return depth > MAX_DEPTH ? undefined : decodeJson(text.slice(from, end));
}

/** The outline of the JSON value that starts at `from`; the text is known to be JSON. */
export function outlineJson(text: string, from: number): Outline {
  const outline = createOutline();
  const root = openRow(outline, UNNAMED, from);
  outlineValue({ text, outline, at: from }, root);
  return outline;
}

interface Cursor {
  readonly text: string;
  readonly outline: Outline;
  at: number;
}

function outlineValue(cursor: Cursor, row: number): void {
  const { text, outline } = cursor;
  placeValue(outline, row, cursor.at);
  const first = text.charCodeAt(cursor.at);
  if (isOpening(first)) outlineChildren(cursor, first === OPEN_MAP);
  else if (first === QUOTE) cursor.at = endOfString(text, cursor.at);
  else while (!isPunctuation(text.charCodeAt(cursor.at)) && cursor.at < text.length) cursor.at += 1;
  closeRow(outline, row);
}

function outlineChildren(cursor: Cursor, named: boolean): void {
  const { text, outline } = cursor;
  cursor.at += 1;
  for (let next = skip(cursor); !isClosing(next) && cursor.at < text.length; next = skip(cursor)) {
    const row = openRow(outline, named ? readKey(text, cursor.at) : ITEM, cursor.at);
    if (named) {
      cursor.at = endOfString(text, cursor.at);
      skip(cursor);
    }
    outlineValue(cursor, row);
  }
  cursor.at += 1;
}

function readKey(text: string, from: number): string {
  const quoted = text.slice(from, endOfString(text, from));
  return quoted.includes('\\') ? String(JSON.parse(quoted)) : quoted.slice(1, -1);
}

/** Skips whitespace, commas, and colons. Returns the next character. */
function skip(cursor: Cursor): number {
  for (;;) {
    const character = cursor.text.charCodeAt(cursor.at);
    if (!(character <= 0x20 || character === COMMA || character === COLON)) return character;
    cursor.at += 1;
  }
}

/** Offset after the quote that ends the string whose first quote is at `from`. */
function endOfString(text: string, from: number): number {
  for (let at = from; ;) {
    at = text.indexOf('"', at + 1);
    if (at === -1) return text.length;
    let backslashes = 0;
    while (text.charCodeAt(at - 1 - backslashes) === BACKSLASH) backslashes += 1;
    if (backslashes % 2 === 0) return at + 1;
  }
}

function isOpening(character: number): boolean {
  return character === OPEN_MAP || character === OPEN_LIST;
}

function isClosing(character: number): boolean {
  return character === CLOSE_MAP || character === CLOSE_LIST;
}

function isPunctuation(character: number): boolean {
  return character <= 0x20 || character === COMMA || isClosing(character);
}
