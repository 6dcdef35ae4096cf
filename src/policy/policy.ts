/** A policy document, read: which rules apply where, with which action, and what is pinned. */
import type { Need } from './fact.ts';
import type { Pin } from './pin.ts';
import type { Check } from './rule.ts';
import type { Scope } from './scope.ts';

export const ACTIONS = ['deny', 'warn', 'audit'] as const;
export type Action = (typeof ACTIONS)[number];

/** A smaller number is stricter. */
export function strictness(action: Action): number {
  return ACTIONS.indexOf(action);
}

export interface Binding {
  readonly rule: string;
  readonly action: Action;
  /** What an answer of "could not tell" does; see unknown.ts for where the policy does not say. */
  readonly onUnknown: Action | undefined;
  readonly check: Check;
  /** The policy author's own sentence, appended to the rule's. */
  readonly message: string | undefined;
}

export interface Policy {
  readonly name: string;
  readonly scope: Scope;
  /** `changed`: on UPDATE what the old object already had is a warning; `all`: it is judged as if new. */
  readonly onUpdate: 'changed' | 'all';
  /** None in a policy that only pins. */
  readonly bindings: readonly Binding[];
  readonly pin?: Pin | undefined;
  /** The facts that its scope and its rules need. */
  readonly needs: ReadonlySet<Need>;
}
