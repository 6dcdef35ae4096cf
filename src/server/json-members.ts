/** Reads the members of a map in JSON text one after the other, so that a reader can stop early. */
import { BACKSLASH, COLON, COMMA, endOfNest, endOfString, OPEN_LIST, OPEN_MAP, QUOTE } from './json-bytes.ts';

export interface JsonMember {
  /** A key of more than 100 bytes is cut: it is longer than all searched keys. */
  readonly key: string;
  /** The offset of the value. */
  readonly at: number;
  /** The offset after the value; undefined: the text ends inside the value. */
  readonly end: number | undefined;
}

/** Yields nothing if the value at `start` is not a map, and ends with the text if the map is not closed. */
export function* jsonMembers(bytes: Buffer, start: number): Generator<JsonMember, void> {
  let at = blankEnd(bytes, start);
  if (bytes[at] !== OPEN_MAP) return;
  do {
    const keyAt = blankEnd(bytes, at + 1);
    if (bytes[keyAt] !== QUOTE) return;
    const keyEnd = endOfString(bytes, keyAt) + 1;
    const key = textOf(bytes, keyAt, keyEnd);
    const colon = blankEnd(bytes, keyEnd);
    if (key === undefined || bytes[colon] !== COLON) return;
    const valueAt = blankEnd(bytes, colon + 1);
    const end = endOfValue(bytes, valueAt);
    yield { key, at: valueAt, end };
    if (end === undefined) return;
    at = blankEnd(bytes, end);
  } while (bytes[at] === COMMA);
}

export function isMapAt(bytes: Buffer, start: number): boolean {
  return bytes[blankEnd(bytes, start)] === OPEN_MAP;
}

/** Returns undefined for invalid JSON. */
export function valueOf(bytes: Buffer, from: number, to: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', from, to));
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

const BLANKS: ReadonlySet<number | undefined> = new Set([0x20, 0x09, 0x0a, 0x0d]);

function blankEnd(bytes: Buffer, start: number): number {
  let at = start;
  while (BLANKS.has(bytes[at])) at++;
  return at;
}

/** Returns undefined if the text ends inside the value. */
function endOfValue(bytes: Buffer, start: number): number | undefined {
  const first = bytes[start];
  if (first === OPEN_MAP || first === OPEN_LIST) {
    const end = endOfNest(bytes, start);
    return end < 0 ? undefined : end;
  }
  if (first === QUOTE) {
    const end = endOfString(bytes, start) + 1;
    return end > bytes.length ? undefined : end;
  }
  let at = start;
  while (at < bytes.length && isPartOfWord(bytes[at])) at++;
  return at === bytes.length || at === start ? undefined : at;
}

/** Reports whether a byte belongs to a number, true, false, or null. */
function isPartOfWord(byte: number | undefined): boolean {
  return byte !== undefined && /[\w.+-]/.test(String.fromCharCode(byte));
}

function textOf(bytes: Buffer, from: number, to: number): string | undefined {
  if (to > bytes.length) return undefined;
  const isLong = to - from > 100;
  const plain = !isLong && !bytes.subarray(from, to).includes(BACKSLASH);
  if (plain || isLong) return bytes.toString('utf8', from + 1, isLong ? from + 101 : to - 1);
  const value = valueOf(bytes, from, to);
  return typeof value === 'string' ? value : undefined;
}
