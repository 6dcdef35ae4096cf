/** Selects the rules that need nothing but images, or that also apply to services of Compose files, for files that have no Pods. */
import type { Need } from './fact.ts';
import type { Binding, Policy } from './policy.ts';
import { selectedBindings } from './selected-bindings.ts';
import { REGISTRY_NEEDS } from './registry-questions.ts';

const NEEDS: ReadonlySet<Need> = new Set<Need>([...REGISTRY_NEEDS, 'now']);

/** Without policies that have no such rule. */
export function imagePolicies(policies: readonly Policy[]): readonly Policy[] {
  return selectedBindings(policies, isAboutImages);
}

function isAboutImages({ check }: Binding): boolean {
  return (
    check.imagesOnly === true ||
    check.composeFiles === true ||
    (check.needs.length > 0 && check.needs.every((need) => NEEDS.has(need)))
  );
}
