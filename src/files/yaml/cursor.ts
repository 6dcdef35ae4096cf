/** The position of the scanner in a text, and its tokens so far. */
import { BLANK_OR_END, BREAK, CARRIAGE_RETURN, classOf, DASH, LINE_FEED, POINT } from './characters.ts';

export const TOKEN = {
  streamEnd: 0,
  directive: 1,
  documentStart: 2,
  documentEnd: 3,
  blockListStart: 4,
  blockMapStart: 5,
  blockEnd: 6,
  flowListStart: 7,
  flowListEnd: 8,
  flowMapStart: 9,
  flowMapEnd: 10,
  blockEntry: 11,
  flowEntry: 12,
  key: 13,
  value: 14,
  alias: 15,
  anchor: 16,
  tag: 17,
  scalar: 18,
  /** The scanner stopped here; `text` is the reason. */
  fault: 19,
} as const;

export interface Token {
  readonly kind: (typeof TOKEN)[keyof typeof TOKEN];
  /** Offset of the token; for a block scalar, its first letter. */
  readonly at: number;
  /** Value of a scalar; name of an anchor or alias; a tag in full. */
  readonly text: string;
  /** A scalar without quotes, in one of the plain styles. */
  readonly plain: boolean;
}

/** A token that is a key if a ":" follows, without an explicit "?". */
export interface SimpleKey {
  possible: boolean;
  /** True if only a key is valid at this position. */
  required: boolean;
  /** Index of its first token. */
  token: number;
  at: number;
  column: number;
}

export interface Cursor {
  /** Ends with a line break and a NUL. */
  readonly text: string;
  readonly tokens: Token[];
  at: number;
  lineStart: number;
  flowLevel: number;
  /** Column of the innermost block map or list; -1: outside of all. */
  indent: number;
  /** Columns of the blocks around it. */
  readonly indents: number[];
  keyAllowed: boolean;
  /** One for each flow level, and one for the surrounding block. */
  readonly keys: SimpleKey[];
}

/** Skips a line break. `\r\n` is one, and so is `\r\r\n`, whose end kubectl has already converted to `\n`. */
export function skipLine(cursor: Cursor): void {
  const { text } = cursor;
  let { at } = cursor;
  if (text.charCodeAt(at) === CARRIAGE_RETURN) {
    at += 1;
    if (text.charCodeAt(at) === CARRIAGE_RETURN && text.charCodeAt(at + 1) === LINE_FEED) at += 2;
    else if (text.charCodeAt(at) === LINE_FEED) at += 1;
  } else at += 1;
  cursor.at = cursor.lineStart = at;
}

export function isBreak(code: number): boolean {
  return (classOf(code) & BREAK) !== 0;
}

/** Folds line breaks between two lines of text: the first one is dropped. */
export function folded(breaks: number): string {
  return breaks === 1 ? ' ' : '\n'.repeat(breaks - 1);
}

/** Reports whether `---` or `...` starts the line and whitespace follows directly. */
export function isDocumentMarker({ text, at, lineStart }: Cursor): boolean {
  if (at !== lineStart) return false;
  const code = text.charCodeAt(at);
  return (
    (code === DASH || code === POINT) &&
    text.charCodeAt(at + 1) === code &&
    text.charCodeAt(at + 2) === code &&
    (classOf(text.charCodeAt(at + 3)) & BLANK_OR_END) !== 0
  );
}
