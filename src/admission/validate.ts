/** The decision about one request: the same function for the webhook, `check`, and `replay`. */
import { quoteValue } from '../image/quote.ts';
import { carriesContainers } from '../pod/api-resources.ts';
import { isBeingDeleted } from '../pod/metadata.ts';
import type { KindTable } from '../pod/kinds.ts';
import type { JsonObject } from '../pod/pointer.ts';
import { type ReadWorkload, type Workload, workloadOf } from '../pod/workload.ts';
import { evaluate, type EvaluationInput } from '../policy/evaluate.ts';
import { type Excuses, noteExpired } from '../policy/exception-book.ts';
import { markExisting } from '../policy/existing.ts';
import type { Fact, Labels } from '../policy/fact.ts';
import type { Finding } from '../policy/finding.ts';
import { type Covered, type Covering, needsLabels, planned } from '../policy/plan.ts';
import type { ScopeRequest } from '../policy/scope-request.ts';
import type { Context } from './context.ts';
import { existingFindings, lookUpExistingFindings, NO_FACTS_NEEDED, NO_LABELS_NEEDED } from './existing-findings.ts';
import { isPod } from './change/mutable-images.ts';
import { addedSecretNames } from './pod-settings/added-pull-secrets.ts';
import { deniedImages } from './facts/denied-images.ts';
import { gather } from './facts/gather.ts';
import { lookupScopeOf } from './facts/lookup-scope.ts';
import { createLookups, namespaceLabels } from './facts/lookups.ts';
import { whenKnown } from './maybe-promise.ts';
import { malformedDecision, type MalformedDecision, readWorkload, shapeFaultOf, unreadWorkload } from './malformed.ts';
import type { AdmissionRequest } from './request.ts';
import { originalImagesOnce } from './rewrite/original-images.ts';

export type Decision =
  | NotEvaluated
  | {
      readonly outcome: 'evaluated';
      readonly allowed: boolean;
      readonly findings: readonly Finding[];
      readonly workload: Workload;
      /** The policies that apply, and to what. */
      readonly covered: readonly Covered[];
    }
  | MalformedDecision;

/** No policy can apply to the request. */
export interface NotEvaluated {
  readonly outcome: 'not-evaluated';
  readonly allowed: true;
  readonly findings: readonly [];
  readonly reason: string;
}

/** Decides synchronously if all facts are known that policies in scope need: see test/bench/README.md. */
export function validate(
  request: AdmissionRequest,
  context: Context,
  signal: AbortSignal,
): Decision | Promise<Decision> {
  const read = readRequest(request, context.kinds);
  return 'outcome' in read ? read : validateRead(read, context, signal);
}

/** For several sets of policies: a large object is read only once. */
export function readRequest(request: AdmissionRequest, kinds: KindTable): ReadRequest | NotEvaluated {
  const target = targetOf(request);
  if ('reason' in target) return notEvaluated(target.reason);
  const read = readWorkload(target.object, request, kinds);
  if (read === undefined) return notEvaluated(`${quoteValue(request.type.kind)} has no images`);
  const workload = read.ok ? read.workload : unreadWorkload(target.object, request.type, kinds);
  const namespace = workload.clusterScoped ? undefined : request.namespace;
  return { request, read, workload, namespace, operation: target.operation };
}

export function validateRead(read: ReadRequest, context: Context, signal: AbortSignal): Decision | Promise<Decision> {
  const review: Review = { ...read, context, signal };
  if (!needsLabels(context.policies)) return decide(review, NO_LABELS_NEEDED);
  return whenKnown(namespaceLabels(read.namespace, context, signal), (labels) => decide(review, labels));
}

export interface ReadRequest {
  readonly request: AdmissionRequest;
  readonly read: ReadWorkload;
  readonly workload: Workload;
  readonly namespace: string | undefined;
  readonly operation: 'CREATE' | 'UPDATE';
}

interface Review extends ReadRequest {
  readonly context: Context;
  readonly signal: AbortSignal;
}

