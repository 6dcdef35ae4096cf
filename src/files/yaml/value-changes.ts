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

/** An item of a list that was removed. */
type IsRemoved = (place: Pick<ChangedValue, 'document' | 'pointer'>) => boolean;

/** Returns undefined if the number of documents changed, or if one no longer parses. Pointers are those before the change. */
export function changedValues(
  before: readonly ParsedDocument[],
  after: readonly ParsedDocument[],
  isRemoved: IsRemoved = () => false,
): readonly ChangedValue[] | undefined {
  if (before.length !== after.length) return undefined;
  const changes: ChangedValue[] = [];
  for (const [document, one] of before.entries()) {
    const other = after[document];
    if (one.ok !== other?.ok) return undefined;
    if (!one.ok || !other.ok) continue;
    for (const pointer of differences(one.value, other.value, (at) => isRemoved({ document, pointer: at }))) {
      const { offset } = one.positionOf(pointer);
      changes.push({ document, pointer, offset, line: one.keyPositionOf(pointer).line });
    }
  }
  return changes;
}

interface Differences {
  readonly found: string[];
  readonly isRemoved: (pointer: string) => boolean;
}

function differences(one: unknown, other: unknown, isRemoved: Differences['isRemoved']): readonly string[] {
  const found: string[] = [];
  compare({ one, other, pointer: '' }, { found, isRemoved });
  return found;
}

interface Pair<T = unknown> {
  readonly one: T;
  readonly other: T;
  readonly pointer: string;
}

function compare({ one, other, pointer }: Pair, into: Differences): void {
  if (isObject(one) && isObject(other)) compareMaps({ one, other, pointer }, into);
  else if (isList(one) && isList(other)) compareLists({ one, other, pointer }, into);
  else if (!Object.is(one, other)) into.found.push(pointer);
}

function isList(value: unknown): value is readonly unknown[] {
  return Array.isArray(value);
}

function compareLists({ one, other, pointer }: Pair<readonly unknown[]>, into: Differences): void {
  const { found, isRemoved } = into;
  const items = one.map((item, index) => ({ item, at: `${pointer}/${index}` }));
  const removed = one.length === other.length ? [] : items.filter(({ at }) => isRemoved(at));
  const kept = removed.length === 0 ? items : items.filter(({ at }) => !isRemoved(at));
  if (kept.length !== other.length) {
    found.push(pointer);
    return;
  }
  for (const { at } of removed) found.push(at);
  for (const [index, { item, at }] of kept.entries()) compare({ one: item, other: other[index], pointer: at }, into);
}

function compareMaps({ one, other, pointer }: Pair<JsonObject>, into: Differences): void {
  for (const key of new Set([...Object.keys(one), ...Object.keys(other)])) {
    const at = `${pointer}/${escapeSegment(key)}`;
    if (Object.hasOwn(one, key) && Object.hasOwn(other, key))
      compare({ one: one[key], other: other[key], pointer: at }, into);
    else into.found.push(at);
  }
}
