/** The names in findings about changes of objects, such as `[mirror/rewrite]`. They are not rules: a policy has no binding for them. */
import type { Policy } from './policy.ts';

export const REWRITE = 'rewrite';
export const PIN = 'pin';
export const PULL_SECRETS = 'pull-secrets';
export const PULL_POLICY = 'pull-policy';

/** In the order in which the changes are made. */
const PARTS = [
  [REWRITE, 'rewrites'],
  [PIN, 'pin'],
  [PULL_SECRETS, 'addedPullSecrets'],
  [PULL_POLICY, 'pullPolicies'],
] as const satisfies readonly (readonly [string, keyof Policy])[];

export const CHANGE_RULES: readonly string[] = PARTS.map(([rule]) => rule);

export function changeRulesOf(policy: Policy): readonly string[] {
  return PARTS.flatMap(([rule, part]) => (policy[part] === undefined ? [] : [rule]));
}
