/**
 * Checks that may throw, answer nonsense or never return, because they are somebody else's code. What watches over them has a
 * clock, so it is not here: a rule brings it along, and is asked through it.
 */
import type { Binding } from './policy.ts';
import type { Check, Problem, Subject } from './rule.ts';
import type { Need } from './fact.ts';

/** All questions about one object at once, since to begin costs more than a rule. Throws nothing but a ShapeError. */
export type Guard = (questions: readonly Question[]) => readonly Answer[];

export interface Question {
  readonly rule: string;
  readonly check: Check;
  readonly subject: Subject<Need>;
}

/** Both can be there: what a rule found before it failed still counts. */
export interface Answer {
  readonly problems: readonly Problem[];
  readonly failure: RuleFailure | undefined;
}

export interface RuleFailure {
  readonly reason: 'threw' | 'bad-answer' | 'timeout' | 'suspended';
  /** A sentence fragment about the rule, safe to print: `it did not return within 1000 ms`. */
  readonly problem: string;
  /** The file that the rule is from; undefined for a built-in rule. */
  readonly file: string | undefined;
}

/** A policy's rules, and what they are asked about. */
export interface Asked {
  readonly bindings: readonly Binding[];
  readonly subject: Subject<Need>;
}

export type GuardedAnswers = ReadonlyMap<Binding, Answer>;

const NONE: GuardedAnswers = new Map();

/** The answers of all rules that have a guard. Most policies have none of them. */
export function guardedAnswers(asked: readonly Asked[]): GuardedAnswers {
  if (!asked.some(({ bindings }) => bindings.some(({ check }) => check.guard !== undefined))) return NONE;
  const answers = new Map<Binding, Answer>();
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
