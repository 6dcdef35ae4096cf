/**
 * Typed reads of single fields: the object, the key, and the pointer of the object. Absent and null are the same, as in Go's
 * decoding; another JSON type is a ShapeError.
 */
import { escapeSegment, isObject, type JsonObject, jsonType, ShapeError } from './pointer.ts';

export function readString(object: JsonObject, key: string, at: string): string | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new ShapeError(`${at}/${escapeSegment(key)}`, 'a string', foundText(value));
  return value;
}

/** For users of YAML, who write `image: yes`. */
export function foundText(value: unknown): string {
  const found = jsonType(value);
  return typeof value === 'boolean'
    ? `${found}; in YAML, quote words such as yes, no, on, off, true, and false`
    : found;
}

export function readNumber(object: JsonObject, key: string, at: string): number | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw unexpected('a number', value, at, key);
  return value;
}

/** Returns false for an absent value. */
export function readBoolean(object: JsonObject, key: string, at: string): boolean {
  const value = object[key];
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw unexpected('true or false', value, at, key);
  return value;
}

export function readObject(object: JsonObject, key: string, at: string): JsonObject | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw unexpected('an object', value, at, key);
  return value;
}

/** Frozen, because all callers share it, including plugins. */
const NONE: readonly JsonObject[] = Object.freeze([]);

/** The elements of a list of objects. */
export function readObjects(object: JsonObject, key: string, at: string): readonly JsonObject[] {
  const value = object[key];
  if (value === undefined || value === null) return NONE;
  if (!Array.isArray(value)) throw unexpected('a list', value, at, key);
  for (let index = 0; index < value.length; index++) {
    if (!isObject(value[index]))
      throw unexpected('an object', value[index], `${at}/${escapeSegment(key)}`, String(index));
  }
  return value;
}

function unexpected(expected: string, value: unknown, at: string, key: string): ShapeError {
  return new ShapeError(`${at}/${escapeSegment(key)}`, expected, jsonType(value));
}
