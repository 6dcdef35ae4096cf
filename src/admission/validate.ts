/** The decision about one request. The same function behind the webhook, the offline check and the replay. */
import { quoteValue } from '../image/quote.ts';
import { carriesContainers } from '../pod/api-resources.ts';
import { isBeingDeleted } from '../pod/metadata.ts';
import type { JsonObject } from '../pod/pointer.ts';
import { type Workload, workloadOf } from '../pod/workload.ts';
import { type Finding } from '../policy/finding.ts';
import { evaluate, type Judged } from '../policy/evaluate.ts';
import { tellLapsed } from '../policy/exception-book.ts';
import { type Covered, needsLabels, planned } from '../policy/plan.ts';
import { forgiveExisting } from '../policy/existing.ts';
import type { Fact, Facts, Labels } from '../policy/fact.ts';
import type { ScopeRequest } from '../policy/scope-request.ts';
import { findingsBefore, NOT_ASKED, NOTHING_ASKED } from './existing-findings.ts';
import type { Context } from './context.ts';
import { deniedImages } from './facts/denied-images.ts';
import { gather } from './facts/gather.ts';
import { type Inquiry, inquiryOf } from './facts/lookup-scope.ts';
import { type Lookups, lookups, namespaceLabels } from './facts/lookups.ts';
import { readable } from './readable.ts';
import type { AdmissionRequest } from './request.ts';
import { readWorkload, type Unreadable, unreadable, unreadWorkload } from './malformed.ts';

export type Verdict =
  /** Nothing in the request that a policy could say anything about. */
  | {
      readonly outcome: 'nothing-to-judge';
      readonly allowed: true;
      readonly findings: readonly [];
      readonly reason: string;
    }
  | {
      readonly outcome: 'judged';
      readonly allowed: boolean;
      readonly findings: readonly Finding[];
      readonly workload: Workload;
      /** The policies that were asked, and about what. */
      readonly covered: readonly Covered[];
    }
  | Unreadable;

/** At once when no policy in scope needs a fact, and most need none: a promise costs as much as the verdict. */
export function validate(request: AdmissionRequest, context: Context, signal: AbortSignal): Verdict | Promise<Verdict> {
  const question = questionOf(request);
  if ('nothing' in question) return letThrough(question.nothing);
  const read = readWorkload(question.object, request, context.kinds);
  if (read === undefined) return letThrough(`${quoteValue(request.type.kind)} has no images`);
  const workload = read.ok ? read.workload : unreadWorkload(question.object, request.type, context.kinds);
  const namespace = workload.clusterScoped ? undefined : request.namespace;
  const { operation } = question;
  const judgeWith = (labels: Fact<Labels>): Verdict | Promise<Verdict> => {
    const { name, subResource, user, oldObject, dryRun } = request;
    const asked = { operation, namespace, workload, namespaceLabels: labels };
    const scopeRequest = { ...asked, name, subResource, user, oldObject, dryRun };
    if (read.ok) return judge(scopeRequest, { request, context, signal });
    return unreadable(read.fault, request, planned(context.policies, scopeRequest).policies);
  };
  if (!needsLabels(context.policies)) return judgeWith(NOT_ASKED);
  return namespaceLabels(namespace, context, signal).then(judgeWith);
}

interface Asked {
  readonly request: AdmissionRequest;
  readonly context: Context;
  readonly signal: AbortSignal;
}

function judge(scopeRequest: ScopeRequest, asked: Asked): Verdict | Promise<Verdict> {
  const { request, context, signal } = asked;
  const { workload, namespace, namespaceLabels: labels } = scopeRequest;
  const covering = planned(context.policies, scopeRequest);
  const { needs } = covering;
  const concerns = concernOf(request);
  const excuses = context.exceptions?.excusesFor(scopeRequest);
  const judgeWith = (facts: Facts, ask?: Lookups): Verdict | Promise<Verdict> => {
    const read = readable(() => evaluate(covering, { request: scopeRequest, facts, concerns, excuses }));
    if (!read.ok) return unreadable(read.fault, request, covering.policies);
    const { value: findings } = read;
    const old = findings.length === 0 ? undefined : oldWorkload(request, context);
    if (old === undefined) return judged(workload, findings, covering.policies);
    const before = { request, scopeRequest: { ...scopeRequest, workload: old }, covering, concerns, excuses, ask };
    const had = findingsBefore(findings, before);
    const forgive = (those: readonly Finding[]): Verdict =>
      judged(workload, forgiveExisting(findings, those), covering.policies);
    return had instanceof Promise ? had.then(forgive) : forgive(had);
  };
  if (needs.size === 0) return judgeWith(NOTHING_ASKED);
  const denied = (): Inquiry['denied'] => deniedImages(covering, scopeRequest, excuses);
  const inquiry = readable(() => inquiryOf(covering, workload, { concerns, denied }));
  if (!inquiry.ok) return unreadable(inquiry.fault, request, covering.policies);
  // Of both objects of an update: each question is asked once.
  const ask = lookups(namespace, context, signal);
  const wanted = { workload, needs, pluginsRan: request.pluginsRan, inquiry: inquiry.value };
  return gather(wanted, labels, ask).then((facts) => judgeWith(facts, ask));
}

function judged(workload: Workload, all: readonly Finding[], covered: readonly Covered[]): Verdict {
  const findings = tellLapsed(all);
  const allowed = findings.every(({ action }) => action !== 'deny');
  return { outcome: 'judged', allowed, findings, workload, covered };
}

/** What an UPDATE may leave as it was; an old object that cannot be read had nothing that could be forgiven. */
function oldWorkload({ operation, oldObject, type }: AdmissionRequest, { kinds }: Context): Workload | undefined {
  if (operation !== 'UPDATE' || oldObject === undefined) return undefined;
  const old = workloadOf(oldObject, type, kinds);
  return old?.ok ? old.workload : undefined;
}

function letThrough(reason: string): Verdict {
  return { outcome: 'nothing-to-judge', allowed: true, findings: [], reason };
}

type Question = { readonly nothing: string } | { readonly object: JsonObject; readonly operation: 'CREATE' | 'UPDATE' };

function questionOf({ operation, subResource, object }: AdmissionRequest): Question {
  if (operation === 'DELETE' || operation === 'CONNECT' || object === undefined) {
    return { nothing: `${operation} brings no image` };
  }
  if (!carriesContainers(subResource))
    return { nothing: `the subresource ${quoteValue(subResource)} carries no container` };
  // (On CREATE the field says nothing: the API server clears it.)
  if (operation === 'UPDATE' && isBeingDeleted(object)) return { nothing: 'the object is being deleted' };
  return { object, operation };
}

/** Through `pods/ephemeralcontainers` nothing but the ephemeral containers can change; the rest is discarded. */
function concernOf({ subResource }: AdmissionRequest): Judged['concerns'] {
  return subResource === 'ephemeralcontainers' ? (container) => container.kind === 'ephemeral' : undefined;
}
