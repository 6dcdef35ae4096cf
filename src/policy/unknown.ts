/** What an unknown does where the policy does not say: that depends on who can bring it about. */
import type { Action, Binding, Policy } from './policy.ts';
import type { Problem } from './rule.ts';

/** What an unknown does that the world has caused: trouble of a registry is no reason to stop a cluster. */
const OF_THE_WORLD: Action = 'warn';

export function actionOnUnknown(policy: Policy, binding: Binding, problem: Problem): Action {
  const { action, onUnknown } = binding;
  return onUnknown ?? (isByAuthor(policy, binding, problem) ? action : OF_THE_WORLD);
}

/** What can be done about it: that Pods are judged later is no comfort where they are not. */
export function remedyOf({ scope }: Policy, { causedBy, remedy }: Problem): string | undefined {
  if (causedBy !== 'later' || scope.coversPods) return remedy;
  return 'write down what is not known yet: this policy does not apply to the Pods that come of it';
}

/** The results of a rule without facts depend on the object alone. */
function isByAuthor({ scope }: Policy, { check }: Binding, { causedBy }: Problem): boolean {
  const causer = causedBy ?? (check.needs.length === 0 ? 'author' : 'world');
  return causer === 'author' || (causer === 'later' && !scope.coversPods);
}
