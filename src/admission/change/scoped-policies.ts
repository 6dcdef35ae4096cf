/** The policies that change the containers of a request. */
import type { Container } from '../../pod/containers.ts';
import type { Covered } from '../../policy/plan.ts';
import type { Policy } from '../../policy/policy.ts';

export interface ScopedPolicy extends Covered {
  /** undefined: all containers. */
  readonly inScope: ReadonlySet<Container> | undefined;
}

export function scopedPolicies(
  covered: readonly Covered[],
  changes: (policy: Policy) => boolean,
): readonly ScopedPolicy[] {
  return covered
    .filter(({ policy }) => changes(policy))
    .map((one) => ({ ...one, inScope: one.coverage.containers && new Set(one.coverage.containers) }));
}

export interface PolicyOverContainer {
  readonly policy: Policy;
  /** Why it is unknown whether the policy applies; the container is then not changed. */
  readonly scopeUnknown: string | undefined;
}

/** A policy that certainly applies comes before a policy that may not apply. */
export function policiesOver(container: Container, policies: readonly ScopedPolicy[]): readonly PolicyOverContainer[] {
  const over = policies
    .filter(({ inScope }) => inScope?.has(container) ?? true)
    .map(({ policy, coverage }) => ({ policy, scopeUnknown: coverage.unknownReason(container) }));
  if (over.every(({ scopeUnknown }) => scopeUnknown === undefined)) return over;
  return over.toSorted(
    (one, other) => Number(one.scopeUnknown !== undefined) - Number(other.scopeUnknown !== undefined),
  );
}
