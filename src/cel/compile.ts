/** Compiles a syntax tree to closures and checks types, so that errors appear when a policy loads. */
import { compileField, compileHas, compileIndex, compileName, dottedName } from './access.ts';
import { CelError, celError, newBudget, spend } from './budget.ts';
import { compileCall, isFunction } from './call.ts';
import { code, type Code, constant, type Env, fault, requireBool, type Scope } from './code.ts';
import { compare, equal } from './equal.ts';
import { compileBind, compileExtreme } from './lazy.ts';
import { compileMacro, findMacro } from './macros.ts';
import { type Node, operands, parse } from './parse.ts';
import { BOOL, common, DYN, INT, listType, mapType, NULL, plain, showType, STRING, type Type } from './type.ts';
import { entryMap, isTagged, itemAt, listOf, MAX_INT, mapGet, typeName, type Value } from './value.ts';

export interface Declarations {
  readonly globals: ReadonlyMap<string, Type>;
  readonly variables: ReadonlyMap<string, Code>;
  readonly uses: Set<string>;
}

/** Throws an ExpressionFault. */
export function compileExpression(text: string, declarations: Declarations): Code {
  const scope: Scope = { ...declarations, locals: new Map(), depth: 0, compile };
  return compile(parse(text), scope);
}

function compile(node: Node, scope: Scope): Code {
  switch (node.op) {
    case 'value':
      return literal(node);
    case 'id':
      return compileName(node, scope);
    case '.':
    case '.?':
      return compileField(node, scope);
    case '[]':
    case '[?]':
      return compileIndex(node, scope);
    case 'call':
      return functionCall(node, scope);
    case 'rcall':
      return methodCall(node, scope);
    default:
      return compileStructure(node, scope);
  }
}

type Of<O extends Node['op']> = Extract<Node, { readonly op: O }>;
type Structure = Exclude<Node, Of<'value' | 'id' | '.' | '.?' | '[]' | '[?]' | 'call' | 'rcall'>>;

function compileStructure(node: Structure, scope: Scope): Code {
  switch (node.op) {
    case 'list':
      return listLiteral(node, scope);
    case 'map':
      return mapLiteral(node, scope);
    case '?:':
      return conditional(node, scope);
    case '||':
    case '&&':
      return logical(node, scope);
    case '!_':
    case '-_':
      return unary(node, scope);
    default:
      return binary(node, scope);
  }
}

function literal(node: Of<'value'>): Code {
  const value = node.args;
  switch (typeof value) {
    case 'bigint':
      if (value > MAX_INT) throw fault(node, 'the number does not fit into an int');
      return constant(INT, value);
    case 'number':
      return constant(plain('double'), value);
    case 'string':
      return constant(STRING, value);
    case 'boolean':
      return constant(BOOL, value);
    default:
      if (value === null) return constant(NULL, null);
      if (value instanceof Uint8Array) return bytesLiteral(node, value);
      return constant(plain('uint'), { tag: 'uint', value: value.value });
  }
}

/** The parser uses the characters of a literal as bytes, CEL uses their UTF-8 encoding. */
function bytesLiteral(node: Node, bytes: Uint8Array): Code {
  if (/[^\0-\x7f]/.test(node.input.slice(node.start, node.end))) {
    throw fault(node, 'byte literals allow only ASCII characters and \\x escapes; for text, use bytes("…")');
  }
  return constant(plain('bytes'), bytes);
}

function functionCall(node: Of<'call'>, scope: Scope): Code {
  const [name, args] = node.args;
  if (name === 'has' && args.length === 1) return compileHas(node, args, scope);
  return compileCall({ node, name, method: false, args: args.map((arg) => compile(arg, scope)) });
}

