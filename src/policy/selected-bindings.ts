/** Selects rules of policies. */
import type { Binding, Policy } from './policy.ts';

/** Without policies that have no such rule. */
export function selectedBindings(
  policies: readonly Policy[],
  isSelected: (binding: Binding) => boolean,
): readonly Policy[] {
  return policies.flatMap((policy) => {
    const bindings = policy.bindings.filter(isSelected);
    if (bindings.length === 0) return [];
    const needs = new Set(bindings.flatMap(({ check }) => check.needs));
    if (policy.scope.clausesWithLabels.length > 0) needs.add('namespaceLabels');
    return [{ ...policy, bindings, needs }];
  });
}
