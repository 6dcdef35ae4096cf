/** A parsed policy: its scope, its rules with their actions, and the images to pin. */
import type { PullSecretEntry } from './added-pull-secrets.ts';
import type { Need } from './fact.ts';
import type { Pin } from './pin.ts';
import type { PullPolicyEntry } from './pull-policies.ts';
import type { Rewrite } from './rewrite.ts';
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
  /** The action for an unknown finding; `undefined`: the default in unknown.ts. */
  readonly onUnknown: Action | undefined;
  readonly check: Check;
  /** The policy author's own sentence, appended to the rule's. */
  readonly message: string | undefined;
}

export interface Policy {
  readonly name: string;
  readonly scope: Scope;
  /** `changed`: on UPDATE, existing findings are warnings at most. `all`: existing findings count as new findings. */
  readonly onUpdate: 'changed' | 'all';
  /** Empty for a policy that only changes objects. */
  readonly bindings: readonly Binding[];
  readonly rewrites?: readonly Rewrite[] | undefined;
  readonly pin?: Pin | undefined;
  readonly addedPullSecrets?: readonly PullSecretEntry[] | undefined;
  readonly pullPolicies?: readonly PullPolicyEntry[] | undefined;
  /** The facts that its scope and its rules need. */
  readonly needs: ReadonlySet<Need>;
}
