/**
 * Runs plugin checks, which can throw, return invalid values, or never return. The guard has a clock, so it is not in this
 * directory: each rule refers to its guard.
 */
import type { Binding } from './policy.ts';
import type { Subject, CheckResult } from './rule.ts';
import type { Need } from './fact.ts';

/** The rules of a policy, and what they check. */
export interface PolicyChecks {
  readonly bindings: readonly Binding[];
  readonly subject: Subject<Need>;
}

export type GuardedResults = ReadonlyMap<Binding, CheckResult>;

const NONE: GuardedResults = new Map();

/** Returns the results of all rules with a guard. Most policies have no such rules. */
export function runGuarded(all: readonly PolicyChecks[]): GuardedResults {
  if (!all.some(({ bindings }) => bindings.some(({ check }) => check.guard !== undefined))) return NONE;
  const byBinding = new Map<Binding, CheckResult>();
  const entries = all.flatMap(({ bindings, subject }) => bindings.map((binding) => ({ binding, subject })));
  for (const [guard, group] of Map.groupBy(entries, ({ binding }) => binding.check.guard)) {
    const results = guard?.(group.map(({ binding: { rule, check }, subject }) => ({ rule, check, subject })));
    for (const [index, result] of (results ?? []).entries()) {
      const binding = group[index]?.binding;
      if (binding !== undefined) byBinding.set(binding, result);
    }
  }
  return byBinding;
}
