/** `a.b`, `a.?b`, `a[b]`, `a[?b]` and `has(a.b)`. */
import { quoteValue } from '../image/quote.ts';
import { didYouMean } from '../image/suggestion.ts';
import { CelError, spend } from './budget.ts';
import { code, type Code, constant, fault, type Scope, sourceOf } from './code.ts';
import type { Node } from './parse.ts';
import { BOOL, common, DYN, optionalType, plain, showType, STRING, type Type } from './type.ts';
import { isTagged, itemAt, mapGet, mapKey, NONE, some, typeName, type Value } from './value.ts';

type Field = Extract<Node, { readonly op: '.' | '.?' }>;
type Index = Extract<Node, { readonly op: '[]' | '[?]' }>;

const TYPES = new Set(
  [
    'bool int uint double string bytes list map null_type type optional_type google.protobuf.Timestamp',
    'google.protobuf.Duration kubernetes.URL kubernetes.Quantity kubernetes.Semver net.IP net.CIDR',
  ].flatMap((names) => names.split(' ')),
);

export function compileName(node: Extract<Node, { readonly op: 'id' }>, scope: Scope): Code {
  const name = node.args;
  const local = scope.locals.get(name);
  if (local !== undefined) return code(local.type, ({ locals }) => locals[local.slot] ?? null);
  const type = scope.globals.get(name);
  if (type !== undefined) {
    scope.uses.add(name);
    return code(type, ({ globals }) => globals[name] ?? null);
  }
  if (TYPES.has(name)) return constant(plain('type'), { tag: 'type', name });
  const known = [...scope.locals.keys(), ...scope.globals.keys()];
  const more = name === 'variables' ? ' (the policy has no "variables")' : ` (variables: ${known.join(', ')})`;
  throw fault(node, `unknown variable ${quoteValue(name)}${didYouMean(name, known)}${more}`);
}

/** `math` in `math.abs(x)`, `google.protobuf` in a type's name: names that are not variables. */
export function dottedName(node: Node, scope: Scope): string | undefined {
  if (node.op === 'id') return isVariable(node.args, scope) ? undefined : node.args;
  if (node.op !== '.') return undefined;
  const before = dottedName(node.args[0], scope);
  return before === undefined ? undefined : `${before}.${node.args[1]}`;
}

function isVariable(name: string, { locals, globals }: Scope): boolean {
  return locals.has(name) || globals.has(name);
}

export function compileField(node: Field, scope: Scope): Code {
  const [left, name] = node.args;
  if (node.op === '.') {
    const dotted = dottedName(node, scope);
    if (dotted !== undefined && TYPES.has(dotted)) return constant(plain('type'), { tag: 'type', name: dotted });
    if (dotted === `variables.${name}` && scope.variables.size > 0) return variable(node, name, scope);
  }
  const operand = scope.compile(left, scope);
  const type = fieldType(node, operand.type, name);
  const get = (value: Value): Value | undefined => fieldOf(value, name);
  if (node.op === '.?' || operand.type.kind === 'optional') return optional(operand, type, get);
  return present(operand, type, { name, from: sourceOf(left) });
}

function present(operand: Code, type: Type, { name, from }: { readonly name: string; readonly from: string }): Code {
  return code(type, (env) => {
    spend(env.budget, 1);
    const value = operand.run(env);
    if (isTagged(value, 'optional')) return chained(value, (inner) => fieldOf(inner, name));
    const found = fieldOf(value, name);
    if (found === undefined) throw missing(value, name, from);
    return found;
  });
}

function variable(node: Field, name: string, scope: Scope): Code {
  const found = scope.variables.get(name);
  if (found === undefined) {
    const known = [...scope.variables.keys()];
    throw fault(
      node,
      `"variables" has no ${quoteValue(name)}${didYouMean(name, known)} (so far: ${known.join(', ') || 'none'})`,
    );
  }
  return code(found.type, (env) => {
    const before = env.known.get(name);
    if (before !== undefined) return before;
    const value = found.run({ ...env, locals: [] });
    env.known.set(name, value);
    return value;
  });
}

function fieldType(node: Field, type: Type, name: string): Type {
  switch (type.kind) {
    case 'dyn':
      return DYN;
    case 'optional':
      return fieldType(node, type.of, name);
    case 'map':
      if (common(type.key, STRING) === undefined) break;
      return type.of;
    case 'object': {
      const found = type.fields.get(name);
      if (found !== undefined) return found;
      const names = [...type.fields.keys()];
      throw fault(
        node,
        `${type.name} has no field ${quoteValue(name)}${didYouMean(name, names)} (fields: ${names.join(', ')})`,
      );
    }
    default:
  }
  throw fault(node, `type ${showType(type)} has no fields`);
}

