/**
 * Values of custom kinds that have another shape than the table of kinds expects. A CRD can change its shape with its version, so
 * the table can be wrong about them. Pod specs and built-in kinds have one shape, so there the object is wrong.
 */
import { isBuiltInGroup } from './kind-entry.ts';
import type { KindTable } from './kinds.ts';
import { escapeSegment, isObject, type JsonObject, pointerSegments, valueAt } from './pointer.ts';
import { type ObjectType, type ShapeFault, typeOf, workloadOf } from './workload.ts';

export interface ReadableObject {
  /** The object with null instead of the misshapen values, which counts as absent. */
  readonly object: JsonObject;
  readonly faults: readonly ShapeFault[];
}

/** Bounds the time for one object, which is read once for each fault. */
const MAX_FAULTS = 20;

/** Returns undefined if the object has no misshapen values, too many of them, or another fault. */
export function readableObject(object: JsonObject, type: ObjectType, kinds: KindTable): ReadableObject | undefined {
  const faults: ShapeFault[] = [];
  let readable = object;
  while (faults.length <= MAX_FAULTS) {
    const read = workloadOf(readable, type, kinds);
    if (read === undefined) return undefined;
    if (read.ok) return faults.length === 0 ? undefined : { object: readable, faults };
    const { fault } = read;
    if (!dependsOnCrd(object, pointerSegments(fault.pointer), { type, kinds })) return undefined;
    faults.push(fault);
    readable = withNull(readable, pointerSegments(fault.pointer));
  }
  return undefined;
}

interface TypedTable {
  readonly type: ObjectType;
  readonly kinds: KindTable;
}

/** Reports whether the CRD of the object, and not the API of Kubernetes, decides about the shape at a location. */
function dependsOnCrd(object: JsonObject, at: readonly string[], { type, kinds }: TypedTable): boolean {
  const kind = kinds.find(type.group, type.kind);
  if (kind === undefined || isBuiltInGroup(type.group) || at.length === 0 || at[0] === 'metadata') return false;
  if (kind.podSpecs.some((location) => isWithin(at, location))) return false;
  const holder = kind.objects.find((location) => isWithin(at, location));
  if (holder === undefined) return true;
  const inner = valueAt(object, `/${at.slice(0, holder.length).map(escapeSegment).join('/')}`);
  return isObject(inner) && dependsOnCrd(inner, at.slice(holder.length), { type: typeOf(inner), kinds });
}

function isWithin(at: readonly string[], location: readonly string[]): boolean {
  return at.length > location.length && location.every((segment, index) => segment === '*' || segment === at[index]);
}

/** Copies only what is on the way to the location. */
function withNull(object: JsonObject, at: readonly string[]): JsonObject {
  const [key = '', ...rest] = at;
  return { ...object, [key]: nullWithin(object[key], rest) };
}

function nullWithin(value: unknown, at: readonly string[]): unknown {
  const [key, ...rest] = at;
  if (key === undefined) return null;
  if (Array.isArray(value))
    return value.map((item: unknown, index) => (String(index) === key ? nullWithin(item, rest) : item));
  return isObject(value) ? withNull(value, at) : value;
}
