/** Opens and closes maps and lists by indentation, and marks tokens that turn out to be keys. */
import { MAX_DEPTH } from './json.ts';
import { Refusal, TOO_DEEP } from './problems.ts';
import { type Cursor, type SimpleKey, TOKEN, type Token } from './cursor.ts';

type BlockStart = typeof TOKEN.blockListStart | typeof TOKEN.blockMapStart;

/** Opens a block at `at`, unless an open block continues there. */
export function openBlock(cursor: Cursor, kind: BlockStart, at: number): void {
  if (cursor.flowLevel === 0) openAtColumn(cursor, { kind, at, text: '', plain: false }, at - cursor.lineStart);
}

function openAtColumn(cursor: Cursor, start: Token, column: number, token = cursor.tokens.length): void {
  if (cursor.indent >= column) return;
  cursor.indents.push(cursor.indent);
  cursor.indent = column;
  if (cursor.indents.length > MAX_DEPTH) throw new Refusal(TOO_DEEP, start.at);
  insert(cursor.tokens, token, start);
}

function insert(tokens: Token[], index: number, token: Token): void {
  if (index === tokens.length) tokens.push(token);
  else tokens.splice(index, 0, token);
}

/** Closes blocks that are indented further than `column`. */
export function closeBlocks(cursor: Cursor, column: number): void {
  if (cursor.flowLevel > 0) return;
  while (cursor.indent > column) {
    cursor.tokens.push({ kind: TOKEN.blockEnd, at: cursor.at, text: '', plain: false });
    cursor.indent = cursor.indents.pop() ?? -1;
  }
}

function currentKey({ keys }: Cursor): SimpleKey {
  const key = keys.at(-1);
  if (key === undefined) throw new TypeError('a YAML flow collection was closed once too often');
  return key;
}

/** Records that the next token can be a key. */
export function startKey(cursor: Cursor): void {
  if (!cursor.keyAllowed) return;
  const { at, lineStart, flowLevel, indent, tokens } = cursor;
  endKey(cursor);
  const key = currentKey(cursor);
  key.possible = true;
  key.required = flowLevel === 0 && indent === at - lineStart;
  key.token = tokens.length;
  key.at = at;
  key.column = at - lineStart;
}

/** Discards a possible key. */
export function endKey(cursor: Cursor): void {
  const key = currentKey(cursor);
  if (key.possible && key.required) throw withoutColon(cursor, key);
  key.possible = false;
}

/** Removes the tokens from there on. */
function withoutColon({ tokens }: Cursor, { at, token }: SimpleKey): Refusal {
  tokens.length = token;
  return new Refusal('expected "key: value", but ":" is missing after the key', at);
}

/** Reports whether a key precedes a ":", and inserts its token. */
export function keyBefore(cursor: Cursor): boolean {
  const key = currentKey(cursor);
  if (!key.possible) return false;
  if (isTooFar(cursor, key)) {
    if (key.required) throw withoutColon(cursor, key);
    key.possible = false;
    return false;
  }
  const { at, column, token } = key;
  insert(cursor.tokens, token, { kind: TOKEN.key, at, text: '', plain: false });
  if (cursor.flowLevel === 0)
    openAtColumn(cursor, { kind: TOKEN.blockMapStart, at, text: '', plain: false }, column, token);
  key.possible = false;
  return true;
}

const MAX_KEY = 1024;

/** A key is limited to 1,024 characters (not UTF-16 units), on one line with its ":". */
function isTooFar({ text, at, lineStart }: Cursor, key: SimpleKey): boolean {
  if (key.at < lineStart) return true;
  const units = at - key.at;
  return units > MAX_KEY && units - (text.slice(key.at, at).match(SECOND_HALVES)?.length ?? 0) > MAX_KEY;
}

const SECOND_HALVES = /[\uDC00-\uDFFF]/g;
