/** Scans scalars without quotes. */
import { Refusal } from './problems.ts';
import {
  BLANK,
  BLANK_OR_END,
  BREAK,
  classOf,
  COLON,
  DASH,
  FLOW_STOP,
  HASH,
  INDICATOR,
  QUESTION,
  TAB,
} from './characters.ts';
import { type Cursor, folded, isDocumentMarker, skipLine, TOKEN, type Token } from './cursor.ts';

export function startsPlain({ text, at, flowLevel }: Cursor): boolean {
  const code = text.charCodeAt(at);
  if ((classOf(code) & (BLANK_OR_END | INDICATOR)) === 0) return true;
  const next = classOf(text.charCodeAt(at + 1));
  if (code === DASH) return (next & BLANK) === 0;
  return flowLevel === 0 && (code === QUESTION || code === COLON) && (next & BLANK_OR_END) === 0;
}

export function scanPlainScalar(cursor: Cursor): Token {
  const { text, at: start } = cursor;
  let joined = '';
  let from = start;
  let end = start;
  let breaks = 0;
  for (;;) {
    if (isDocumentMarker(cursor) || text.charCodeAt(cursor.at) === HASH) break;
    const word = cursor.at;
    skipWord(cursor);
    if (cursor.at > word) {
      if (breaks > 0) {
        joined += text.slice(from, end) + folded(breaks);
        from = word;
        breaks = 0;
      }
      end = cursor.at;
    }
    if ((classOf(text.charCodeAt(cursor.at)) & (BLANK | BREAK)) === 0) break;
    breaks = skipSpace(cursor, breaks);
    if (cursor.flowLevel === 0 && cursor.at - cursor.lineStart <= cursor.indent) break;
  }
  if (breaks > 0) cursor.keyAllowed = true;
  return { kind: TOKEN.scalar, at: start, text: joined + text.slice(from, end), plain: true };
}

/** Reads to the next blank, or to the end of the scalar. */
function skipWord(cursor: Cursor): void {
  const { text } = cursor;
  const stop = cursor.flowLevel > 0 ? BLANK_OR_END | FLOW_STOP : BLANK_OR_END;
  let { at } = cursor;
  for (;;) {
    const code = text.charCodeAt(at);
    if ((classOf(code) & stop) !== 0) break;
    if (code === COLON && (classOf(text.charCodeAt(at + 1)) & BLANK_OR_END) !== 0) break;
    at += 1;
  }
  cursor.at = at;
}

/** The number of line breaks so far. */
function skipSpace(cursor: Cursor, before: number): number {
  const { text } = cursor;
  let breaks = before;
  for (;;) {
    const code = text.charCodeAt(cursor.at);
    const kind = classOf(code);
    if ((kind & BREAK) !== 0) {
      skipLine(cursor);
      breaks += 1;
    } else if ((kind & BLANK) !== 0) {
      if (breaks > 0 && code === TAB && cursor.at - cursor.lineStart <= cursor.indent)
        throw new Refusal('tabs cannot be used for indentation; use spaces', cursor.at);
      cursor.at += 1;
    } else return breaks;
  }
}