function methodCall(node: Of<'rcall'>, scope: Scope): Code {
  const [name, receiver, args] = node.args;
  const namespace = dottedName(receiver, scope);
  if (namespace !== undefined) {
    const whole = `${namespace}.${name}`;
    if (whole === 'cel.bind') return compileBind(node, args, scope);
    const compiled = (): readonly Code[] => args.map((arg) => compile(arg, scope));
    if (whole === 'math.greatest' || whole === 'math.least') return compileExtreme(node, whole, compiled());
    if (isFunction(whole)) return compileCall({ node, name: whole, method: false, args: compiled() });
  }
  const macro = findMacro(name, args.length);
  if (macro !== undefined) return compileMacro(macro, node, scope);
  return compileCall({ node, name, method: true, args: [receiver, ...args].map((arg) => compile(arg, scope)) });
}

/** Elements of different types have type dyn. */
function join(types: readonly Type[]): Type {
  const [first = DYN, ...rest] = types;
  return rest.reduce((left, right) => common(left, right) ?? DYN, first);
}

function constants(codes: readonly Code[]): readonly Value[] | undefined {
  const values: Value[] = [];
  for (const { constant: value } of codes) {
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

function listLiteral(node: Of<'list'>, scope: Scope): Code {
  const items = node.args.map((item) => compile(item, scope));
  const type = listType(join(items.map((item) => item.type)));
  const known = constants(items);
  if (known !== undefined) return constant(type, listOf(known));
  return code(type, (env) => {
    spend(env.budget, items.length);
    return listOf(items.map((item) => item.run(env)));
  });
}

function mapLiteral(node: Of<'map'>, scope: Scope): Code {
  const entries = node.args.map(([key, value]) => ({
    key: compile(key, scope),
    value: compile(value, scope),
    at: key,
  }));
  const type = mapType(join(entries.map(({ key }) => key.type)), join(entries.map(({ value }) => value.type)));
  const odd = entries.find(({ key }) => !isKey(key.type));
  if (odd !== undefined) throw fault(odd.at, `maps cannot have keys of type ${showType(odd.key.type)}`);
  const run = (env: Env): Value => {
    spend(env.budget, entries.length);
    return entryMap(entries.map(({ key, value }) => ({ key: key.run(env), value: value.run(env) })));
  };
  if (constants(entries.flatMap(({ key, value }) => [key, value])) === undefined) return code(type, run);
  return constant(type, run({ budget: newBudget(), globals: {}, locals: [], known: new Map() }));
}

function isKey(type: Type): boolean {
  return type.kind === 'dyn' || (type.kind === 'plain' && ['string', 'int', 'uint', 'bool'].includes(type.name));
}

function conditional(node: Of<'?:'>, scope: Scope): Code {
  const [conditionNode, yesNode, noNode] = node.args;
  const condition = compile(conditionNode, scope);
  requireBool(conditionNode, condition, 'the condition before "?"');
  const yes = compile(yesNode, scope);
  const no = compile(noNode, scope);
  const type = common(yes.type, no.type);
  if (type === undefined) {
    throw fault(
      noNode,
      `both sides of ":" must have the same type, found ${showType(yes.type)} and ${showType(no.type)}`,
    );
  }
  return code(type, (env) => {
    const value = condition.run(env);
    if (typeof value !== 'boolean') throw notBool('the condition before "?"', value);
    return value ? yes.run(env) : no.run(env);
  });
}

function notBool(what: string, value: Value): CelError {
  return new CelError(`${what} must have type bool, found type ${typeName(value)}`);
}

/** An operand that decides does so even if another operand fails. */
function logical(node: Of<'||' | '&&'>, scope: Scope): Code {
  const what = `each side of "${node.op}"`;
  const decisive = node.op === '||';
  const parts = operands(node).map((part) => {
    const compiled = compile(part, scope);
    requireBool(part, compiled, what);
    return compiled;
  });
  return code(BOOL, (env) => {
    let failure: CelError | undefined;
    for (const part of parts) {
      try {
        const value = part.run(env);
        if (value === decisive) return decisive;
        if (typeof value !== 'boolean') failure ??= notBool(what, value);
      } catch (error) {
        failure ??= celError(error, env.budget);
      }
    }
    if (failure !== undefined) throw failure;
    return !decisive;
  });
}

function unary(node: Of<'!_' | '-_'>, scope: Scope): Code {
  const operand = node.args;
  const negated = node.op === '-_' && operand.op === 'value' && operand.args === MAX_INT + 1n;
  if (negated) return constant(INT, -MAX_INT - 1n);
  return compileCall({ node, name: node.op.charAt(0), method: false, args: [compile(operand, scope)] });
}

type Binary = Exclude<Structure, Of<'list' | 'map' | '?:' | '||' | '&&' | '!_' | '-_'>>;

function binary(node: Binary, scope: Scope): Code {
  const left = compile(node.args[0], scope);
  const right = compile(node.args[1], scope);
  switch (node.op) {
    case '==':
    case '!=':
      return equality(node, left, right);
    case 'in':
      return membership(node, left, right);
    case '<':
    case '<=':
    case '>':
    case '>=':
      return comparison(node, left, right);
    default:
      return compileCall({ node, name: node.op, method: false, args: [left, right] });
  }
}

function never(node: Node, what: string, [left, right]: readonly [Code, Code]): Error {
  return fault(node, `${what} ${showType(left.type)} and ${showType(right.type)}`);
}

function equality(node: Of<'==' | '!='>, left: Code, right: Code): Code {
  if (common(left.type, right.type) === undefined)
    throw never(node, `"${node.op}" cannot compare types`, [left, right]);
  const wanted = node.op === '==';
  return code(BOOL, (env) => equal(left.run(env), right.run(env), env.budget) === wanted);
}

function membership(node: Of<'in'>, left: Code, right: Code): Code {
  const { type } = right;
  if (type.kind === 'plain' || type.kind === 'optional') {
    throw fault(node, `"in" requires a list or a map on the right, found type ${showType(type)}`);
  }
  const inside =
    type.kind === 'list' ? type.of : type.kind === 'map' ? type.key : type.kind === 'object' ? STRING : DYN;
  if (common(left.type, inside) === undefined) {
    throw fault(node, `"in" requires type ${showType(inside)} on the left, found type ${showType(left.type)}`);
  }
  return code(BOOL, (env) => {
    const wanted = left.run(env);
    const range = right.run(env);
    spend(env.budget, 1);
    if (isTagged(range, 'map')) return mapGet(range, wanted) !== undefined;
    if (!isTagged(range, 'list')) {
      throw new CelError(`"in" requires a list or a map on the right, found type ${typeName(range)}`);
    }
    for (let index = 0; index < range.items.length; index += 1) {
      if (equal(itemAt(range, index), wanted, env.budget)) return true;
    }
    return false;
  });
}

const NUMBERS = ['int', 'uint', 'double'];
const ORDERED = [...NUMBERS, 'string', 'bool', 'bytes', 'google.protobuf.Timestamp', 'google.protobuf.Duration'];

function comparison(node: Of<'<' | '<=' | '>' | '>='>, left: Code, right: Code): Code {
  if (!areOrdered(left.type, right.type)) throw never(node, `"${node.op}" cannot compare types`, [left, right]);
  const test = TESTS[node.op];
  return code(BOOL, (env) => test(compare(left.run(env), right.run(env), env.budget)));
}

const TESTS: Readonly<Record<'<' | '<=' | '>' | '>=', (order: number) => boolean>> = {
  '<': (order) => order < 0,
  '<=': (order) => order <= 0,
  '>': (order) => order > 0,
  '>=': (order) => order >= 0,
};

function areOrdered(left: Type, right: Type): boolean {
  const names = [left, right].flatMap((type) => (type.kind === 'plain' ? [type.name] : []));
  const closed = [left, right].filter(({ kind }) => kind !== 'dyn').length;
  if (names.length < closed || !names.every((name) => ORDERED.includes(name))) return false;
  return new Set(names).size < 2 || names.every((name) => NUMBERS.includes(name));
}