function decide(review: Review, labels: Fact<Labels>): Decision | Promise<Decision> {
  const { request, context, read, workload, namespace, operation } = review;
  const { name, subResource, user, oldObject, dryRun } = request;
  const scopeRequest: ScopeRequest = {
    operation,
    namespace,
    workload,
    namespaceLabels: labels,
    name,
    subResource,
    user,
    oldObject,
    dryRun,
  };
  const covering = planned(context.policies, scopeRequest);
  if (!read.ok) return malformedDecision(read.fault, request, covering.policies);
  const excuses = context.exceptions?.excusesFor(scopeRequest);
  const scoped: ScopedReview = { ...review, scopeRequest, covering, excuses, canChange: changeFilter(request) };
  if (covering.needs.size > 0) return decideWithFacts(scoped);
  try {
    const findings = evaluate(covering, { ...evaluationOf(scoped), facts: NO_FACTS_NEEDED });
    const stored = findings.length === 0 ? undefined : storedWorkload(request, context);
    return decision(scoped, findings, stored === undefined ? [] : existingFindings(stored, scoped));
  } catch (error) {
    return malformedDecision(shapeFaultOf(error), request, covering.policies);
  }
}

interface ScopedReview extends Review {
  readonly scopeRequest: ScopeRequest;
  readonly covering: Covering;
  readonly excuses: Excuses | undefined;
  readonly canChange: EvaluationInput['canChange'];
}

function evaluationOf({ scopeRequest, excuses, canChange }: ScopedReview): Omit<EvaluationInput, 'facts'> {
  return { request: scopeRequest, canChange, excuses };
}

function decideWithFacts(scoped: ScopedReview): Decision | Promise<Decision> {
  const { request, context, signal, workload, namespace, scopeRequest, covering, excuses, canChange } = scoped;
  const malformed = (error: unknown): Decision => malformedDecision(shapeFaultOf(error), request, covering.policies);
  try {
    const originals = originalImagesOnce(scopeRequest, context.policies);
    const scope = lookupScopeOf(covering, workload, {
      includes: canChange,
      denied: () => deniedImages(covering, scopeRequest, excuses),
      originals,
    });
    // One for both objects of an UPDATE: each lookup is sent once.
    const lookups = createLookups(namespace, context, signal);
    const { pluginsRan } = request;
    // The mutating webhook has changed the Pods of a cluster already.
    const isChanged = pluginsRan && isPod(request.type);
    const addedSecrets = isChanged ? undefined : addedSecretNames(covering);
    const { needs } = covering;
    const factRequest = { workload, needs, pluginsRan, scope, addedSecrets, originalImages: originals };
    const gathered = gather(factRequest, scopeRequest.namespaceLabels, lookups);
    const decided = whenKnown(gathered, (facts): Decision | Promise<Decision> => {
      const findings = evaluate(covering, { ...evaluationOf(scoped), facts });
      const stored = findings.length === 0 ? undefined : storedWorkload(request, context);
      if (stored === undefined) return decision(scoped, findings, []);
      const existing = lookUpExistingFindings(findings, stored, { ...scoped, lookups });
      return existing.then((list) => decision(scoped, findings, list));
    });
    return decided instanceof Promise ? decided.catch(malformed) : decided;
  } catch (error) {
    return malformed(error);
  }
}

function decision(
  { workload, covering }: ScopedReview,
  all: readonly Finding[],
  existing: readonly Finding[],
): Decision {
  const findings = noteExpired(markExisting(all, existing));
  const allowed = findings.every(({ action }) => action !== 'deny');
  return { outcome: 'evaluated', allowed, findings, workload, covered: covering.policies };
}

/** The stored object of an UPDATE. If it cannot be parsed, it has no existing findings. */
function storedWorkload({ operation, oldObject, type }: AdmissionRequest, { kinds }: Context): Workload | undefined {
  if (operation !== 'UPDATE' || oldObject === undefined) return undefined;
  const stored = workloadOf(oldObject, type, kinds);
  return stored?.ok ? stored.workload : undefined;
}

function notEvaluated(reason: string): NotEvaluated {
  return { outcome: 'not-evaluated', allowed: true, findings: [], reason };
}

type Target = { readonly reason: string } | { readonly object: JsonObject; readonly operation: 'CREATE' | 'UPDATE' };

function targetOf({ operation, subResource, object }: AdmissionRequest): Target {
  if (operation === 'DELETE' || operation === 'CONNECT' || object === undefined) {
    return { reason: `the ${operation} request has no images` };
  }
  if (!carriesContainers(subResource)) {
    return { reason: `the subresource ${quoteValue(subResource)} has no containers` };
  }
  // The API server clears the field on CREATE.
  if (operation === 'UPDATE' && isBeingDeleted(object)) return { reason: 'the object is being deleted' };
  return { object, operation };
}

/** An update through `pods/ephemeralcontainers` changes only the ephemeral containers; the API server discards the rest. */
function changeFilter({ subResource }: AdmissionRequest): EvaluationInput['canChange'] {
  return subResource === 'ephemeralcontainers' ? (container) => container.kind === 'ephemeral' : undefined;
}
