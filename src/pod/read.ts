/** Typed reads of single fields. Absent and null are the same, as in Go's decoding; another JSON type is a ShapeError. */
import { escapeSegment, isObject, type JsonObject, jsonType, ShapeError } from './pointer.ts';

export function readString(object: JsonObject, key: string, at: string): string | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'string') throw new ShapeError(`${at}/${escapeSegment(key)}`, 'a string', jsonType(value));
  return value;
}

export function readNumber(object: JsonObject, key: string, at: string): number | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  if (typeof value !== 'number') throw new ShapeError(`${at}/${escapeSegment(key)}`, 'a number', jsonType(value));
  return value;
}

export function readBoolean(object: JsonObject, key: string, at: string): boolean {
  const value = object[key];
  if (value === undefined || value === null) return false;
  if (typeof value !== 'boolean') throw new ShapeError(`${at}/${escapeSegment(key)}`, 'true or false', jsonType(value));
  return value;
}

export function readObject(object: JsonObject, key: string, at: string): JsonObject | undefined {
  const value = object[key];
  if (value === undefined || value === null) return undefined;
  if (!isObject(value)) throw new ShapeError(`${at}/${escapeSegment(key)}`, 'an object', jsonType(value));
  return value;
}

/** The elements of a list of objects. */
export function readObjects(object: JsonObject, key: string, at: string): readonly JsonObject[] {
  const value = object[key];
  if (value === undefined || value === null) return [];
  if (!Array.isArray(value)) throw new ShapeError(`${at}/${escapeSegment(key)}`, 'a list', jsonType(value));
  for (let index = 0; index < value.length; index++) {
    if (!isObject(value[index]))
      throw new ShapeError(`${at}/${escapeSegment(key)}/${index}`, 'an object', jsonType(value[index]));
  }
  return value;
}
