/**
 * JSON as parsed by Go's encoding/json.
 *
 * Two other scanners do not check the grammar: files/yaml/json.ts locates a value and its parts in a larger text, and
 * server/json-bytes.ts estimates the cost of a review before it is parsed.
 */

/** Returns undefined for a text that Go rejects. The later of two equal keys counts; half a surrogate pair becomes U+FFFD. */
export function decodeJson(text: string): { readonly value: unknown } | undefined {
  try {
    return { value: UNLIKE_GO.test(text) ? JSON.parse(text, asInGo) : JSON.parse(text) };
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

/** Matches texts that can contain half a surrogate pair or a number beyond all doubles. */
const UNLIKE_GO = /\\u[dD][89a-fA-F]|[eE]\+?\d{3}|\d{100}/;

function asInGo(_key: string, value: unknown): unknown {
  if (value === Infinity || value === -Infinity) throw new SyntaxError('a number that Go cannot read');
  return typeof value === 'string' ? value.toWellFormed() : value;
}

/**
 * A value whose objects keep the order of members and repeated members, unlike JSON.parse. Parses objects to a given depth and
 * only checks the grammar below. Problems contain positions and never values, because the files contain credentials.
 */
export type Json =
  | { readonly type: 'an object'; readonly members: readonly Member[] }
  | { readonly type: 'a string'; readonly text: string }
  | { readonly type: 'null' | 'a list' | 'a number' | 'true or false' };

export type Member = readonly [name: string, value: Json];

export type ParsedJson = { readonly ok: true; readonly value: Json } | { readonly ok: false; readonly problem: string };

/** Takes linear time, however deep the text is nested. */
export function parseJson(text: string, levels: number): ParsedJson {
  const cursor: Cursor = { text, at: 0 };
  try {
    const value = readValue(cursor, levels, 1);
    if (peek(cursor) !== '') throw expected(cursor, 'nothing more after the value');
    return { ok: true, value };
  } catch (error) {
    if (error instanceof JsonFault) return { ok: false, problem: error.message };
    throw error;
  }
}

interface Cursor {
  readonly text: string;
  at: number;
}

class JsonFault extends Error {}

function expected({ text, at }: Cursor, what: string): JsonFault {
  if (at >= text.length) return new JsonFault(`not JSON: it ends where ${what} is expected`);
  const before = text.slice(0, at);
  const line = before.split('\n').length;
  return new JsonFault(`not JSON at line ${line}, column ${at - before.lastIndexOf('\n')}: ${what} is expected there`);
}

/** Returns the next character that is not whitespace; `''` at the end. */
function peek(cursor: Cursor): string {
  const { text } = cursor;
  while (WHITE_SPACE.has(text.charCodeAt(cursor.at))) cursor.at += 1;
  return text.charAt(cursor.at);
}

const WHITE_SPACE = new Set([0x20, 0x09, 0x0a, 0x0d]);

function readValue(cursor: Cursor, levels: number, depth: number): Json {
  const start = peek(cursor);
  if (start === '"') return { type: 'a string', text: readString(cursor) };
  if (start === '{' && levels > 0) return readObject(cursor, levels, depth);
  skipValue(cursor, depth);
  return start === '{' ? { type: 'an object', members: [] } : { type: typeAt(start) };
}

function typeAt(start: string): 'null' | 'a list' | 'a number' | 'true or false' {
  if (start === '[') return 'a list';
  if (start === 'n') return 'null';
  return start === 't' || start === 'f' ? 'true or false' : 'a number';
}

function readObject(cursor: Cursor, levels: number, depth: number): Json {
  const members: Member[] = [];
  cursor.at += 1;
  if (peek(cursor) === '}') {
    cursor.at += 1;
    return { type: 'an object', members };
  }
  do {
    const name = readName(cursor);
    members.push([name, readValue(cursor, levels - 1, depth + 1)]);
  } while (another(cursor, '}'));
  return { type: 'an object', members };
}

function readName(cursor: Cursor): string {
  if (peek(cursor) !== '"') throw expected(cursor, 'a name in quotes');
  const name = readString(cursor);
  colon(cursor);
  return name;
}

function colon(cursor: Cursor): void {
  if (peek(cursor) !== ':') throw expected(cursor, '":"');
  cursor.at += 1;
}

/** Reads the separator after a value of a list or an object. Reports whether another value follows. */
function another(cursor: Cursor, closing: string): boolean {
  const next = peek(cursor);
  if (next !== ',' && next !== closing) throw expected(cursor, `"," or "${closing}"`);
  cursor.at += 1;
  return next === ',';
}

/** A lone surrogate becomes U+FFFD, as in Go. */
function readString(cursor: Cursor): string {
  const start = cursor.at;
  skipString(cursor);
  const text: unknown = JSON.parse(cursor.text.slice(start, cursor.at));
  return String(text).toWellFormed();
}

const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4})/y;

function skipString(cursor: Cursor): void {
  const { text } = cursor;
  for (cursor.at += 1; ;) {
    const code = text.charCodeAt(cursor.at);
    if (code === 0x22) break;
    if (Number.isNaN(code)) throw expected(cursor, 'the closing quote of a string');
    if (code < 0x20) throw expected(cursor, 'an escape instead of a control character');
    if (code !== 0x5c) cursor.at += 1;
    else if (!skipToken(cursor, ESCAPE)) throw expected(cursor, 'an escape that JSON knows');
  }
  cursor.at += 1;
}

const SCALAR = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?|true|false|null/y;

function skipToken(cursor: Cursor, token: RegExp): boolean {
  token.lastIndex = cursor.at;
  if (!token.test(cursor.text)) return false;
  cursor.at = token.lastIndex;
  return true;
}

/** encoding/json, scanner.go: maxNestingDepth. */
const MAX_DEPTH = 10_000;

function skipValue(cursor: Cursor, depth: number): void {
  const closings: string[] = [];
  do {
    enter(cursor, closings, depth);
  } while (leave(cursor, closings));
}

/** Skips a scalar or an empty list or object; enters any other list or object, up to its first value. */
function enter(cursor: Cursor, closings: string[], depth: number): void {
  for (;;) {
    const start = peek(cursor);
    if (start === '"') return skipString(cursor);
    if (start !== '{' && start !== '[') {
      if (!skipToken(cursor, SCALAR)) throw expected(cursor, 'a value');
      return;
    }
    if (depth + closings.length > MAX_DEPTH) throw new JsonFault(`not JSON that Go reads: nested too deep`);
    cursor.at += 1;
    const closing = start === '{' ? '}' : ']';
    if (peek(cursor) === closing) {
      cursor.at += 1;
      return;
    }
    closings.push(closing);
    if (closing === '}') skipName(cursor);
  }
}

function skipName(cursor: Cursor): void {
  if (peek(cursor) !== '"') throw expected(cursor, 'a name in quotes');
  skipString(cursor);
  colon(cursor);
}

/** Moves to the next value in the same or an enclosing list or object; returns false at the end. */
function leave(cursor: Cursor, closings: string[]): boolean {
  for (let closing = closings.at(-1); closing !== undefined; closing = closings.at(-1)) {
    if (another(cursor, closing)) {
      if (closing === '}') skipName(cursor);
      return true;
    }
    closings.pop();
  }
  return false;
}
