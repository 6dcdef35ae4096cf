/**
 * Runs plugin checks, which can throw, return invalid values, or never return. The guard has a clock, so it is not in this
 * directory: a rule brings its guard along, and is run by it.
 */
import type { Binding } from './policy.ts';
import type { Subject, CheckResult } from './rule.ts';
import type { Need } from './fact.ts';

/** The rules of a policy, and what they check. */
export interface PolicyChecks {
  readonly bindings: readonly Binding[];
  readonly subject: Subject<Need>;
}

export type GuardedAnswers = ReadonlyMap<Binding, CheckResult>;

const NONE: GuardedAnswers = new Map();

/** The answers of all rules that have a guard. Most policies have none of them. */
export function guardedAnswers(asked: readonly PolicyChecks[]): GuardedAnswers {
  if (!asked.some(({ bindings }) => bindings.some(({ check }) => check.guard !== undefined))) return NONE;
  const answers = new Map<Binding, CheckResult>();
  const entries = asked.flatMap(({ bindings, subject }) => bindings.map((binding) => ({ binding, subject })));
  for (const [guard, group] of Map.groupBy(entries, ({ binding }) => binding.check.guard)) {
    const given = guard?.(group.map(({ binding: { rule, check }, subject }) => ({ rule, check, subject })));
    for (const [index, answer] of (given ?? []).entries()) {
      const binding = group[index]?.binding;
      if (binding !== undefined) answers.set(binding, answer);
    }
  }
  return answers;
}
