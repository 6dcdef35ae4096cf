/** Selects the findings that the stored object of an UPDATE already had. */
import type { Container } from '../pod/containers.ts';
import type { Workload } from '../pod/workload.ts';
import { evaluate, type EvaluationInput } from '../policy/evaluate.ts';
import type { Excuses } from '../policy/exception-book.ts';
import { type Facts, NO_FACTS } from '../policy/fact.ts';
import type { Finding } from '../policy/finding.ts';
import { type Covering, coveredBy } from '../policy/plan.ts';
import type { Policy } from '../policy/policy.ts';
import type { ScopeRequest } from '../policy/scope-request.ts';
import type { Context } from './context.ts';
import { deniedImages } from './facts/denied-images.ts';
import { gather } from './facts/gather.ts';
import { type LookupScope, type LookupScopeOptions, lookupScopeOf } from './facts/lookup-scope.ts';
import type { Lookups } from './facts/lookups.ts';
import { shapeFaultOf } from './malformed.ts';
import type { AdmissionRequest } from './request.ts';
import { originalImagesOnce } from './rewrite/original-images.ts';

export const NO_LABELS_NEEDED = { state: 'unknown', reason: 'no policy asks for namespace labels' } as const;
export const NO_FACTS_NEEDED: Facts = { ...NO_FACTS, namespaceLabels: NO_LABELS_NEEDED };

/** The review of the new object. */
export interface NewReview {
  readonly request: AdmissionRequest;
  readonly scopeRequest: ScopeRequest;
  readonly covering: Covering;
  readonly canChange: EvaluationInput['canChange'];
  /** Apply to the findings of both objects, so that the findings can be compared. */
  readonly excuses: Excuses | undefined;
}

/** Evaluates the stored object for policies that need no facts. */
export function existingFindings(stored: Workload, review: NewReview): readonly Finding[] {
  const scopeRequest = { ...review.scopeRequest, workload: stored };
  return findingsIn(coveredBy(lenientPolicies(review), scopeRequest), NO_FACTS_NEEDED, { ...review, scopeRequest });
}

/** Facts are gathered for the stored object itself: its Pods can have the same pointers and other pull secrets. */
export async function lookUpExistingFindings(
  findings: readonly Finding[],
  stored: Workload,
  review: NewReview & { readonly lookups: Lookups; readonly context: Pick<Context, 'policies'> },
): Promise<readonly Finding[]> {
  const scopeRequest = { ...review.scopeRequest, workload: stored };
  const ofStored = { ...review, scopeRequest };
  const narrowed = coveredBy(narrowedTo(findings, lenientPolicies(review)), scopeRequest);
  try {
    const originals = originalImagesOnce(scopeRequest, review.context.policies);
    const scope = storedLookupScope(findings, narrowed, { ...ofStored, originals });
    const { pluginsRan } = review.request;
    const { needs } = narrowed;
    const factRequest = { workload: stored, needs, pluginsRan, scope, originalImages: originals };
    return findingsIn(narrowed, await gather(factRequest, scopeRequest.namespaceLabels, review.lookups), ofStored);
  } catch (error) {
    shapeFaultOf(error);
    return [];
  }
}

/** Policies with `onUpdate: all` have no existing findings. Through a subresource, all policies have. */
function lenientPolicies({ covering, request }: NewReview): readonly Policy[] {
  return covering.policies.flatMap(({ policy }) =>
    policy.onUpdate === 'changed' || request.subResource !== '' ? [policy] : [],
  );
}

/** Returns no findings if the stored object is malformed. */
function findingsIn(
  covering: Covering,
  facts: Facts,
  { scopeRequest, canChange, excuses }: NewReview,
): readonly Finding[] {
  try {
    return evaluate(covering, { request: scopeRequest, facts, canChange, excuses });
  } catch (error) {
    shapeFaultOf(error);
    return [];
  }
}

/** Keeps the rules with findings in the new object. The others have nothing to compare, so they need no lookups. */
function narrowedTo(findings: readonly Finding[], policies: readonly Policy[]): readonly Policy[] {
  const rules = new Set(findings.map(({ policy, rule }) => JSON.stringify([policy, rule])));
  return policies.flatMap((policy) => {
    const bindings = policy.bindings.filter(({ rule }) => rules.has(JSON.stringify([policy.name, rule])));
    return bindings.length === 0 ? [] : [{ ...policy, bindings, needs: needsOf(bindings) }];
  });
}

function needsOf(bindings: Policy['bindings']): Policy['needs'] {
  return new Set(bindings.flatMap(({ check }) => check.needs));
}

/** Selects containers with the kind, name, and image of a container that has a finding: see policy/existing.ts. */
function storedLookupScope(
  findings: readonly Finding[],
  narrowed: Covering,
  { covering, scopeRequest, canChange, excuses, originals }: NewReview & Pick<LookupScopeOptions, 'originals'>,
): LookupScope | undefined {
  const found = new Set(findings.map(({ container }) => container && identity(container)));
  const isFound = (container: Container): boolean =>
    (found.has(undefined) || found.has(identity(container))) && (canChange?.(container) ?? true);
  const all = coveredBy(
    covering.policies.map(({ policy }) => policy),
    scopeRequest,
  );
  const denied = (): LookupScope['denied'] => deniedImages(all, scopeRequest, excuses);
  return lookupScopeOf(narrowed, scopeRequest.workload, { includes: isFound, denied, originals });
}

function identity({ kind, name, image }: Container): string {
  return JSON.stringify([kind, name, image.text]);
}
