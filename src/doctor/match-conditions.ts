/** Evaluates matchConditions of webhooks as the API server does, without its authorizer. */
import { type Budget, CelError, newBudget, OverBudget } from '../cel/budget.ts';
import type { Code } from '../cel/code.ts';
import { compileExpression } from '../cel/compile.ts';
import { ExpressionFault } from '../cel/parse.ts';
import { DYN } from '../cel/type.ts';
import { fromJson } from '../cel/value.ts';
import type { JsonObject } from '../pod/pointer.ts';
import { type Known, known, unknown } from './known.ts';
import type { MatchCondition, WebhookFields } from './objects.ts';
import { type Place, type ProbeKind, USERS, variablesOf } from './probe-requests.ts';

/** `failed`: with failurePolicy Fail, the API server rejects the request, otherwise it does not call the webhook. */
export type ConditionResult = 'true' | 'false' | 'failed';

export interface Condition {
  readonly name: string;
  /** Unknown if the evaluation takes too many steps. */
  evaluate(variables: JsonObject, budget: Budget): Known<ConditionResult>;
}

/** Reports whether a condition is false for the request of every user, so that the webhook does not get it. */
export function isLeftOut(
  { matchConditions = [] }: Pick<WebhookFields, 'matchConditions'>,
  probe: ProbeKind,
  place: Place,
): boolean {
  return matchConditions.some((condition) => {
    const compiled = compileCondition(condition);
    if (compiled.state === 'unknown') return false;
    return USERS.every((user) => {
      const result = compiled.value.evaluate(variablesOf(probe, place, user), newBudget());
      return result.state === 'known' && result.value === 'false';
    });
  });
}

const GLOBALS = new Map([
  ['request', DYN],
  ['object', DYN],
  ['oldObject', DYN],
]);

/** Unknown if the evaluator lacks something, because the API server has compiled the expression before it stored it. */
export function compileCondition({ name, expression }: MatchCondition): Known<Condition> {
  try {
    const code = compileExpression(expression, { globals: GLOBALS, variables: new Map(), uses: new Set() });
    return known({ name, evaluate: (variables, budget) => evaluate(code, variables, budget) });
  } catch (error) {
    if (error instanceof ExpressionFault) return unknown(error.message);
    throw error;
  }
}

function evaluate(code: Code, variables: JsonObject, budget: Budget): Known<ConditionResult> {
  const globals = Object.fromEntries(Object.entries(variables).map(([name, value]) => [name, fromJson(value)]));
  const env = { budget, globals, locals: [], known: new Map() };
  try {
    const value = code.run(env);
    return known(typeof value === 'boolean' ? (value ? 'true' : 'false') : 'failed');
  } catch (error) {
    if (error instanceof CelError) return known('failed');
    if (error instanceof OverBudget) return unknown(error.message);
    throw error;
  }
}
