/** Iterates over a list or a map, with one or two variables. */
import { quoteValue } from '../image/quote.ts';
import { type Budget, CelError, spend } from './budget.ts';
import { type Code, type Env, fault, requireBool, within } from './code.ts';
import { type MacroCall, variableName } from './macro.ts';
import type { Node } from './parse.ts';
import { DYN, INT, showType, STRING, type Type } from './type.ts';
import { isTagged, itemAt, mapGet, mapKeys, typeName, type Value } from './value.ts';

/** The list or map of a comprehension. */
interface Range {
  readonly size: number;
  key(index: number): Value;
  value(index: number): Value;
}

export interface Loop {
  /** Sets the variables of the loop to each element in turn, until `visit` returns true. */
  each(env: Env, visit: (env: Env) => boolean): void;
  /** The arguments after the variables, compiled inside of the loop. */
  readonly bodies: readonly Code[];
  readonly nodes: readonly Node[];
  readonly types: readonly Type[];
}

export function loopOf(call: MacroCall, variables: 1 | 2): Loop {
  const { scope, receiver, args, from } = call;
  const names = args.slice(0, variables).map(variableName);
  if (variables === 2 && names[0] === names[1])
    throw fault(args[1] ?? call.node, 'the two variables must have different names');
  const types = elementTypes(call).slice(2 - variables);
  const inner = within(scope, names, variables === 1 ? [single(receiver.type, types)] : types);
  const nodes = args.slice(variables);
  const slot = scope.depth;
  return {
    nodes,
    types,
    bodies: nodes.map((node) => inner.compile(node, inner)),
    each(env, visit) {
      const value = receiver.run(env);
      const range = rangeOf(value, from, env.budget);
      const keys = variables === 1 && isTagged(value, 'map');
      for (let index = 0; index < range.size; index += 1) {
        spend(env.budget, 1);
        if (variables === 2) env.locals[slot] = range.key(index);
        env.locals[slot + variables - 1] = keys ? range.key(index) : range.value(index);
        if (visit(env)) return;
      }
    },
  };
}

/** The types of index or key, and of the element. */
function elementTypes({ node, name, receiver: { type }, from }: MacroCall): readonly [Type, Type] {
  switch (type.kind) {
    case 'dyn':
      return [DYN, DYN];
    case 'object':
      return [STRING, DYN];
    case 'list':
      return [INT, type.of];
    case 'map':
      return [type.key, type.of];
    default:
      throw fault(node, `${name}() requires a list or a map, but ${quoteValue(from, 80)} has type ${showType(type)}`);
  }
}

/** One variable is the element of a list, but the key of a map. */
export function single(type: Type, [element = DYN]: readonly Type[]): Type {
  if (type.kind === 'map') return type.key;
  return type.kind === 'object' ? STRING : element;
}

function rangeOf(value: Value, from: string, budget: Budget): Range {
  if (isTagged(value, 'list')) {
    return { size: value.items.length, key: BigInt, value: (index) => itemAt(value, index) };
  }
  if (!isTagged(value, 'map')) {
    throw new CelError(`${quoteValue(from, 80)} has type ${typeName(value)}, expected a list or a map`);
  }
  const keys = mapKeys(value, budget);
  const key = (index: number): Value => keys[index] ?? null;
  return { size: keys.length, key, value: (index) => mapGet(value, key(index)) ?? null };
}

export function bodyOf({ bodies, nodes }: Loop, index: number): { readonly body: Code; readonly node: Node } {
  const [body, node] = [bodies[index], nodes[index]];
  if (body === undefined || node === undefined) throw new RangeError('a macro without body');
  return { body, node };
}

/** Returns the bool of a predicate; other values are errors. */
function truth(value: Value): boolean {
  if (typeof value === 'boolean') return value;
  throw new CelError(`a condition must have type bool, found type ${typeName(value)}`);
}

export function predicate(loop: Loop, index: number): (env: Env) => boolean {
  const { body, node } = bodyOf(loop, index);
  requireBool(node, body, 'the condition');
  return (env) => truth(body.run(env));
}
