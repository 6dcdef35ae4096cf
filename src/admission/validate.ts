/** The decision about one request. The same function behind the webhook, the offline check and the replay. */
import { quoteValue } from '../image/quote.ts';
import type { Container } from '../pod/containers.ts';
import { isObject, type JsonObject, ShapeError } from '../pod/pointer.ts';
import { type ShapeFault, type Workload, workloadOf } from '../pod/workload.ts';
import { coveredBy, evaluate, type Covered, type Finding } from '../policy/evaluate.ts';
import { forgiveExisting } from '../policy/existing.ts';
import type { Fact, Facts, Labels, Need } from '../policy/fact.ts';
import type { ScopeRequest } from '../policy/scope.ts';
import type { Context } from './context.ts';
import { gather, namespaceLabels } from './gather.ts';
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
    }
  /** The object is not of the shape its kind has; `pointer` is from the root of the object. Neither yes nor no. */
  | { readonly outcome: 'malformed'; readonly pointer: string; readonly problem: string };

/** Subresources through which containers reach a Pod; all others (status, scale, binding, eviction, …) carry none. */
const JUDGED_SUBRESOURCES = new Set(['', 'ephemeralcontainers', 'resize']);

/** At once when no policy in scope needs a fact, and most need none: a promise costs as much as the verdict. */
export function validate(request: AdmissionRequest, context: Context, signal: AbortSignal): Verdict | Promise<Verdict> {
  const question = questionOf(request);
  if ('nothing' in question) return allowed(question.nothing);
  const read = workloadOf(question.object, request.type, context.kinds);
  if (read === undefined) return allowed(`${quoteValue(request.type.kind)} has no images`);
  if (!read.ok) return { outcome: 'malformed', ...read.fault };
  const { workload } = read;
  const namespace = workload.clusterScoped ? undefined : request.namespace;
  const { operation } = question;
  const judgeWith = (labels: Fact<Labels>): Verdict | Promise<Verdict> => {
    const { name, subResource, user, oldObject, dryRun } = request;
    const asked = { operation, namespace, workload, namespaceLabels: labels };
    return judge({ ...asked, name, subResource, user, oldObject, dryRun }, { request, context, signal });
  };
  if (!context.policies.some(needsLabels)) return judgeWith(NOT_ASKED);
  return namespaceLabels(namespace, context, signal).then(judgeWith);
}

interface Asked {
  readonly request: AdmissionRequest;
  readonly context: Context;
  readonly signal: AbortSignal;
}

function judge(scopeRequest: ScopeRequest, { request, context, signal }: Asked): Verdict | Promise<Verdict> {
  const { workload, namespace, namespaceLabels: labels } = scopeRequest;
  const covered = coveredBy(context.policies, scopeRequest);
  const needs = needsOf(covered);
  const concerns = concernOf(request);
  const judgeWith = (facts: Facts): Verdict => {
    const read = readable(() => evaluate(covered, { request: scopeRequest, facts, concerns }));
    if (!read.ok) return { outcome: 'malformed', ...read.fault };
    const final = forgiven(read.findings, covered, { request, scopeRequest, facts, context, concerns });
    return { outcome: 'judged', allowed: final.every(({ action }) => action !== 'deny'), findings: final, workload };
  };
  if (needs.size === 0) return judgeWith(NO_FACTS);
  return gather({ workload, namespace, needs }, labels, { context, signal }).then(judgeWith);
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

function allowed(reason: string): Verdict {
  return { outcome: 'nothing-to-judge', allowed: true, findings: [], reason };
}

type Question = { readonly nothing: string } | { readonly object: JsonObject; readonly operation: 'CREATE' | 'UPDATE' };

function questionOf({ operation, subResource, object }: AdmissionRequest): Question {
  if (operation === 'DELETE' || operation === 'CONNECT' || object === undefined) {
    return { nothing: `${operation} brings no image` };
  }
  if (!JUDGED_SUBRESOURCES.has(subResource))
    return { nothing: `the subresource ${quoteValue(subResource)} carries no container` };
  // Its finalizers must come off, whatever its images are. (On CREATE the field says nothing: the API server clears it.)
  if (operation === 'UPDATE' && isBeingDeleted(object)) return { nothing: 'the object is being deleted' };
  return { object, operation };
}

function isBeingDeleted({ metadata }: JsonObject): boolean {
  return isObject(metadata) && typeof metadata['deletionTimestamp'] === 'string';
}

const NOT_ASKED = { state: 'unknown', reason: 'no policy asks for namespace labels' } as const;
const NO_FACTS: Facts = { namespaceLabels: NOT_ASKED, digests: new Map(), pullSecrets: new Map() };

function needsLabels({ needs }: Covered['policy']): boolean {
  return needs.has('namespaceLabels');
}

function needsOf(covered: readonly Covered[]): ReadonlySet<Need> {
  if (covered.every(({ policy }) => policy.needs.size === 0)) return NO_NEEDS;
  return new Set(covered.flatMap(({ policy }) => [...policy.needs]));
}

const NO_NEEDS: ReadonlySet<Need> = new Set();

/** Through `pods/ephemeralcontainers` nothing but the ephemeral containers can change; the rest is discarded. */
function concernOf({ subResource }: AdmissionRequest): (container: Container) => boolean {
  return subResource === 'ephemeralcontainers' ? (container) => container.kind === 'ephemeral' : () => true;
}

interface Update {
  readonly request: AdmissionRequest;
  readonly scopeRequest: ScopeRequest;
  readonly facts: Facts;
  readonly context: Context;
  readonly concerns: (container: Container) => boolean;
}

/** On UPDATE, findings that the old object already had become warnings, except for policies that want all judged anew. */
function forgiven(findings: readonly Finding[], covered: readonly Covered[], update: Update): readonly Finding[] {
  const { request, scopeRequest, facts, context, concerns } = update;
  if (request.operation !== 'UPDATE' || request.oldObject === undefined || findings.length === 0) return findings;
  const old = workloadOf(request.oldObject, request.type, context.kinds);
  // An old object that cannot be read had nothing that could be forgiven.
  if (old === undefined || !old.ok) return findings;
  const lenient = covered.flatMap(({ policy }) =>
    policy.onUpdate === 'changed' || request.subResource !== '' ? [policy] : [],
  );
  const oldRequest = { ...scopeRequest, workload: old.workload };
  const before = readable(() => evaluate(coveredBy(lenient, oldRequest), { request: oldRequest, facts, concerns }));
  return before.ok ? forgiveExisting(findings, before.findings) : findings;
}
