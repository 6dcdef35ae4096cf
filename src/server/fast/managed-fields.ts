/**
 * Cuts `metadata.managedFields` out of a review before it is parsed. No rule sees these lists, they are a third of a stored object
 * or more, and their many small maps cost more to parse than everything else.
 */
import { isObject } from '../../pod/pointer.ts';
import { COMMA, endOfNest, OPEN_MAP } from '../json-bytes.ts';

/** The key as Go writes it. In a string, quotation marks have a backslash before them, so this can only be a key. */
const KEY = Buffer.from('"managedFields":[');
/** Replaces a list. It is random, so that authors of objects cannot know it. */
const MARK = Math.random();

/** In a shorter text, the search costs as much as it saves. */
const WORTH_IT_BYTES = 4096;

/** Starts after `"managedFields":` and ends after the list. */
export interface Cut {
  readonly from: number;
  readonly to: number;
}

/** A review has at most two objects. */
const MAX_CUTS = 2;

/** Finds the lists; returns no cuts if a list cannot be cut safely, or if the text is short. */
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

/** Parses a text with a number in place of each list; undefined: the whole text must be parsed. */
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

/** Returns the value if each cut is in the `metadata` of an object of the review; other maps can have this key as well. */
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
