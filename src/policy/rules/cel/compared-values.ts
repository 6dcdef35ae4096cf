/** Returns the values that the expressions of a program read for one problem: see policy/compared-values.ts. */
import { evaluatedParts } from '../../../pod/metadata.ts';
import { isObject, type JsonObject, valueAt } from '../../../pod/pointer.ts';
import type { Workload } from '../../../pod/workload.ts';
import type { Problem } from '../../rule.ts';
import { withDefaults } from './globals.ts';
import { type Node, parse } from '../../../cel/parse.ts';
import type { Reads } from '../../../cel/read-places.ts';
import { readsOf } from '../../../cel/reads.ts';

export interface Expressions {
  readonly expression: string;
  readonly messageExpression?: string;
  readonly variables?: readonly { readonly name: string; readonly expression: string }[];
}

type SeenBy = (problem: Problem, workload: Workload) => readonly unknown[];

/** Returns what the expressions read, according to their text. `parameters` must compile. */
export function expressionReads(parameters: Expressions): Reads {
  const variables = new Map<string, Node>();
  for (const { name, expression } of parameters.variables ?? []) variables.set(name, parse(expression));
  const texts = [
    parameters.expression,
    ...(parameters.messageExpression === undefined ? [] : [parameters.messageExpression]),
  ];
  return readsOf(texts.map(parse), variables);
}

export function createSeen(reads: Reads): SeenBy {
  const checksChange = isAboutChange(reads);
  // Equal for all containers, and an object can have thousands of them (figures: test/bench/README.md).
  const known = new WeakMap<JsonObject, readonly unknown[]>();
  const seenIn = (object: JsonObject): readonly unknown[] => {
    const before = known.get(object);
    if (before !== undefined) return before;
    const ofObject = Array.from(reads.object, (pointer) => valueAt(lasting(object, pointer), pointer));
    const seen = checksChange ? [ofObject, evaluatedParts(object)] : [ofObject];
    known.set(object, seen);
    return seen;
  };
  return ({ container }, { object }) => {
    if (container === undefined) return seenIn(object);
    const fields = withDefaults(container);
    const ofContainer = Array.from(reads.container, (pointer) => valueAt(fields, pointer));
    return [...seenIn(object), ofContainer, reads.image.size === 0 ? undefined : container.image.text];
  };
}

/** The fields of a request that do not depend on the user or the operation. */
const LASTING = /^\/(?:namespace|name|kind(?:\/.*)?)$/;

/**
 * Reports whether the expression concerns the change itself, such as its user: then other requests created the stored object,
 * and only an update of nothing but metadata counts as existing.
 */
function isAboutChange({ request, oldObject, object, container, image }: Reads): boolean {
  if (oldObject.size > 0 || [...request].some((pointer) => !LASTING.test(pointer))) return true;
  return object.size + container.size + image.size === 0;
}

/** Removes the fields that the API server writes on every update. */
function lasting(object: JsonObject, pointer: string): JsonObject {
  if (pointer !== '' && pointer !== '/metadata') return object;
  const { status: _status, metadata, ...rest } = object;
  if (!isObject(metadata)) return { ...rest, metadata };
  const { resourceVersion: _version, generation: _generation, managedFields: _fields, ...lastingMetadata } = metadata;
  return { ...rest, metadata: lastingMetadata };
}
