/** Compiles the parameters of the rule `cel` when the policy loads, and evaluates them for each object or container. */
import { maskPassword } from '../../../image/password.ts';
import { quoteValue } from '../../../image/quote.ts';
import type { Container } from '../../../pod/containers.ts';
import { ShapeError } from '../../../pod/pointer.ts';
import type { ParameterFault, Prepared, Problem } from '../../rule.ts';
import { unreadable } from '../images.ts';
import { type Budget, CelError, MAX_EVALUATIONS, newBudget, OverBudget, spend } from '../../../cel/budget.ts';
import type { Code, Env } from '../../../cel/code.ts';
import { compileExpression } from '../../../cel/compile.ts';
import { type CelSubject, containerValues, GLOBALS, requestValues } from './globals.ts';
import { ExpressionFault } from '../../../cel/parse.ts';
import { createSeen, expressionReads, type Expressions } from './compared-values.ts';
import type { Reads } from '../../../cel/read-places.ts';
import { showType, type Type } from '../../../cel/type.ts';
import { typeName, type Value } from '../../../cel/value.ts';
import { placeIn, plainWords } from '../../../cel/words.ts';

export interface Parameters extends Expressions {
  readonly message?: string;
}

export interface Program {
  /** True if labels of the namespace other than its name can matter. */
  readonly readsLabels: boolean;
  readonly readsOriginal: boolean;
  check(subject: CelSubject): readonly Problem[];
  /** See RuleDefinition. */
  readonly seen: ReturnType<typeof createSeen>;
  readonly reads: Reads;
}

interface Compiled {
  readonly expression: Code;
  readonly messageExpression: Code | undefined;
  readonly message: string | undefined;
  /** The expression on one line, quoted and unquoted. */
  readonly shown: string;
  readonly text: string;
  readonly uses: ReadonlySet<string>;
}

/** Does not throw on invalid expressions. */
export function compileProgram(parameters: Parameters): Prepared<Program> {
  const faults: ParameterFault[] = [];
  const uses = new Set<string>();
  const variables = new Map<string, Code>();
  const compile = (text: string, pointer: string, wanted?: 'bool' | 'string'): Code | undefined => {
    try {
      const code = compileExpression(text, { globals: GLOBALS, variables, uses });
      if (wanted === undefined || isOf(code.type, wanted)) return code;
      faults.push({ pointer, problem: `${WANTED[wanted]}, found type ${showType(code.type)}` });
    } catch (error) {
      if (!(error instanceof ExpressionFault)) throw error;
      faults.push({ pointer, problem: `${placeIn(text, error.offset)}: ${error.message}` });
    }
    return undefined;
  };
  for (const [index, { name, expression }] of (parameters.variables ?? []).entries()) {
    const at = `/variables/${index}`;
    if (variables.has(name)) faults.push({ pointer: `${at}/name`, problem: 'this name is already used' });
    const code = compile(expression, `${at}/expression`);
    if (code !== undefined) variables.set(name, code);
  }
  const expression = compile(parameters.expression, '/expression', 'bool');
  const messageText = parameters.messageExpression;
  const messageExpression =
    messageText === undefined ? undefined : compile(messageText, '/messageExpression', 'string');
  if (expression === undefined || faults.length > 0) return { ok: false, faults };
  const line = parameters.expression.trim().split(/\s+/).join(' ');
  const shown = { shown: quoteValue(line), text: plainWords(line, 200) };
  const reads = expressionReads(parameters);
  const compiled: Compiled = { ...shown, expression, messageExpression, message: parameters.message, uses };
  return {
    ok: true,
    value: {
      readsLabels: mentionsLabels(parameters),
      readsOriginal: uses.has('original'),
      check: (subject) => checkSubject(compiled, subject),
      seen: createSeen(reads),
      reads,
    },
  };
}

/** All other uses can read labels. */
const NAMESPACE = /\bnamespaceObject\b(?!\.metadata\.name\b|\s*[!=]=\s*null\b)/;

function mentionsLabels({ expression, messageExpression = '', variables = [] }: Parameters): boolean {
  const texts = [expression, messageExpression, ...variables.map((variable) => variable.expression)];
  return texts.some((text) => NAMESPACE.test(text));
}

const WANTED = {
  bool: 'the expression must have type bool',
  string: 'the expression must have type string',
} as const;

function isOf(type: Type, wanted: string): boolean {
  return type.kind === 'dyn' || (type.kind === 'plain' && type.name === wanted);
}

