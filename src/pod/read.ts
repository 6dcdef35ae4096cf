/**
 * Typed reads of single fields. Absent and null are the same, as in Go's decoding; another JSON type is a ShapeError. Most come
 * in two forms: of an object and a key, and, for the loop over all containers, of a value that was taken out by a key that the
 * compiler sees, which the engine finds several times faster.
 */
import { escapeSegment, isObject, type JsonObject, jsonType, ShapeError } from './pointer.ts';

export function readString(object: JsonObject, key: string, at: string): string | undefined {
  return asString(object[key], at, key);
}

export function readNumber(object: JsonObject, key: string, at: string): number | undefined {
  return asNumber(object[key], at, key);
}

export function readBoolean(object: JsonObject, key: string, at: string): boolean {
  return asBoolean(object[key], at, key);
}

export function readObject(object: JsonObject, key: string, at: string): JsonObject | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw unexpected('an object', value, at, key);
  return value;
}

/** The elements of a list of objects. */
export function readObjects(object: JsonObject, key: string, at: string): readonly JsonObject[] {
  return asObjects(object[key], at, key);
}

/** `at` is the pointer of the object in which the value stands under `key`. */
export function asString(value: unknown, at: string, key: string): string | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw unexpected('a string', value, at, key);
  return value;
}

export function asNumber(value: unknown, at: string, key: string): number | undefined {
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw unexpected('a number', value, at, key);
  return value;
}

export function asBoolean(value: unknown, at: string, key: string): boolean {
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw unexpected('true or false', value, at, key);
  return value;
}

/** One for all who ask, plugins among them: nobody may put something into it. */
const NONE: readonly JsonObject[] = Object.freeze([]);

export function asObjects(value: unknown, at: string, key: string): readonly JsonObject[] {
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