/** Returns undefined if the field is absent. */
function fieldOf(value: Value, name: string): Value | undefined {
  if (isTagged(value, 'list')) throw new CelError(`a list has no field ${quoteValue(name, 80)}`);
  return isTagged(value, 'map') ? mapGet(value, name) : undefined;
}

function missing(value: Value, name: string, from: string): CelError {
  if (isTagged(value, 'map')) return absent(quoteValue(name, 80), from);
  return new CelError(`${quoteValue(from, 80)} has type ${typeName(value)} and no field ${quoteValue(name, 80)}`);
}

/** A fault of the policy, not of the object: the expression reads an optional field. */
function absent(what: string, from: string): CelError {
  return new CelError(`${quoteValue(from, 80)} has no ${what}`, {
    hint: 'in the policy, test the field with has(), or use ".?" and orValue()',
  });
}

type Get = (value: Value) => Value | undefined;

function optional(operand: Code, type: Type, get: Get): Code {
  return code(optionalType(type), (env) => {
    spend(env.budget, 1);
    return chained(operand.run(env), get);
  });
}

function chained(value: Value, get: Get): Value {
  const inner = isTagged(value, 'optional') ? value.value : value;
  const found = inner === undefined ? undefined : get(inner);
  return found === undefined ? NONE : some(found);
}

export function compileIndex(node: Index, scope: Scope): Code {
  const [left, right] = node.args;
  const operand = scope.compile(left, scope);
  const index = scope.compile(right, scope);
  const type = indexedType(node, operand.type, index.type);
  const from = sourceOf(left);
  if (node.op === '[?]' || operand.type.kind === 'optional') {
    return code(optionalType(type), (env) => {
      spend(env.budget, 1);
      const value = operand.run(env);
      const at = index.run(env);
      return chained(value, (inner) => (hasIndex(inner) ? indexed(inner, at, from) : undefined));
    });
  }
  return code(type, (env) => {
    spend(env.budget, 1);
    const value = operand.run(env);
    const at = index.run(env);
    const found = indexed(value, at, from);
    if (found === undefined) throw absent(showIndex(at), from);
    return found;
  });
}

function indexedType(node: Index, type: Type, index: Type): Type {
  switch (type.kind) {
    case 'dyn':
    case 'object':
      return DYN;
    case 'optional':
      return indexedType(node, type.of, index);
    case 'list':
      if (common(index, plain('int')) !== undefined) return type.of;
      throw fault(node, `a list index must have type int, found type ${showType(index)}`);
    case 'map':
      if (common(index, type.key) !== undefined) return type.of;
      throw fault(node, `a key of this map must have type ${showType(type.key)}, found type ${showType(index)}`);
    default:
      throw fault(node, `type ${showType(type)} has no index`);
  }
}

function indexed(value: Value, at: Value, from: string): Value | undefined {
  if (isTagged(value, 'map')) return mapGet(value, at);
  if (!isTagged(value, 'list')) {
    throw new CelError(`${quoteValue(from, 80)} has type ${typeName(value)} and no index`);
  }
  const key = mapKey(at);
  if (typeof key !== 'bigint') throw new CelError(`a list index must have type int, found type ${typeName(at)}`);
  return key >= 0n && key < BigInt(value.items.length) ? itemAt(value, Number(key)) : undefined;
}

function hasIndex(value: Value): boolean {
  return isTagged(value, 'map') || isTagged(value, 'list');
}

function showIndex(at: Value): string {
  if (typeof at === 'string') return quoteValue(at, 80);
  return typeof at === 'bigint' ? `index ${at}` : `key of type ${typeName(at)}`;
}

/** `has(a.b)`: `a` must exist, `b` can be absent. */
export function compileHas(node: Node, args: readonly Node[], scope: Scope): Code {
  const [field] = args;
  if (field?.op !== '.') {
    throw fault(field ?? node, 'has() takes a field, for example has(object.spec.replicas)');
  }
  const [left, name] = field.args;
  const operand = scope.compile(left, scope);
  fieldType(field, operand.type, name);
  return code(BOOL, (env) => {
    spend(env.budget, 1);
    const found = chained(operand.run(env), (value) => fieldOf(value, name));
    return isTagged(found, 'optional') && found.value !== undefined;
  });
}
