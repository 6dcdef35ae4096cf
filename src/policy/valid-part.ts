/**
 * What is left of a value without what its schema refuses, so that all that is wrong with the rest can be told as well, and
 * not only after the first faults are mended.
 */
import { escapeSegment, isObject, type JsonObject, pointerSegments } from '../pod/pointer.ts';
import type { SchemaCheck } from './schema-faults.ts';

export interface ValidPart {
  /** Fits the schema. */
  readonly value: unknown;
  /** What was taken out beside keys that nobody knows, where it stood in the whole. */
  readonly lacking: readonly string[];
  /** Where what stands at this pointer stood in the whole; `undefined` when a part of it was taken out. */
  readonly placeOf: (pointer: string) => string | undefined;
}

/** All of a value that its schema accepts. */
export function wholePart(value: unknown): ValidPart {
  return { value, lacking: [], placeOf: (pointer) => pointer };
}

/** Of the `spec` of a document; empty where nothing of it can be read. */
export function validSpecOf(document: unknown, check: SchemaCheck): ValidPart {
  const spec = isObject(document) ? document['spec'] : undefined;
  return (
    (isObject(spec) ? validPart(spec, check) : undefined) ?? { value: {}, lacking: [''], placeOf: () => undefined }
  );
}

/** `undefined` when nothing is left. */
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

/** Of all of them, to leave the rest as it is. */
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

/** A value, and where it and its parts stood in the whole; of a part that is not among its children, as it stands in it. */
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

/** `at`: where the part stands now; the places are as it stands now, too. */
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
