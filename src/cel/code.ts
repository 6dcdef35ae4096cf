/** The result of compilation: a closure for each node, its type, and its value if it is constant. */
import type { Budget } from './budget.ts';
import { ExpressionFault, type Node } from './parse.ts';
import { showType, type Type } from './type.ts';
import type { Value } from './value.ts';

/** The state of one evaluation. */
export interface Env {
  readonly budget: Budget;
  /** The values of the variables that the program uses. */
  readonly globals: { readonly [name: string]: Value };
  /** Variables of comprehensions, by their depth. */
  readonly locals: Value[];
  /** Values of the policy's variables that are already evaluated. */
  readonly known: Map<string, Value>;
}

export interface Code {
  readonly type: Type;
  readonly constant: Value | undefined;
  run(env: Env): Value;
}

export interface Local {
  readonly slot: number;
  readonly type: Type;
}

export interface Scope {
  readonly globals: ReadonlyMap<string, Type>;
  /** The policy's variables, used as `variables.name`. */
  readonly variables: ReadonlyMap<string, Code>;
  readonly locals: ReadonlyMap<string, Local>;
  readonly depth: number;
  /** Collects the globals that the expression uses. */
  readonly uses: Set<string>;
  compile(node: Node, scope: Scope): Code;
}

export function constant(type: Type, value: Value): Code {
  return { type, constant: value, run: () => value };
}

export function code(type: Type, run: (env: Env) => Value): Code {
  return { type, constant: undefined, run };
}

/** Adds the variables of a comprehension to a scope; the first has the slot `scope.depth`. */
export function within(scope: Scope, names: readonly string[], types: readonly Type[]): Scope {
  const added = names.map((name, index): readonly [string, Local] => [
    name,
    { slot: scope.depth + index, type: types[index] ?? { kind: 'dyn' } },
  ]);
  return { ...scope, locals: new Map([...scope.locals, ...added]), depth: scope.depth + names.length };
}

export function fault(node: Node, message: string): ExpressionFault {
  return new ExpressionFault(message, node.pos);
}

/** Accepts type bool, and dyn, whose values are checked during the evaluation. */
export function requireBool(node: Node, { type }: Code, what: string): void {
  if (type.kind === 'dyn' || (type.kind === 'plain' && type.name === 'bool')) return;
  throw new ExpressionFault(`${what} must have type bool, found type ${showType(type)}`, node.start);
}

/** The source text of the expression, for messages. */
export function sourceOf(node: Node): string {
  return node.input.slice(node.start, node.end);
}
