/**
 * Selects the policies that cover a request. Most scopes depend only on the namespace, so the selection is cached for each
 * namespace, and a review with a hundred policies costs as little as a review with one.
 */
import type { Container } from '../pod/containers.ts';
import type { Need } from './fact.ts';
import type { PinMode } from './pin.ts';
import type { Policy } from './policy.ts';
import type { Check } from './rule.ts';
import type { ScopeRequest } from './scope-request.ts';
import type { Coverage } from './scope.ts';

/** A policy that applies to a request, and the part of the request that it covers. */
export interface Covered {
  readonly policy: Policy;
  readonly coverage: Coverage;
}

export interface Covering {
  readonly policies: readonly Covered[];
  /** The facts that these policies need. */
  readonly needs: ReadonlySet<Need>;
  /** Their checks, if all apply to all containers and none has a guard; otherwise undefined. */
  readonly shared: SharedChecks | undefined;
}

export interface SharedChecks {
  /** Without duplicates. */
  readonly all: readonly Check[];
  /** The checks that read more than images. */
  readonly others: readonly Check[];
  /** Image strings that pass all checks of images alone, since most reviews contain the same few images. */
  readonly passed: Set<string>;
}

/** A full memory is cleared, and long texts are not kept, so a tenant cannot fill it permanently. */
const MAX_PASSED = 2000;
const MAX_LENGTH = 300;

export function havePassed({ passed }: Pick<SharedChecks, 'passed'>, containers: readonly Container[]): boolean {
  return containers.every(({ image }) => image.state === 'parsed' && passed.has(image.text));
}

export function rememberPassed({ passed }: Pick<SharedChecks, 'passed'>, containers: readonly Container[]): void {
  for (const { image } of containers) {
    if (image.state !== 'parsed' || image.text.length > MAX_LENGTH) continue;
    if (passed.size >= MAX_PASSED) passed.clear();
    passed.add(image.text);
  }
}

export function coveredBy(policies: readonly Policy[], request: ScopeRequest): Covering {
  const covered: Covered[] = [];
  for (const policy of policies) {
    const coverage = policy.scope.covers(request);
    if (coverage !== undefined) covered.push({ policy, coverage });
  }
  return { policies: covered, needs: needsOf(covered), shared: undefined };
}

function needsOf(covered: readonly Covered[]): ReadonlySet<Need> {
  if (covered.every(({ policy }) => policy.needs.size === 0)) return NO_NEEDS;
  return new Set(covered.flatMap(({ policy }) => [...policy.needs]));
}

const NO_NEEDS: ReadonlySet<Need> = new Set();

/** Returns the same as `coveredBy`, from the cache. The list of policies must be the same array for all requests. */
export function planned(policies: readonly Policy[], request: ScopeRequest): Covering {
  const plan = planFor(policies, request);
  return plan.certain ?? coveredBy(plan.candidates, request);
}

/** Reports whether a scope or a rule depends on the labels of the namespace. */
export function needsLabels(policies: readonly Policy[]): boolean {
  return plansOf(policies).needsLabels;
}

/** Reports whether a policy changes objects, so that it needs the mutating webhook. */
export function changesObjects(policies: readonly Policy[]): boolean {
  return plansOf(policies).changesObjects;
}

/** Reports whether a policy changes pull secrets or pull policies. */
export function changesPods(policies: readonly Policy[]): boolean {
  return plansOf(policies).changesPods;
}

/** Reports whether a policy changes new Pods, but not the templates that they come from. */
export function changesNewPods(policies: readonly Policy[]): boolean {
  return plansOf(policies).changesNewPods;
}

export function rewritesImages(policies: readonly Policy[]): boolean {
  return plansOf(policies).rewritesImages;
}

/** The cached selection for one namespace. */
interface Plan {
  /** The policies that can apply in the namespace. */
  readonly candidates: readonly Policy[];
  /** `undefined`: the coverage depends on more than the namespace. */
  readonly certain: Covering | undefined;
}

function changes({ rewrites, pin, addedPullSecrets, pullPolicies }: Policy): boolean {
  return [rewrites, pin, addedPullSecrets, pullPolicies].some((part) => part !== undefined);
}

function modesOf({
  rewrites = [],
  pin,
  addedPullSecrets = [],
  pullPolicies = [],
}: Policy): readonly (PinMode | undefined)[] {
  return [...rewrites, pin, ...addedPullSecrets, ...pullPolicies].map((part) => part?.mode);
}

interface Plans {
  readonly needsLabels: boolean;
  readonly changesObjects: boolean;
  readonly rewritesImages: boolean;
  readonly changesPods: boolean;
  readonly changesNewPods: boolean;
  readonly byNamespace: Map<string | undefined, Plan>;
}

/** A plan for each review would cost in proportion to all policies (figures: test/bench/README.md). */
const known = new WeakMap<readonly Policy[], Plans>();
/** A full memory is cleared, so a tenant cannot fill it permanently. */
const MAX_NAMESPACES = 1000;
/** A namespace is a DNS label. */
const MAX_NAMESPACE = 63;

function plansOf(policies: readonly Policy[]): Plans {
  let plans = known.get(policies);
  if (plans === undefined) {
    plans = {
      needsLabels: policies.some(({ needs }) => needs.has('namespaceLabels')),
      changesObjects: policies.some(changes),
      changesPods: policies.some(
        ({ addedPullSecrets, pullPolicies }) => addedPullSecrets !== undefined || pullPolicies !== undefined,
      ),
      changesNewPods: policies.some((policy) => modesOf(policy).includes('pod')),
      rewritesImages: policies.some(({ rewrites }) => rewrites !== undefined),
      byNamespace: new Map(),
    };
    known.set(policies, plans);
  }
  return plans;
}

function planFor(policies: readonly Policy[], { namespace }: ScopeRequest): Plan {
  const { byNamespace } = plansOf(policies);
  const before = byNamespace.get(namespace);
  if (before !== undefined) return before;
  const plan = createPlan(policies, namespace);
  if (namespace !== undefined && namespace.length > MAX_NAMESPACE) return plan;
  if (byNamespace.size >= MAX_NAMESPACES) byNamespace.clear();
  byNamespace.set(namespace, plan);
  return plan;
}

function createPlan(policies: readonly Policy[], namespace: string | undefined): Plan {
  const covered: Covered[] = [];
  const candidates: Policy[] = [];
  for (const policy of policies) {
    const coverage = policy.scope.inNamespace(namespace);
    if (coverage === 'none') continue;
    candidates.push(policy);
    if (coverage !== 'depends') covered.push({ policy, coverage });
  }
  if (covered.length < candidates.length) return { candidates, certain: undefined };
  const all = [...new Set(candidates.flatMap(({ bindings }) => bindings.map(({ check }) => check)))];
  const shared = { all, others: all.filter(({ imagesOnly }) => !imagesOnly), passed: new Set<string>() };
  const guarded = all.some(({ guard }) => guard !== undefined);
  return { candidates, certain: { policies: covered, needs: needsOf(covered), shared: guarded ? undefined : shared } };
}
