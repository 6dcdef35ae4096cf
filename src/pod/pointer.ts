/**
 * JSON Pointers (RFC 6901) into Kubernetes objects, with one extension for tables of locations: the segment `*` matches every
 * element of a list and every value of a map.
 */
import { quoteValue } from '../image/quote.ts';

export type JsonObject = { readonly [key: string]: unknown };

export interface Location {
  readonly pointer: string;
  readonly value: unknown;
}

/** A value that the API does not allow at this location, usually of another JSON type. `pointer` is relative to the object. */
export class ShapeError extends Error {
  readonly pointer: string;

  constructor(pointer: string, expected: string, found: string) {
    super(`expected ${expected}, found ${found}`);
    this.name = 'ShapeError';
    this.pointer = pointer;
  }
}

export function jsonType(value: unknown): string {
  if (value === null) return 'null';
  if (Array.isArray(value)) return 'a list';
  if (typeof value === 'object') return 'an object';
  if (value === undefined) return 'nothing';
  return `a ${typeof value}`;
}

export function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Returns `undefined` for a text that is not a JSON object. */
export function parsedJsonObject(text: string): JsonObject | undefined {
  const value = parsedJson(text);
  return isObject(value) ? value : undefined;
}

/** Returns an object or a list; undefined for other texts. */
export function parsedJson(text: string): object | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === 'object' && value !== null ? value : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

export function escapeSegment(segment: string): string {
  if (!segment.includes('/') && !segment.includes('~')) return segment;
  return segment.replaceAll('~', '~0').replaceAll('/', '~1');
}

/** Returns the unescaped segments of a pointer; none for `''`, the whole document. */
export function pointerSegments(pointer: string): readonly string[] {
  if (pointer === '') return [];
  const segments = pointer.slice(1).split('/');
  return pointer.includes('~') ? segments.map((each) => each.replaceAll('~1', '/').replaceAll('~0', '~')) : segments;
}

/** Returns the value at a pointer, or `undefined`. Treats `*` as an ordinary key. */
export function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const segment of pointerSegments(pointer)) {
    if (Array.isArray(value)) value = /^(0|[1-9]\d{0,9})$/.test(segment) ? value[Number(segment)] : undefined;
    else value = isObject(value) && Object.hasOwn(value, segment) ? value[segment] : undefined;
  }
  return value;
}

/** Quotes a pointer with unusual keys, which can contain any text. */
export function shownPointer(pointer: string): string {
  return /^[\w/.~:*-]{0,500}$/.test(pointer) ? pointer : quoteValue(pointer, 500);
}

/** Formats a pointer as a Kubernetes field path: `/spec/containers/0/image` as `spec.containers[0].image`. */
export function fieldPath(pointer: string): string {
  let path = '';
  for (const segment of pointerSegments(pointer)) {
    if (/^\d+$/.test(segment)) path += `[${segment}]`;
    else if (/^[A-Za-z_][\w-]*$/.test(segment)) path += path === '' ? segment : `.${segment}`;
    else path += `[${quoteValue(segment)}]`;
  }
  return path;
}

/**
 * Returns all existing locations at `segments`, in document order. null counts as absent, as in Go, and so does a string that
 * contains `open` instead of a map or a list: a controller fills in the whole value later.
 */
export function locationsAt(root: unknown, segments: readonly string[], open?: string): readonly Location[] {
  const search: Search = { segments, open, locations: [] };
  collect({ pointer: '', value: root }, 0, search);
  return search.locations;
}

interface Search {
  readonly segments: readonly string[];
  readonly open: string | undefined;
  readonly locations: Location[];
}

function collect(location: Location, from: number, search: Search): void {
  const { pointer, value } = location;
  if (value === null || value === undefined) return;
  const segment = search.segments[from];
  if (segment === undefined) search.locations.push(location);
  else if (holdsText(value, search.open)) return;
  else if (segment === '*') {
    for (const [key, child] of entries(location)) {
      collect({ pointer: pointerTo(pointer, key), value: child }, from + 1, search);
    }
  } else {
    collect({ pointer: `${pointer}/${escapeSegment(segment)}`, value: childOf(location, segment) }, from + 1, search);
  }
}

function holdsText(value: unknown, text: string | undefined): boolean {
  return text !== undefined && typeof value === 'string' && value.includes(text);
}

function childOf({ pointer, value }: Location, segment: string): unknown {
  if (isObject(value)) return Object.hasOwn(value, segment) ? value[segment] : undefined;
  if (Array.isArray(value) && /^(0|[1-9]\d{0,9})$/.test(segment)) return value[Number(segment)];
  throw new ShapeError(pointer, 'an object', jsonType(value));
}

function entries({ pointer, value }: Location): readonly (readonly [string, unknown])[] {
  if (Array.isArray(value)) return value.map((child, index) => [String(index), child] as const);
  if (isObject(value)) return Object.entries(value);
  throw new ShapeError(pointer, 'a list or a map', jsonType(value));
}

/** Longer than any name or image repository. Bounds pointers, which consist of keys. */
const MAX_KEY = 500;

/** Extends a pointer by a key from the user. */
export function pointerTo(pointer: string, key: string): string {
  if (key.length <= MAX_KEY) return `${pointer}/${escapeSegment(key)}`;
  throw new ShapeError(pointer, `keys of at most ${MAX_KEY} characters`, `a key of ${key.length}`);
}
