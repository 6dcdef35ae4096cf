/**
 * A review without `metadata.managedFields`, which no door shows to any rule, and which is a third of a stored object and more:
 * its many small maps cost more to parse than all the rest. The list is cut out before the text is parsed.
 */
import { isObject } from '../pod/pointer.ts';

/** As Go writes it. Inside of a string each quotation mark has a backslash before it, so this can only be a key. */
const KEY = Buffer.from('"managedFields":[');
const [QUOTE, BACKSLASH, COMMA, OPEN_MAP] = [0x22, 0x5c, 0x2c, 0x7b];
/** A square bracket with this bit is a curly one. */
const LOWER = 0x20;
const [OPEN, CLOSE] = [0x7b, 0x7d];
/** Stands where a list was; nobody can guess it, so nobody else writes it there. */
const MARK = Math.random();

/** In a shorter text there is so little of it that to look for it costs as much. */
const WORTH_IT_BYTES = 4096;

/** The parsed value with a number in the place of each list; `undefined` when the whole text must be parsed. */
export function withoutManagedFields(bytes: Buffer): unknown {
  let at = bytes.length < WORTH_IT_BYTES ? -1 : bytes.indexOf(KEY);
  if (at < 0) return undefined;
  let text = '';
  let from = 0;
  let cuts = 0;
  while (at >= 0) {
    const list = at + KEY.length - 1;
    const end = isKey(bytes[at - 1]) ? endOfList(bytes, list) : -1;
    if (end < 0) return undefined;
    text += bytes.toString('utf8', from, list) + String(MARK);
    from = end;
    cuts += 1;
    at = bytes.indexOf(KEY, from);
  }
  return asMarked(text + bytes.toString('utf8', from), cuts);
}

function isKey(before: number | undefined): boolean {
  return before === COMMA || before === OPEN_MAP;
}

/**
 * Behind the bracket that closes the list at `start`; -1 when it is not closed. Of what stands in it only brackets are counted
 * and strings passed over: nobody reads it, and this loop is what the cut costs.
 */
function endOfList(bytes: Buffer, start: number): number {
  let depth = 0;
  for (let at = start; at < bytes.length; at++) {
    const byte = bytes[at] ?? 0;
    if (byte === QUOTE) at = endOfString(bytes, at);
    else if ((byte | LOWER) === OPEN) depth++;
    else if ((byte | LOWER) === CLOSE && --depth === 0) return at + 1;
  }
  return -1;
}

/** Of its closing quotation mark. */
function endOfString(bytes: Buffer, start: number): number {
  let at = start + 1;
  for (let byte = bytes[at]; byte !== QUOTE && byte !== undefined; byte = bytes[++at]) if (byte === BACKSLASH) at++;
  return at;
}

/** Only when each cut was made at `metadata` of an object of the review; a key of this name may stand elsewhere, too. */
function asMarked(text: string, cuts: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // Whoever parses the whole text says what is wrong with it.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
  const request = isObject(value) ? value['request'] : undefined;
  if (!isObject(request)) return undefined;
  const marked = [request['object'], request['oldObject']].filter(isMarked).length;
  return marked === cuts ? value : undefined;
}

function isMarked(object: unknown): boolean {
  const metadata = isObject(object) ? object['metadata'] : undefined;
  return isObject(metadata) && metadata['managedFields'] === MARK;
}
