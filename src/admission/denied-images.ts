/**
 * Images that a rule about nothing but images refuses: no registry is asked about them. Whoever may create an object chooses
 * their names, so without this anybody could make the gate talk to any host.
 */
import type { Container } from '../pod/containers.ts';
import { evaluate } from '../policy/evaluate.ts';
import type { Excuses } from '../policy/exception.ts';
import { NO_FACTS } from '../policy/fact.ts';
import type { Covered, Covering } from '../policy/plan.ts';
import type { Binding, Policy } from '../policy/policy.ts';
import type { ScopeRequest } from '../policy/scope.ts';

export interface Denial {
  readonly policy: string;
  readonly rule: string;
}

/** Of the containers of the request's workload. Nothing is judged before the first question. */
export function deniedImages(
  covering: Pick<Covering, 'policies'>,
  request: ScopeRequest,
  excuses?: Excuses,
): (container: Container) => Denial | undefined {
  const policies = covering.policies.flatMap(refusing);
  if (policies.length === 0) return () => undefined;
  let refusals: ReadonlyMap<Container, Denial> | undefined;
  return (container) => {
    refusals ??= refusalsIn({ policies, needs: NO_NEEDS, shared: undefined }, request, excuses);
    return refusals.get(container);
  };
}

const NO_NEEDS: Covering['needs'] = new Set();

function refusalsIn(
  covering: Covering,
  request: ScopeRequest,
  excuses: Excuses | undefined,
): ReadonlyMap<Container, Denial> {
  const facts = { ...NO_FACTS, namespaceLabels: request.namespaceLabels };
  const refusals = new Map<Container, Denial>();
  const findings = evaluate(covering, { request, facts, concerns: undefined, excuses });
  for (const { container, action, policy, rule } of findings) {
    if (container === undefined || action !== 'deny' || refusals.has(container)) continue;
    refusals.set(container, { policy, rule });
  }
  return refusals;
}

function refusing({ policy, coverage }: Covered): readonly Covered[] {
  let strict = known.get(policy);
  if (strict === undefined) known.set(policy, (strict = { ...policy, bindings: policy.bindings.filter(canRefuse) }));
  return strict.bindings.length === 0 ? [] : [{ policy: strict, coverage }];
}

const known = new WeakMap<Policy, Policy>();

/** Rules of plugins are not asked: each time costs more than all others. */
function canRefuse({ action, onUnknown, check: { imagesOnly, needs, guard } }: Binding): boolean {
  if (!imagesOnly || needs.length > 0 || guard !== undefined) return false;
  return action === 'deny' || onUnknown === 'deny';
}
