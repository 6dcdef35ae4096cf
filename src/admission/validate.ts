/** The decision about one request. The same function behind the webhook, the offline check and the replay. */
import { quoteValue } from '../image/quote.ts';
import { isBeingDeleted } from '../pod/metadata.ts';
import { type JsonObject, ShapeError } from '../pod/pointer.ts';
import { type ShapeFault, type Workload, workloadOf } from '../pod/workload.ts';
import { evaluate, type Finding, type Judged } from '../policy/evaluate.ts';
import { type Excuses, tellLapsed } from '../policy/exception.ts';
import { type Covered, type Covering, coveredBy, needsLabels, planned } from '../policy/plan.ts';
import { forgiveExisting } from '../policy/existing.ts';
import { type Fact, type Facts, type Labels, NO_FACTS } from '../policy/fact.ts';
import type { ScopeRequest } from '../policy/scope.ts';
import type { Context } from './context.ts';
import { gather } from './gather.ts';
import { type Lookups, lookups, namespaceLabels } from './lookups.ts';
import type { AdmissionRequest } from './request.ts';

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
  /** The object is not of the shape its kind has; `pointer` is from the root of the object. Neither yes nor no. */
  | { readonly outcome: 'malformed'; readonly pointer: string; readonly problem: string };

/** Subresources through which containers reach a Pod; all others (status, scale, binding, eviction, …) carry none. */
const JUDGED_SUBRESOURCES = new Set(['', 'ephemeralcontainers', 'resize']);

/** At once when no policy in scope needs a fact, and most need none: a promise costs as much as the verdict. */
export function validate(request: AdmissionRequest, context: Context, signal: AbortSignal): Verdict | Promise<Verdict> {
  const question = questionOf(request);
  if ('nothing' in question) return letThrough(question.nothing);
  const read = workloadOf(question.object, request.type, context.kinds);
  if (read === undefined) return letThrough(`${quoteValue(request.type.kind)} has no images`);
  if (!read.ok) return { outcome: 'malformed', ...read.fault };
  const { workload } = read;
  const namespace = workload.clusterScoped ? undefined : request.namespace;
  const { operation } = question;
  const judgeWith = (labels: Fact<Labels>): Verdict | Promise<Verdict> => {
    const { name, subResource, user, oldObject, dryRun } = request;
    const asked = { operation, namespace, workload, namespaceLabels: labels };
    return judge({ ...asked, name, subResource, user, oldObject, dryRun }, { request, context, signal });
  };
  if (!needsLabels(context.policies)) return judgeWith(NOT_ASKED);
  return namespaceLabels(namespace, context, signal).then(judgeWith);
}

interface Asked {
  readonly request: AdmissionRequest;
  readonly context: Context;
  readonly signal: AbortSignal;
}

function judge(scopeRequest: ScopeRequest, { request, context, signal }: Asked): Verdict | Promise<Verdict> {
  const { workload, namespace, namespaceLabels: labels } = scopeRequest;
  const covering = planned(context.policies, scopeRequest);
  const { needs } = covering;
  const concerns = concernOf(request);
  const excuses = context.exceptions?.excusesFor(scopeRequest);
  // Of both objects of an update: each question is asked once.
  let ask: Lookups | undefined;
  const factsAbout = (of: Workload): Promise<Facts> => {
    ask ??= lookups(namespace, context, signal);
    return gather({ workload: of, needs, pluginsRan: request.pluginsRan }, labels, ask);
  };
  const judgeWith = (facts: Facts): Verdict | Promise<Verdict> => {
    const read = readable(() => evaluate(covering, { request: scopeRequest, facts, concerns, excuses }));
    if (!read.ok) return { outcome: 'malformed', ...read.fault };
    const { findings } = read;
    const old = findings.length === 0 ? undefined : oldWorkload(request, context);
    if (old === undefined) return judged(workload, findings, covering.policies);
    const update = { request, scopeRequest: { ...scopeRequest, workload: old }, concerns, excuses };
    const forgive = (before: Facts): Verdict =>
      judged(workload, forgiven(findings, covering, { ...update, before }), covering.policies);
    // Its pods can stand at the same places and name other secrets.
    return needs.size === 0 ? forgive(facts) : factsAbout(old).then(forgive);
  };
  return needs.size === 0 ? judgeWith(NOTHING_ASKED) : factsAbout(workload).then(judgeWith);
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

type ReadFindings =
  | { readonly ok: true; readonly findings: readonly Finding[] }
  | { readonly ok: false; readonly fault: ShapeFault };

/** Rules read fields of their own; one that is not of the shape its kind has is no rule's business. */
function readable(judgement: () => readonly Finding[]): ReadFindings {
  try {
    return { ok: true, findings: judgement() };
  } catch (error) {
    if (error instanceof ShapeError) return { ok: false, fault: { pointer: error.pointer, problem: error.message } };
    throw error;
  }
}

function letThrough(reason: string): Verdict {
  return { outcome: 'nothing-to-judge', allowed: true, findings: [], reason };
}

type Question = { readonly nothing: string } | { readonly object: JsonObject; readonly operation: 'CREATE' | 'UPDATE' };

function questionOf({ operation, subResource, object }: AdmissionRequest): Question {
  if (operation === 'DELETE' || operation === 'CONNECT' || object === undefined) {
    return { nothing: `${operation} brings no image` };
  }
  if (!JUDGED_SUBRESOURCES.has(subResource))
    return { nothing: `the subresource ${quoteValue(subResource)} carries no container` };
  // (On CREATE the field says nothing: the API server clears it.)
  if (operation === 'UPDATE' && isBeingDeleted(object)) return { nothing: 'the object is being deleted' };
  return { object, operation };
}

const NOT_ASKED = { state: 'unknown', reason: 'no policy asks for namespace labels' } as const;
const NOTHING_ASKED: Facts = { ...NO_FACTS, namespaceLabels: NOT_ASKED };

/** Through `pods/ephemeralcontainers` nothing but the ephemeral containers can change; the rest is discarded. */
function concernOf({ subResource }: AdmissionRequest): Judged['concerns'] {
  return subResource === 'ephemeralcontainers' ? (container) => container.kind === 'ephemeral' : undefined;
}

interface Update {
  readonly request: AdmissionRequest;
  /** About the old object. */
  readonly scopeRequest: ScopeRequest;
  readonly before: Facts;
  readonly concerns: Judged['concerns'];
  readonly excuses: Excuses | undefined;
}

/** On UPDATE, findings that the old object already had become warnings, except for policies that want all judged anew. */
function forgiven(findings: readonly Finding[], { policies }: Covering, update: Update): readonly Finding[] {
  const { request, scopeRequest, before: facts, concerns, excuses } = update;
  const lenient = policies.flatMap(({ policy }) =>
    policy.onUpdate === 'changed' || request.subResource !== '' ? [policy] : [],
  );
  // The same exceptions on both sides, those of the object as it will be: what they excuse is compared like with like.
  const asked = { request: scopeRequest, facts, concerns, excuses };
  const before = readable(() => evaluate(coveredBy(lenient, scopeRequest), asked));
  return before.ok ? forgiveExisting(findings, before.findings) : findings;
}
