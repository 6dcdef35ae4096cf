/** Compiles function calls: by the types of the arguments when the policy loads, or by their values if a type is dyn. */
import { quoteValue } from '../image/quote.ts';
import { didYouMean } from '../image/suggestion.ts';
import { type Budget, CelError, newBudget, OverBudget, spend } from './budget.ts';
import { code, type Code, constant, type Env, fault } from './code.ts';
import { FUNCTIONS } from './functions/index.ts';
import { isOf, type Overload, type Run } from './overload.ts';
import { ExpressionFault, type Node } from './parse.ts';
import { accepts, type Bound, common, DYN, showType, substitute, type Type } from './type.ts';
import { typeName, type Value } from './value.ts';

export interface Call {
  readonly node: Node;
  readonly name: string;
  /** The receiver is the first argument. */
  readonly method: boolean;
  readonly args: readonly Code[];
}

const BY_NAME: ReadonlyMap<string, readonly Overload[]> = Map.groupBy(FUNCTIONS, ({ name }) => name);
const OPERATOR = /^[-+*/%!]$/;
const NAMES = [...BY_NAME.keys()].filter((name) => !OPERATOR.test(name));

export function isFunction(name: string): boolean {
  return BY_NAME.get(name)?.some(({ method }) => !method) ?? false;
}

interface Choice {
  readonly overload: Overload;
  readonly result: Type;
  readonly run: Run;
}

export function compileCall(call: Call): Code {
  const { node, args } = call;
  const choices = choicesFor(call);
  const type = choices.map(({ result }) => result).reduce((left, right) => common(left, right) ?? DYN);
  const run = runOf(call, choices);
  const [first, second] = args;
  // Almost all calls have one or two arguments.
  const whole = (env: Env): Value => {
    const values =
      args.length === 1 && first !== undefined
        ? [first.run(env)]
        : args.length === 2 && first !== undefined && second !== undefined
          ? [first.run(env), second.run(env)]
          : args.map((arg) => arg.run(env));
    return counted(run, values, env.budget);
  };
  if (args.some((arg) => arg.constant === undefined)) return code(type, whole);
  return constant(
    type,
    folded(node, () => whole({ budget: newBudget(), globals: {}, locals: [], known: new Map() })),
  );
}

/** Computes constants once. A constant that fails is a fault of the policy. */
export function folded(node: Node, run: () => Value): Value {
  try {
    return run();
  } catch (error) {
    if (error instanceof CelError || error instanceof OverBudget) throw fault(node, error.message);
    throw error;
  }
}

/** Counts the lengths of string arguments and results as steps. */
function counted(run: Run, values: readonly Value[], budget: Budget): Value {
  let steps = 1;
  for (const value of values) if (typeof value === 'string') steps += value.length >> 5;
  spend(budget, steps);
  const result = run(values, budget);
  if (typeof result === 'string') spend(budget, result.length >> 5);
  return result;
}

function choicesFor(call: Call): readonly Choice[] {
  const { node, name, method, args } = call;
  const named = BY_NAME.get(name)?.filter((overload) => overload.method === method) ?? [];
  if (named.length === 0) throw unknownFunction(call);
  const choices = named.flatMap((overload) => {
    const bound: Bound = new Map();
    const fits =
      overload.params.length === args.length &&
      overload.params.every((param, index) => accepts(param, args[index]?.type ?? DYN, bound));
    if (!fits) return [];
    return [{ overload, result: substitute(overload.result, bound), run: specialized(node, overload, args) }];
  });
  if (choices.length === 0) throw mismatch(call, named);
  return choices;
}

function specialized(node: Node, { specialize, run }: Overload, args: readonly Code[]): Run {
  try {
    return specialize?.(args.map((arg) => arg.constant)) ?? run;
  } catch (error) {
    if (error instanceof CelError) throw fault(patternIn(node), error.message);
    throw error;
  }
}

/** Only regular expressions, which are the second argument, are prepared from a constant when the policy loads. */
function patternIn(node: Node): Node {
  if (node.op === 'call') return node.args[1][1] ?? node;
  return node.op === 'rcall' ? (node.args[2][0] ?? node) : node;
}

function runOf(call: Call, choices: readonly Choice[]): Run {
  const [only] = choices;
  if (only !== undefined && choices.length === 1 && call.args.every(({ type }) => isCertain(type))) return only.run;
  const shown = showName(call);
  return (values, budget) => {
    for (const { overload, run } of choices) {
      if (overload.params.every((param, index) => isOf(param, values[index] ?? null))) return run(values, budget);
    }
    throw new CelError(`${shown} does not take ${values.map(typeName).join(' and ')}`);
  };
}

/** False for objects, because they can be null. */
function isCertain(type: Type): boolean {
  return type.kind !== 'dyn' && type.kind !== 'param' && type.kind !== 'object';
}

function showName({ name, method }: Call): string {
  return OPERATOR.test(name) ? `"${name}"` : `${method ? '.' : ''}${name}()`;
}

/** Finds the name of a call, because the position of a call is the start of its receiver. */
function nameFault({ node, name }: Call, message: string): ExpressionFault {
  if (node.op !== 'rcall') return fault(node, message);
  const at = node.input.indexOf(name, node.args[1].end);
  return new ExpressionFault(message, at < 0 ? node.pos : at);
}

function unknownFunction(call: Call): ExpressionFault {
  const other = BY_NAME.get(call.name)?.map(({ signature }) => signature) ?? [];
  if (other.length > 0) return nameFault(call, `${showName(call)} has another form: ${shortly(other)}`);
  return nameFault(call, `unknown function ${quoteValue(call.name, 80)}${didYouMean(call.name, NAMES)}`);
}

function mismatch(call: Call, named: readonly Overload[]): ExpressionFault {
  const types = call.args.map(({ type }) => showType(type));
  const taken = OPERATOR.test(call.name) ? '' : `; its forms are ${shortly(named.map(({ signature }) => signature))}`;
  const given = types.length === 0 ? 'no arguments' : types.join(call.method ? ', ' : ' and ');
  return nameFault(call, `${showName(call)} does not take ${given}${taken}`);
}

function shortly(signatures: readonly string[]): string {
  const shown = signatures.slice(0, 4).join('; ');
  return signatures.length > 4 ? `${shown}; …` : shown;
}
