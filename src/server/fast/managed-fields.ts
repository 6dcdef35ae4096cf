/**
 * A review without `metadata.managedFields`, which no rule sees, and which is a third of a stored object or more:
 * its many small maps cost more to parse than all the rest. The list is cut out before the text is parsed.
 */
import { isObject } from '../../pod/pointer.ts';
import { COMMA, endOfNest, OPEN_MAP } from '../json-bytes.ts';

/** As Go writes it. Inside of a string each quotation mark has a backslash before it, so this can only be a key. */
const KEY = Buffer.from('"managedFields":[');
/** Replaces a list. It is random, so that no author of an object can write it. */
const MARK = Math.random();

/** In a shorter text there is so little of it that to look for it costs as much. */
const WORTH_IT_BYTES = 4096;

/** From behind `"managedFields":` to behind the list. */
export interface Cut {
  readonly from: number;
  readonly to: number;
}

/** A review has two objects at most. */
const MAX_CUTS = 2;

/** Where the lists stand; none where one must not be cut out, or where it is not worth it. */
export function managedFieldsIn(bytes: Buffer): readonly Cut[] {
  let at = bytes.length < WORTH_IT_BYTES ? -1 : bytes.indexOf(KEY);
  if (at < 0) return NO_CUTS;
  const cuts: Cut[] = [];
  while (at >= 0) {
    const from = at + KEY.length - 1;
    const to = isKey(bytes[at - 1]) ? endOfNest(bytes, from) : -1;
    if (to < 0 || cuts.length === MAX_CUTS) return NO_CUTS;
    cuts.push({ from, to });
    at = bytes.indexOf(KEY, to);
  }
  return cuts;
}

const NO_CUTS: readonly Cut[] = [];

function isKey(before: number | undefined): boolean {
  return before === COMMA || before === OPEN_MAP;
}

/** The parsed value with a number in the place of each list; `undefined` when the whole text must be parsed. */
export function parsedWithout(bytes: Buffer, cuts: readonly Cut[]): unknown {
  if (cuts.length === 0) return undefined;
  let text = '';
  let at = 0;
  for (const { from, to } of cuts) {
    text += bytes.toString('utf8', at, from) + String(MARK);
    at = to;
  }
  return asMarked(text + bytes.toString('utf8', at), cuts.length);
}

/** Only when each cut was made at `metadata` of an object of the review; a key of this name can also be elsewhere. */
function asMarked(text: string, cuts: number): unknown {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    // Parsing the whole text reports the error.
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
