/** Functions that evaluate their arguments only when needed: those of optional values, and cel.bind; also math.greatest. */
import { quoteValue } from '../image/quote.ts';
import { CelError, spend } from './budget.ts';
import { code, type Code, type Env, fault, type Scope, within } from './code.ts';
import { extreme } from './functions/math.ts';
import { type MacroCall, variableName } from './macro.ts';
import type { Node } from './parse.ts';
import { common, DYN, optionalType, plain, showType, type Type } from './type.ts';
import { isTagged, NONE, type Optional, some, typeName } from './value.ts';

/** Returns the type of the content of the receiver, which must be an optional. */
function contentOf({ node, name, receiver: { type }, from }: MacroCall): Type {
  if (type.kind === 'dyn') return DYN;
  if (type.kind === 'optional') return type.of;
  throw fault(node, `${name}() requires an optional value, but ${quoteValue(from, 80)} has type ${showType(type)}`);
}

function optionalIn({ receiver, from }: MacroCall, env: Env): Optional {
  const value = receiver.run(env);
  if (isTagged(value, 'optional')) return value;
  throw new CelError(`${quoteValue(from, 80)} has type ${typeName(value)}, expected an optional value`);
}

export function optMap(call: MacroCall, wrap: boolean): Code {
  const [variable = call.node, bodyNode = call.node] = call.args;
  const inner = within(call.scope, [variableName(variable)], [contentOf(call)]);
  const body = inner.compile(bodyNode, inner);
  const type = wrap ? optionalType(body.type) : body.type;
  return code(type, (env) => {
    const { value } = optionalIn(call, env);
    if (value === undefined) return NONE;
    env.locals[call.scope.depth] = value;
    const result = body.run(env);
    return wrap ? some(result) : result;
  });
}

export function alternative(call: MacroCall, wrapped: boolean): Code {
  const { scope, node, args } = call;
  const content = contentOf(call);
  const other = scope.compile(args[0] ?? node, scope);
  const type = common(wrapped ? optionalType(content) : content, other.type);
  if (type === undefined) {
    throw fault(args[0] ?? node, `expected type ${showType(content)}, found type ${showType(other.type)}`);
  }
  return code(type, (env) => {
    const found = optionalIn(call, env);
    if (found.value === undefined) return other.run(env);
    return wrapped ? found : found.value;
  });
}

/** `cel.bind(name, value, expression)`. */
export function compileBind(node: Node, args: readonly Node[], scope: Scope): Code {
  const [variable = node, valueNode = node, bodyNode = node] = args;
  if (args.length !== 3) throw fault(node, 'cel.bind takes a name, a value, and an expression');
  const value = scope.compile(valueNode, scope);
  const inner = within(scope, [variableName(variable)], [value.type]);
  const body = inner.compile(bodyNode, inner);
  return code(body.type, (env) => {
    env.locals[scope.depth] = value.run(env);
    return body.run(env);
  });
}

const NUMBERS = ['int', 'uint', 'double'];

/** `math.greatest(1, 2.5, x)`, `math.least([1, 2])`. */
export function compileExtreme(node: Node, name: string, args: readonly Code[]): Code {
  const [only] = args;
  if (only === undefined) throw fault(node, `${name} takes at least one number`);
  const types = args.length === 1 && only.type.kind === 'list' ? [only.type.of] : args.map(({ type }) => type);
  const odd = types.find((type) => type.kind !== 'dyn' && !(type.kind === 'plain' && NUMBERS.includes(type.name)));
  if (odd !== undefined) throw fault(node, `${name} takes numbers or a list of numbers, not ${showType(odd)}`);
  const type = types.reduce((left, right) => common(left, right) ?? DYN, types[0] ?? plain('int'));
  const sign = name === 'math.greatest' ? 1 : -1;
  return code(type, (env) => {
    spend(env.budget, args.length);
    return extreme(
      args.map((arg) => arg.run(env)),
      sign,
      env.budget,
    );
  });
}
