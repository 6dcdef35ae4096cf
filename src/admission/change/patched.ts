/** Applies the patch of a mutation as the API server does (RFC 6902); only its operations are supported. */
import { isObject, type JsonObject, pointerSegments } from '../../pod/pointer.ts';
import type { Patch } from '../mutation.ts';

/** Copies only what changes. */
export function patched(object: JsonObject, patch: Patch): JsonObject {
  return patch.reduce<JsonObject>((changed, { path, value }) => {
    const next = withValue(changed, pointerSegments(path), value);
    return isObject(next) ? next : changed;
  }, object);
}

/** `-` appends to a list. */
function withValue(node: unknown, [segment, ...rest]: readonly string[], value: unknown): unknown {
  if (segment === undefined) return value;
  if (Array.isArray(node)) {
    if (segment === '-') return [...node, value];
    return node.map((item: unknown, index) => (String(index) === segment ? withValue(item, rest, value) : item));
  }
  const object = isObject(node) ? node : {};
  return { ...object, [segment]: withValue(object[segment], rest, value) };
}
