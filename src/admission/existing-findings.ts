/** What the object that an update replaces already had, of what is found now. */
import type { Container } from '../pod/containers.ts';
import { type Finding } from '../policy/finding.ts';
import { evaluate, type Judged } from '../policy/evaluate.ts';
import type { Excuses } from '../policy/exception-book.ts';
import { type Facts, NO_FACTS } from '../policy/fact.ts';
import { type Covering, coveredBy } from '../policy/plan.ts';
import type { Policy } from '../policy/policy.ts';
import type { ScopeRequest } from '../policy/scope-request.ts';
import { deniedImages } from './facts/denied-images.ts';
import { gather } from './facts/gather.ts';
import { type Inquiry, inquiryOf } from './facts/lookup-scope.ts';
import type { Lookups } from './facts/lookups.ts';
import { readable } from './readable.ts';
import type { AdmissionRequest } from './request.ts';

export const NOT_ASKED = { state: 'unknown', reason: 'no policy asks for namespace labels' } as const;
export const NOTHING_ASKED: Facts = { ...NO_FACTS, namespaceLabels: NOT_ASKED };

export interface Before {
  readonly request: AdmissionRequest;
  /** About the old object. */
  readonly scopeRequest: ScopeRequest;
  /** Of the object as it will be. */
  readonly covering: Covering;
  readonly concerns: Judged['concerns'];
  /** The same on both sides, those of the object as it will be: what they excuse is compared like with like. */
  readonly excuses: Excuses | undefined;
  /** Not given where no policy needs to know anything. */
  readonly ask: Lookups | undefined;
}

/** None of policies that want all judged anew. At once where nobody has to be asked. */
export function findingsBefore(
  findings: readonly Finding[],
  before: Before,
): readonly Finding[] | Promise<readonly Finding[]> {
  const { covering, request, scopeRequest, ask } = before;
  const lenient = covering.policies.flatMap(({ policy }) =>
    policy.onUpdate === 'changed' || request.subResource !== '' ? [policy] : [],
  );
  if (ask === undefined) return judgeWith(NOTHING_ASKED, coveredBy(lenient, scopeRequest), before);
  const narrowed = coveredBy(narrowedTo(findings, lenient), scopeRequest);
  const inquiry = readable(() => inquiryBefore(findings, narrowed, before));
  if (!inquiry.ok) return [];
  const { workload, namespaceLabels } = scopeRequest;
  // Its pods can stand at the same places and name other secrets, so it is asked for what it needs itself.
  const wanted = { workload, needs: narrowed.needs, pluginsRan: request.pluginsRan, inquiry: inquiry.value };
  return gather(wanted, namespaceLabels, ask).then((facts) => judgeWith(facts, narrowed, before));
}

/** An old object that cannot be read had nothing that could be forgiven. */
function judgeWith(facts: Facts, policies: Covering, { scopeRequest, concerns, excuses }: Before): readonly Finding[] {
  const read = readable(() => evaluate(policies, { request: scopeRequest, facts, concerns, excuses }));
  return read.ok ? read.value : [];
}

/** Only rules that have found something now: of the others there is nothing to forgive, and so nothing to ask. */
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

/** Only about containers with the kind, name and image of one in which something is found: see policy/existing.ts. */
function inquiryBefore(findings: readonly Finding[], narrowed: Covering, before: Before): Inquiry | undefined {
  const { covering, scopeRequest, concerns, excuses } = before;
  const found = new Set(findings.map(({ container }) => container && identity(container)));
  const isFound = (container: Container): boolean =>
    (found.has(undefined) || found.has(identity(container))) && (concerns?.(container) ?? true);
  const all = coveredBy(
    covering.policies.map(({ policy }) => policy),
    scopeRequest,
  );
  const denied = (): Inquiry['denied'] => deniedImages(all, scopeRequest, excuses);
  return inquiryOf(narrowed, scopeRequest.workload, { concerns: isFound, denied });
}

function identity({ kind, name, image }: Container): string {
  return JSON.stringify([kind, name, image.text]);
}
