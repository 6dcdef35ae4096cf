/**
 * Splits one YAML document into tokens like go-yaml's scanner (`scannerc.go`, after libyaml): YAML 1.1, with its own rules for
 * plain scalars and for the start of keys.
 */
import { MAX_DEPTH } from './json.ts';
import { MISPLACED, Refusal, TOO_DEEP } from './problems.ts';
import { blockScalar } from './block-scalar.ts';
import {
  AMPERSAND,
  ASTERISK,
  BLANK_OR_END,
  BREAK,
  classOf,
  CLOSE_LIST,
  CLOSE_MAP,
  COLON,
  COMMA,
  DASH,
  DOUBLE_QUOTE,
  END,
  EXCLAMATION,
  GREATER,
  HASH,
  OPEN_LIST,
  OPEN_MAP,
  PERCENT,
  PIPE,
  QUESTION,
  SINGLE_QUOTE,
  SPACE,
  TAB,
} from './characters.ts';
import { type Cursor, isDocumentMarker, skipLine, TOKEN, type Token } from './cursor.ts';
import { scanPlainScalar, startsPlain } from './plain-scalar.ts';
import { anchorOrAlias, tag } from './properties.ts';
import { quotedScalar } from './quoted-scalar.ts';
import { endKey, keyBefore, openBlock, closeBlocks, startKey } from './structure.ts';

type Kind = Token['kind'];

/**
 * Scans to the end of the first document or to the first fault; the text before the fault decides whether it matters. kubectl
 * ends every line with a line feed.
 */
export function tokensOf(text: string): readonly Token[] {
  const cursor: Cursor = {
    // A carriage return at the end is a line break as well, and not the first half of one.
    text: text.endsWith('\n') || text.endsWith('\r') ? `${text}\0` : `${text}\n\0`,
    tokens: [],
    at: 0,
    lineStart: 0,
    flowLevel: 0,
    indent: -1,
    indents: [],
    keyAllowed: true,
    keys: [{ possible: false, required: false, token: 0, at: 0, column: 0 }],
  };
  try {
    while (scan(cursor));
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
    add(cursor, TOKEN.fault, error.offset, error.message);
  }
  return cursor.tokens;
}

function add({ tokens }: Cursor, kind: Kind, at: number, text = ''): void {
  tokens.push({ kind, at, text, plain: false });
}

/** Scans the next token, and tokens that it implies; returns false after the last token. */
function scan(cursor: Cursor): boolean {
  skipToToken(cursor);
  const { text, at } = cursor;
  closeBlocks(cursor, at - cursor.lineStart);
  const code = text.charCodeAt(at);
  if ((classOf(code) & END) !== 0) return endOfStream(cursor);
  if (at === cursor.lineStart && code === PERCENT) return directive(cursor);
  if (isDocumentMarker(cursor)) return documentMarker(cursor, code === DASH ? TOKEN.documentStart : TOKEN.documentEnd);
  if (!indicator(cursor, code)) scalar(cursor, code);
  return true;
}

/** Skips whitespace, comments, and line breaks. A tab is not indentation. */
function skipToToken(cursor: Cursor): void {
  const { text } = cursor;
  for (;;) {
    let code = text.charCodeAt(cursor.at);
    while (code === SPACE || (code === TAB && (cursor.flowLevel > 0 || !cursor.keyAllowed))) {
      code = text.charCodeAt((cursor.at += 1));
    }
    if (code === HASH) code = skipComment(cursor);
    if ((classOf(code) & BREAK) === 0) return;
    skipLine(cursor);
    if (cursor.flowLevel === 0) cursor.keyAllowed = true;
  }
}

function skipComment(cursor: Cursor): number {
  const { text } = cursor;
  let code = HASH;
  while ((classOf(code) & (BREAK | END)) === 0) code = text.charCodeAt((cursor.at += 1));
  return code;
}

function endOfStream(cursor: Cursor): false {
  closeBlocks(cursor, -1);
  endKey(cursor);
  add(cursor, TOKEN.streamEnd, cursor.at);
  return false;
}

/** The contents are ignored. */
function directive(cursor: Cursor): true {
  closeBlocks(cursor, -1);
  endKey(cursor);
  cursor.keyAllowed = false;
  add(cursor, TOKEN.directive, cursor.at);
  skipComment(cursor);
  return true;
}

function documentMarker(cursor: Cursor, kind: Kind): boolean {
  closeBlocks(cursor, -1);
  endKey(cursor);
  const first = cursor.tokens.length === 0;
  cursor.keyAllowed = false;
  add(cursor, kind, cursor.at);
  cursor.at += '---'.length;
  return first && kind === TOKEN.documentStart;
}

