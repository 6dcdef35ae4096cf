/**
 * Removes what a schema rejects from a value, so that other checks can report the faults of the rest in the same run.
 */
import { escapeSegment, isObject, type JsonObject, pointerSegments } from '../pod/pointer.ts';
import type { SchemaCheck } from './schema-faults.ts';

export interface ValidPart {
  /** Fits the schema. */
  readonly value: unknown;
  /** Pointers into the original value of all removed parts except unknown keys. */
  readonly lacking: readonly string[];
  /** Maps a pointer to the original value; `undefined` if a part of the value there was removed. */
  readonly placeOf: (pointer: string) => string | undefined;
}

/** For a value without schema faults. */
export function wholePart(value: unknown): ValidPart {
  return { value, lacking: [], placeOf: (pointer) => pointer };
}

/** Returns the valid part of `spec`; an empty object if there is none. */
export function validSpecOf(document: unknown, check: SchemaCheck): ValidPart {
  const spec = isObject(document) ? document['spec'] : undefined;
  return (
    (isObject(spec) ? validPart(spec, check) : undefined) ?? { value: {}, lacking: [''], placeOf: () => undefined }
  );
}

/** Returns undefined if no part is valid. */
export function validPart(value: unknown, check: SchemaCheck): ValidPart | undefined {
  const taken: string[] = [];
  const lacking: string[] = [];
  let current: Part = { value, origin: '', children: new Map() };
  for (let wrong = check(value); wrong.length > 0; wrong = check(current.value)) {
    const places = new Set(wrong.map(({ pointer }) => pointer));
    if (places.has('')) return undefined;
    for (const { pointer, at } of wrong) if (at === 'value') lacking.push(originOf(current, pointer));
    for (const place of places) taken.push(originOf(current, place));
    current = without(current, '', { places, parents: parentsOf(places) });
  }
  const part = current;
  return { value: part.value, lacking, placeOf: (pointer) => completeAt(originOf(part, pointer), taken) };
}

function completeAt(pointer: string, taken: readonly string[]): string | undefined {
  return taken.some((place) => place === pointer || place.startsWith(`${pointer}/`)) ? undefined : pointer;
}

/** Only these values need a copy. */
function parentsOf(pointers: ReadonlySet<string>): ReadonlySet<string> {
  const parents = new Set<string>();
  for (const pointer of pointers) {
    for (let end = pointer.lastIndexOf('/'); end >= 0; end = pointer.lastIndexOf('/', end - 1)) {
      parents.add(pointer.slice(0, end));
      if (end === 0) break;
    }
  }
  return parents;
}

interface Taking {
  readonly places: ReadonlySet<string>;
  readonly parents: ReadonlySet<string>;
}

/** A value with its pointer in the original. A part that is not in `children` has the same pointer below it. */
interface Part {
  readonly value: unknown;
  readonly origin: string;
  readonly children: ReadonlyMap<string, Part>;
}

function originOf(part: Part, pointer: string): string {
  let current = part;
  const segments = pointerSegments(pointer);
  for (const [index, segment] of segments.entries()) {
    const child = current.children.get(segment);
    if (child === undefined) return [current.origin, ...segments.slice(index).map(escapeSegment)].join('/');
    current = child;
  }
  return current.origin;
}

/** `at` and the pointers in `taking` refer to the current value. */
function without(part: Part, at: string, taking: Taking): Part {
  const { value } = part;
  if (!taking.parents.has(at)) return part;
  const kept = keysOf(value).filter((key) => !taking.places.has(`${at}/${escapeSegment(key)}`));
  const children = kept.map((key) => {
    const child = part.children.get(key) ?? plainChild(part, key);
    return [key, without(child, `${at}/${escapeSegment(key)}`, taking)] as const;
  });
  if (Array.isArray(value)) {
    const list = children.map(([, child], index) => [String(index), child] as const);
    return { ...part, value: list.map(([, child]) => child.value), children: new Map(list) };
  }
  if (!isObject(value)) return part;
  return {
    ...part,
    value: Object.fromEntries(children.map(([key, child]) => [key, child.value])),
    children: new Map(children),
  };
}

function keysOf(value: unknown): readonly string[] {
  if (Array.isArray(value)) return value.map((_element, index) => String(index));
  return isObject(value) ? Object.keys(value) : [];
}

function plainChild({ value, origin }: Part, key: string): Part {
  const child: unknown = Array.isArray(value) ? value[Number(key)] : (value as JsonObject)[key];
  return { value: child, origin: `${origin}/${escapeSegment(key)}`, children: new Map() };
}
