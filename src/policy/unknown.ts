/** The default action for unknown findings, which depends on their cause. */
import type { Action, Binding, Policy } from './policy.ts';
import type { Problem } from './rule.ts';

/** An unavailable registry must not stop a cluster. */
const WORLD_CAUSED: Action = 'warn';

export function actionOnUnknown(policy: Policy, binding: Binding, problem: Problem): Action {
  const { action, onUnknown } = binding;
  return onUnknown ?? (isByAuthor(policy, binding, problem) ? action : WORLD_CAUSED);
}

/** Replaces a remedy that relies on a later check of the Pods, if the policy does not apply to them. */
export function remedyOf({ scope }: Policy, { causedBy, remedy }: Problem): string | undefined {
  if (causedBy !== 'later' || scope.coversPods) return remedy;
  return 'set the unknown values in this object; the policy does not apply to the Pods created from it';
}

/** The results of a rule without facts depend on the object alone. */
function isByAuthor({ scope }: Policy, { check }: Binding, { causedBy }: Problem): boolean {
  const causer = causedBy ?? (check.needs.length === 0 ? 'author' : 'world');
  return causer === 'author' || (causer === 'later' && !scope.coversPods);
}