/** Returns false at the start of a scalar, and for unexpected text. */
function indicator(cursor: Cursor, code: number): boolean {
  switch (code) {
    case OPEN_LIST:
      return openFlow(cursor, TOKEN.flowListStart);
    case OPEN_MAP:
      return openFlow(cursor, TOKEN.flowMapStart);
    case CLOSE_LIST:
      return closeFlow(cursor, TOKEN.flowListEnd);
    case CLOSE_MAP:
      return closeFlow(cursor, TOKEN.flowMapEnd);
    case COMMA:
      endKey(cursor);
      return step(cursor, TOKEN.flowEntry, true);
    default:
      return textIndicator(cursor, code);
  }
}

/** Indicators that can also start a plain scalar. */
function textIndicator(cursor: Cursor, code: number): boolean {
  if (code === DASH) return isAlone(cursor) && blockEntry(cursor);
  if (code !== QUESTION && code !== COLON) return false;
  if (cursor.flowLevel === 0 && !isAlone(cursor)) return false;
  return code === QUESTION ? key(cursor) : value(cursor);
}

function isAlone({ text, at }: Cursor): boolean {
  return (classOf(text.charCodeAt(at + 1)) & BLANK_OR_END) !== 0;
}

/** Skips an indicator of one character. */
function step(cursor: Cursor, kind: Kind, keyAllowed: boolean): true {
  add(cursor, kind, cursor.at);
  cursor.keyAllowed = keyAllowed;
  cursor.at += 1;
  return true;
}

function openFlow(cursor: Cursor, kind: Kind): true {
  startKey(cursor);
  cursor.flowLevel += 1;
  if (cursor.flowLevel > MAX_DEPTH) throw new Refusal(TOO_DEEP, cursor.at);
  cursor.keys.push({ possible: false, required: false, token: 0, at: 0, column: 0 });
  return step(cursor, kind, true);
}

function closeFlow(cursor: Cursor, kind: Kind): true {
  endKey(cursor);
  if (cursor.flowLevel > 0) {
    cursor.flowLevel -= 1;
    cursor.keys.pop();
  }
  return step(cursor, kind, false);
}

function blockEntry(cursor: Cursor): true {
  if (cursor.flowLevel === 0) {
    if (!cursor.keyAllowed)
      throw new Refusal('a list cannot start here; start a new line, or quote strings that contain "- "', cursor.at);
    openBlock(cursor, TOKEN.blockListStart, cursor.at);
  }
  endKey(cursor);
  return step(cursor, TOKEN.blockEntry, true);
}

function key(cursor: Cursor): true {
  if (cursor.flowLevel === 0) {
    if (!cursor.keyAllowed) throw new Refusal(MISPLACED, cursor.at);
    openBlock(cursor, TOKEN.blockMapStart, cursor.at);
  }
  endKey(cursor);
  return step(cursor, TOKEN.key, cursor.flowLevel === 0);
}

function value(cursor: Cursor): true {
  if (keyBefore(cursor)) return step(cursor, TOKEN.value, false);
  if (cursor.flowLevel === 0) {
    if (!cursor.keyAllowed) throw new Refusal(MISPLACED, cursor.at);
    openBlock(cursor, TOKEN.blockMapStart, cursor.at);
  }
  return step(cursor, TOKEN.value, cursor.flowLevel === 0);
}

function scalar(cursor: Cursor, code: number): void {
  if ((code === PIPE || code === GREATER) && cursor.flowLevel === 0) {
    endKey(cursor);
    cursor.keyAllowed = true;
    cursor.tokens.push(blockScalar(cursor));
    return;
  }
  const read = readerOf(cursor, code);
  startKey(cursor);
  cursor.keyAllowed = false;
  cursor.tokens.push(read(cursor));
}

const anchor = (cursor: Cursor): Token => anchorOrAlias(cursor, TOKEN.anchor);
const alias = (cursor: Cursor): Token => anchorOrAlias(cursor, TOKEN.alias);

function readerOf(cursor: Cursor, code: number): (cursor: Cursor) => Token {
  switch (code) {
    case DOUBLE_QUOTE:
    case SINGLE_QUOTE:
      return quotedScalar;
    case AMPERSAND:
      return anchor;
    case ASTERISK:
      return alias;
    case EXCLAMATION:
      return tag;
    default:
      if (startsPlain(cursor)) return scanPlainScalar;
      throw new Refusal(noScalar(cursor, code), cursor.at);
  }
}

function noScalar({ text, at }: Cursor, code: number): string {
  return code === TAB
    ? 'tabs cannot be used for indentation; use spaces'
    : `unquoted strings cannot start with "${text.charAt(at)}"; quote the string`;
}