/** Each container has its own budget, because the object chooses the number of containers. */
function checkSubject(compiled: Compiled, subject: CelSubject): readonly Problem[] {
  const { uses } = compiled;
  const { containers, facts } = subject;
  const shared = requestValues(uses, subject);
  const readsImage = uses.has('image') || uses.has('original');
  if (!uses.has('container') && !readsImage) {
    return checkContainer(undefined, compiled, { shared, facts, budget: newBudget() });
  }
  if (containers.length > MAX_EVALUATIONS) throw new ShapeError('', `at most ${MAX_EVALUATIONS} containers`, 'more');
  return containers.flatMap((container) => {
    if (readsImage && container.image.state !== 'parsed') return [unreadable(container)];
    return checkContainer(container, compiled, { shared, facts, budget: newBudget(containers.length) });
  });
}

/** The cost of creating the variables of a container. */
const CONTAINER_STEPS = 10;

interface SharedValues {
  readonly shared: { readonly [name: string]: Value };
  readonly facts: CelSubject['facts'];
  readonly budget: Budget;
}

function checkContainer(
  container: Container | undefined,
  compiled: Compiled,
  values: SharedValues,
): readonly Problem[] {
  const { expression, uses } = compiled;
  const { shared, facts } = values;
  const globals = container === undefined ? shared : containerValues(uses, shared, { container, facts });
  const env: Env = { budget: values.budget, globals, locals: [], known: new Map() };
  const result = evaluate(() => {
    spend(values.budget, CONTAINER_STEPS);
    return expression.run(env);
  });
  if (result.ok && result.value === true) return NOTHING;
  const place = { container, pointer: pointerOf(container, uses) };
  const isFalse = result.ok && result.value === false;
  return [{ ...place, ...(isFalse ? violation(compiled, env) : unknownProblem(compiled, result)) }];
}

function violation(compiled: Compiled, env: Env): Omit<Problem, 'container' | 'pointer'> {
  const message = messageOf(compiled, env);
  if (message !== undefined)
    return { state: 'violation', message, remedy: `change the object so that this is true: ${compiled.text}` };
  return {
    state: 'violation',
    message: `CEL expression ${compiled.shown} evaluates to false`,
    remedy: 'change the object so that the expression is true',
  };
}

function unknownProblem({ shown }: Compiled, result: Evaluation): Omit<Problem, 'container' | 'pointer'> {
  const reason = result.ok ? `it has type ${typeName(result.value)}, expected bool` : result.reason;
  const message = `cannot determine whether ${shown} is true: ${reason}`;
  const { hint, causedBy } = result.ok ? BY_AUTHOR : result;
  return { state: 'unknown', causedBy, message, ...(hint === undefined ? {} : { remedy: hint }) };
}

const BY_AUTHOR = { hint: undefined, causedBy: 'author' } as const;

const NOTHING: readonly never[] = [];

function pointerOf(container: Container | undefined, uses: ReadonlySet<string>): string {
  if (container === undefined) return '';
  return (uses.has('image') || uses.has('original')) && !uses.has('container')
    ? container.imagePointer
    : container.pointer;
}

type Evaluation =
  | { readonly ok: true; readonly value: Value }
  | (Pick<CelError, 'hint' | 'causedBy'> & { readonly ok: false; readonly reason: string });

function evaluate(run: () => Value): Evaluation {
  try {
    return { ok: true, value: run() };
  } catch (error) {
    if (error instanceof CelError) {
      return { ok: false, reason: masked(error.message), hint: error.hint, causedBy: error.causedBy };
    }
    if (error instanceof OverBudget) return { ok: false, reason: error.message, ...BY_AUTHOR };
    throw error;
  }
}

/** The text can contain values of the object, such as an image with a password. */
function masked(text: string): string {
  return text.replace(/\S+/g, maskPassword);
}

const MAX_MESSAGE = 500;

/** Uses `message` if `messageExpression` fails or returns an empty string, as Kubernetes does. */
function messageOf({ messageExpression, message }: Compiled, env: Env): string | undefined {
  const given = message === undefined ? undefined : plainWords(message, MAX_MESSAGE);
  if (messageExpression === undefined) return given;
  const evaluated = evaluate(() => messageExpression.run(env));
  if (evaluated.ok && typeof evaluated.value === 'string' && evaluated.value.trim() !== '')
    return plainWords(masked(evaluated.value), MAX_MESSAGE);
  const reason = evaluated.ok ? 'it returns no text' : evaluated.reason;
  return `${given ?? 'the CEL expression evaluates to false'} (messageExpression: ${reason})`;
}
