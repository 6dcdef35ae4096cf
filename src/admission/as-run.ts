/**
 * Decides about an object that is not in a cluster yet, as the API server would: the mutating webhook comes first, and the changed
 * object is evaluated. The stored object of an update is what the webhook made of it when it was created.
 */
import type { Finding } from '../policy/finding.ts';
import type { Undecided } from '../policy/undecided.ts';
import { changesObjects } from '../policy/plan.ts';
import { patched } from './change/patched.ts';
import type { Context } from './context.ts';
import { type MaybePromise, whenKnown } from './maybe-promise.ts';
import { mutate } from './mutate.ts';
import { withValueImages } from '../pod/value-images.ts';
import type { Mutation } from './mutation.ts';
import type { AdmissionRequest } from './request.ts';
import { type Decision, validate } from './validate.ts';

/** `findings` include those about the changes. */
export type DecisionAsRun = Decision & { readonly asRun?: AsRun | undefined };

export interface AsRun {
  readonly mutation: Mutation;
  /** With the changed objects. */
  readonly request: AdmissionRequest;
  /** Findings about changes that count. */
  readonly reported: readonly Finding[];
  /** Findings about changes that are left out, because this evaluation cannot know what the cluster knows. */
  readonly undecided: readonly Finding[];
}

export interface AsRunOptions {
  /** Objects of a cluster are read. */
  readonly hasCluster: boolean;
}

type AsRunInput = AsRunOptions & { readonly signal: AbortSignal };

/** The stored object counts as created by the same webhook. */
export function decideAsRun(
  request: AdmissionRequest,
  context: Context,
  input: AsRunInput,
): MaybePromise<DecisionAsRun> {
  return whenKnown(evaluateAsRun(request, context, input), ({ decision, asRun }) => {
    // A malformed object is an error already.
    if (asRun === undefined || decision.outcome !== 'evaluated') return decision;
    return {
      ...decision,
      allowed: decision.allowed && isAllowed(asRun.reported),
      findings: [...asRun.reported, ...decision.findings],
      asRun,
    };
  });
}

/** `decision`: of the changed object, without findings about the changes. `asRun`: undefined if nothing can change. */
export interface EvaluatedAsRun {
  readonly decision: Decision;
  readonly asRun: AsRun | undefined;
}

export function evaluateAsRun(
  request: AdmissionRequest,
  context: Context,
  { signal, hasCluster }: AsRunInput,
): MaybePromise<EvaluatedAsRun> {
  if (!changesObjects(context.policies) || request.mutateRan)
    return whenKnown(validate(request, context, signal), (decision) => ({ decision, asRun: undefined }));
  return whenKnown(changedAsRun(request, context, signal), (changed) => {
    const asRun = { ...context, kinds: withValueImages(context.kinds, valueImages(changed.mutation)) };
    return whenKnown(validate(changed.request, asRun, signal), (decision) => ({
      decision,
      asRun: { ...changed, ...findingsAbout(changed.mutation, decision, { hasCluster }) },
    }));
  });
}

/** The result of /mutate, without findings that are left out. */
export function mutationAsRun({ mutation, reported }: Pick<AsRun, 'mutation' | 'reported'>): Mutation {
  const allowed = isAllowed(reported);
  return { ...mutation, allowed, findings: reported, patch: allowed ? mutation.prepared : [] };
}

function isAllowed(findings: readonly Finding[]): boolean {
  return findings.every(({ action }) => action !== 'deny');
}

/** The request with its objects as they would run, whatever ran before. */
export function requestAsRun(
  request: AdmissionRequest,
  context: Context,
  signal: AbortSignal,
): MaybePromise<AdmissionRequest> {
  if (!changesObjects(context.policies)) return request;
  return whenKnown(changedAsRun(request, context, signal), (changed) => changed.request);
}

function changedAsRun(
  request: AdmissionRequest,
  context: Context,
  signal: AbortSignal,
): MaybePromise<Pick<AsRun, 'mutation' | 'request'>> {
  return whenKnown(withStoredAsRun(request, context, signal), (known) =>
    whenKnown(mutate(changeable(known), context, signal), (mutation) => ({
      mutation,
      request: withObject(known, mutation),
    })),
  );
}

/** Without its stored object, it is not known what an update changes, but it would have been changed at its creation. */
function changeable(request: AdmissionRequest): AdmissionRequest {
  const { operation, oldObject, subResource } = request;
  const isUnknown = operation === 'UPDATE' && oldObject === undefined && subResource === '';
  return isUnknown ? { ...request, operation: 'CREATE' } : request;
}

function withStoredAsRun(
  request: AdmissionRequest,
  context: Context,
  signal: AbortSignal,
): MaybePromise<AdmissionRequest> {
  const { operation, oldObject } = request;
  if (operation !== 'UPDATE' || oldObject === undefined) return request;
  const creation: AdmissionRequest = { ...request, operation: 'CREATE', object: oldObject, oldObject: undefined };
  return whenKnown(mutate(creation, context, signal), ({ prepared }) => ({
    ...request,
    oldObject: patched(oldObject, prepared),
  }));
}

/** A denied object is evaluated with its changes as well, so that its author sees all problems at once. */
export function withObject(request: AdmissionRequest, { prepared }: Pick<Mutation, 'prepared'>): AdmissionRequest {
  const { object } = request;
  return object === undefined || prepared.length === 0 ? request : { ...request, object: patched(object, prepared) };
}

/** The object itself keeps them. */
function valueImages({ rewrites, images }: Mutation): ReadonlyMap<string, string> {
  return new Map(
    [...rewrites, ...images].flatMap(({ container, to }) =>
      container.inValues && to !== undefined ? [[container.image.text, to] as const] : [],
    ),
  );
}

function findingsAbout(
  { findings }: Mutation,
  decision: Decision,
  { hasCluster }: AsRunOptions,
): Pick<AsRun, 'reported' | 'undecided'> {
  const denied = new Set(decision.findings.flatMap(({ action, pointer }) => (action === 'deny' ? [pointer] : [])));
  const isReported = ({ undecided, pointer }: Finding): boolean => {
    if (undecided === 'denied') return !denied.has(pointer);
    return undecided === undefined || (undecided === 'object' && hasCluster);
  };
  return {
    reported: findings.filter(isReported),
    undecided: findings.filter((finding) => isUnknownHere(finding) && !isReported(finding)),
  };
}

/** Reports whether the API server, or its webhook, would know it. */
export function isUnknownHere({ undecided }: Finding): boolean {
  return undecided !== undefined && KNOWN_TO_SERVERS.has(undecided);
}

const KNOWN_TO_SERVERS: ReadonlySet<Undecided> = new Set<Undecided>(['not-queried', 'object', 'scope']);
