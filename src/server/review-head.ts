/**
 * Reads the head of a review that is too large to be parsed: the API server writes everything about the request before the object
 * (k8s.io/api/admission/v1, AdmissionRequest). Members are found by their depth, whatever strings and other values contain; the
 * last of two members with one name is used, as in a parsed review.
 */
import { BACKSLASH, COLON, COMMA, endOfNest, endOfString, OPEN_LIST, OPEN_MAP, QUOTE } from './json-bytes.ts';

/** The bytes that are kept of a body that is too large; the user's names and groups precede the object and can be long. */
export const HEAD_BYTES = 64 * 1024;

type Members = Readonly<Record<string, unknown>>;

const ABOUT_THE_REQUEST = new Set([
  'uid',
  'kind',
  'subResource',
  'name',
  'namespace',
  'operation',
  'userInfo',
  'dryRun',
]);
const ABOUT_THE_OBJECT = new Set(['name', 'generateName', 'deletionTimestamp']);

/**
 * Returns an AdmissionReview with only the name of its object, from a whole text or from its beginning; undefined if the text
 * does not start with an AdmissionReview.
 */
export function headOf(bytes: Buffer): Members | undefined {
  const review = membersOf(bytes, 0, (key) => key === 'apiVersion' || key === 'kind');
  const at = review?.places.get('request');
  const request = at === undefined ? undefined : membersOf(bytes, at, (key) => ABOUT_THE_REQUEST.has(key));
  if (review === undefined || request === undefined) return undefined;
  const objectAt = request.places.get('object');
  const object = objectAt === undefined ? undefined : membersOf(bytes, objectAt, () => false);
  const metadataAt = object?.places.get('metadata');
  const metadata =
    metadataAt === undefined ? undefined : membersOf(bytes, metadataAt, (key) => ABOUT_THE_OBJECT.has(key));
  return {
    ...review.values,
    // Without an operation in the head, it is CREATE: only a new object can have a name that long.
    request: { operation: 'CREATE', ...request.values, object: { metadata: metadata?.values ?? {} } },
  };
}

interface PartialMap {
  readonly values: Members;
  /** The offset of the value of each other member. */
  readonly places: ReadonlyMap<string, number>;
}

/** Reads the map at `start`, up to the end of the text; undefined: it is not a map. */
function membersOf(bytes: Buffer, start: number, isWanted: (key: string) => boolean): PartialMap | undefined {
  let at = blankEnd(bytes, start);
  if (bytes[at] !== OPEN_MAP) return undefined;
  const values = new Map<string, unknown>();
  const places = new Map<string, number>();
  do {
    const keyAt = blankEnd(bytes, at + 1);
    if (bytes[keyAt] !== QUOTE) break;
    const keyEnd = endOfString(bytes, keyAt) + 1;
    const key = textOf(bytes, keyAt, keyEnd);
    const colon = blankEnd(bytes, keyEnd);
    if (key === undefined || bytes[colon] !== COLON) break;
    const valueAt = blankEnd(bytes, colon + 1);
    places.set(key, valueAt);
    const end = endOfValue(bytes, valueAt);
    if (end === undefined) break;
    if (isWanted(key)) values.set(key, valueOf(bytes, valueAt, end));
    at = blankEnd(bytes, end);
  } while (bytes[at] === COMMA);
  return { values: Object.fromEntries(values), places };
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

/** Returns undefined for a key that is longer than all searched keys. */
function textOf(bytes: Buffer, from: number, to: number): string | undefined {
  if (to > bytes.length) return undefined;
  const isLong = to - from > 100;
  const plain = !isLong && !bytes.subarray(from, to).includes(BACKSLASH);
  if (plain || isLong) return bytes.toString('utf8', from + 1, isLong ? from + 101 : to - 1);
  const value = valueOf(bytes, from, to);
  return typeof value === 'string' ? value : undefined;
}

function valueOf(bytes: Buffer, from: number, to: number): unknown {
  try {
    return JSON.parse(bytes.toString('utf8', from, to));
  } catch (error) {
    // Invalid JSON counts as absent, which never allows an object.
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}
