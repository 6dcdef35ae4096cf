/** Finds the values that an edit of a YAML or JSON text changed. */
import { escapeSegment, isObject, type JsonObject } from '../../pod/pointer.ts';
import type { ParsedDocument } from './yaml.ts';

export interface ChangedValue {
  /** Counted from 0. */
  readonly document: number;
  readonly pointer: string;
  /** Offset before the change. */
  readonly offset: number;
  readonly line: number;
}

/** Returns undefined if the number of documents changed, or if one no longer parses. */
export function changedValues(
  before: readonly ParsedDocument[],
  after: readonly ParsedDocument[],
): readonly ChangedValue[] | undefined {
  if (before.length !== after.length) return undefined;
  const changes: ChangedValue[] = [];
  for (const [document, one] of before.entries()) {
    const other = after[document];
    if (one.ok !== other?.ok) return undefined;
    if (!one.ok || !other.ok) continue;
    for (const pointer of differences(one.value, other.value)) {
      const { offset } = one.positionOf(pointer);
      changes.push({ document, pointer, offset, line: one.keyPositionOf(pointer).line });
    }
  }
  return changes;
}

function differences(one: unknown, other: unknown): readonly string[] {
  const found: string[] = [];
  compare({ one, other, pointer: '' }, found);
  return found;
}

interface Pair {
  readonly one: unknown;
  readonly other: unknown;
  readonly pointer: string;
}

function compare({ one, other, pointer }: Pair, found: string[]): void {
  if (isObject(one) && isObject(other)) compareMaps(one, other, { pointer, found });
  else if (isList(one) && isList(other) && one.length === other.length)
    for (const [index, item] of one.entries())
      compare({ one: item, other: other[index], pointer: `${pointer}/${index}` }, found);
  else if (!Object.is(one, other)) found.push(pointer);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

interface At {
  readonly pointer: string;
  readonly found: string[];
}

function compareMaps(one: JsonObject, other: JsonObject, { pointer, found }: At): void {
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const at = `${pointer}/${escapeSegment(key)}`;
    if (Object.hasOwn(one, key) && Object.hasOwn(other, key))
      compare({ one: one[key], other: other[key], pointer: at }, found);
    else found.push(at);
  }
}
