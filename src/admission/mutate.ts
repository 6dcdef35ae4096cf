/**
 * Adds digests to the images of one request, as a JSON Patch that replaces image strings.
 *
 * The original spelling stays: `nginx` becomes `nginx@sha256:…`. An added tag would be evaluated as if the author wrote it, and
 * `latest` next to a digest would make `Always` the default imagePullPolicy (kubernetes pkg/apis/core/v1/defaults.go).
 *
 * The same request and registry state always produce the same patch, so `dryRun` shows the real result, and a second review of
 * the changed object changes nothing.
 */
import type { ShapeFault, Workload } from '../pod/workload.ts';
import { MAX_FINDINGS } from '../policy/evaluate.ts';
import type { Fact, Labels } from '../policy/fact.ts';
import { needsLabels, pinsImages, planned } from '../policy/plan.ts';
import type { ScopeRequest } from '../policy/scope-request.ts';
import { NO_LABELS_NEEDED } from './existing-findings.ts';
import { type MutableObject, mutableObjectIn } from './pin/mutable-images.ts';
import type { Context } from './context.ts';
import { whenKnown } from './maybe-promise.ts';
import { createLookups, namespaceLabels } from './facts/lookups.ts';
import { type AddOperation, annotationFor } from './pin/original-images.ts';
import { type DigestFacts, lookUpDigests } from './pin/digest-lookups.ts';
import { type Candidate, candidatesOf, type Unpinned, unpinnedIn } from './pin/candidates.ts';
import type { Mutation, PinnedImage, ReplaceOperation } from './mutation.ts';
import { type Outcome, outcomeOf } from './pin/outcome.ts';
import type { AdmissionRequest } from './request.ts';
import { placeKey } from './pin/stored-digests.ts';
import { readWorkload, unpinnable, unreadWorkload } from './malformed.ts';

/** Decides synchronously if no image needs a lookup, or all are cached. */
export function mutate(request: AdmissionRequest, context: Context, signal: AbortSignal): Mutation | Promise<Mutation> {
  const { uid } = request;
  const change = pinsImages(context.policies) ? mutableObjectIn(request) : undefined;
  const read = change && readWorkload(change.object, request, context.kinds);
  if (change === undefined || read === undefined) return unchanged(uid);
  const workload = read.ok ? read.workload : unreadWorkload(change.object, request.type, context.kinds);
  const unpinned = read.ok ? unpinnedIn(workload, change, context.kinds) : NOTHING;
  if (read.ok && unpinned.length === 0) return unchanged(uid);
  const pinning: Pinning = { request, context, signal, change, workload, unpinned };
  const decide = (labels: Fact<Labels>): Mutation | Promise<Mutation> =>
    read.ok ? pin(pinning, labels) : notPinned(pinning, labels, read.fault);
  if (!needsLabels(context.policies)) return decide(NO_LABELS_NEEDED);
  return whenKnown(namespaceLabels(namespaceOf(pinning), context, signal), decide);
}

function notPinned(pinning: Pinning, labels: Fact<Labels>, fault: ShapeFault): Mutation {
  const { request, context } = pinning;
  const covering = planned(context.policies, scopeRequestOf(pinning, labels));
  const { allowed, findings } = unpinnable(fault, request, covering.policies);
  return { ...unchanged(request.uid), allowed, findings };
}

function unchanged(uid: string): Mutation {
  return { uid, allowed: true, patch: NOTHING, findings: NOTHING, images: NOTHING };
}

const NOTHING: readonly never[] = [];

interface Pinning {
  readonly request: AdmissionRequest;
  readonly context: Context;
  readonly signal: AbortSignal;
  readonly change: MutableObject;
  readonly workload: Workload;
  readonly unpinned: readonly Unpinned[];
}

function namespaceOf({ request, workload }: Pinning): string | undefined {
  return workload.clusterScoped ? undefined : request.namespace;
}

function pin(pinning: Pinning, namespaceLabelsKnown: Fact<Labels>): Mutation | Promise<Mutation> {
  const { request, context, signal, change, unpinned } = pinning;
  const { policies, exceptions } = context;
  const scoped = scopeRequestOf(pinning, namespaceLabelsKnown);
  const covering = planned(policies, scoped);
  const candidates = candidatesOf(unpinned, change, { covering, type: request.type });
  if (candidates.length > MAX_FINDINGS) return notPinned(pinning, namespaceLabelsKnown, TOO_MANY);
  const toLookUp = candidates.filter(({ needsLookup }) => needsLookup);
  if (toLookUp.length === 0) return mutationOf(pinning, candidates, new Map());
  const facts = lookUpDigests(toLookUp, {
    policies,
    request: scoped,
    excuses: exceptions?.excusesFor(scoped),
    pluginsRan: request.pluginsRan,
    lookups: createLookups(scoped.namespace, context, signal),
  });
  return whenKnown(facts, (known) => mutationOf(pinning, candidates, known));
}

/** Limits memory: each image adds a finding or a patch operation. */
const TOO_MANY: ShapeFault = { pointer: '', problem: `expected at most ${MAX_FINDINGS} images to pin, found more` };

function scopeRequestOf(pinning: Pinning, labels: Fact<Labels>): ScopeRequest {
  const { request, workload, change } = pinning;
  const { name, subResource, user, oldObject, dryRun } = request;
  const operation = change.stored === undefined ? 'CREATE' : 'UPDATE';
  const target = { operation, namespace: namespaceOf(pinning), workload, namespaceLabels: labels } as const;
  return { ...target, name, subResource, user, oldObject, dryRun };
}

function mutationOf(pinning: Pinning, candidates: readonly Candidate[], facts: DigestFacts): Mutation {
  const outcomes = candidates.map((candidate) => outcomeOf(candidate, facts.get(candidate)));
  const images = outcomes.flatMap(({ image }) => image ?? []);
  const findings = outcomes.flatMap(({ finding }) => finding ?? []);
  const allowed = findings.every(({ action }) => action !== 'deny');
  const { uid } = pinning.request;
  const decided = { uid, allowed, findings, images };
  if (!allowed) return { ...decided, patch: NOTHING };
  const replaced = images.flatMap(replacement);
  const annotated = replaced.length === 0 ? undefined : annotation(pinning, candidates, outcomes);
  return { ...decided, patch: annotated === undefined ? replaced : [...replaced, annotated] };
}

function replacement({ container, to }: PinnedImage): readonly ReplaceOperation[] {
  if (to === undefined || to === container.image.text) return NOTHING;
  return [{ op: 'replace', path: container.imagePointer, value: to }];
}

/** None for subresources, which do not change metadata. An annotation that is too long is left out, because it is only informative. */
function annotation(
  { request, change, workload }: Pinning,
  candidates: readonly Candidate[],
  outcomes: readonly Outcome[],
): AddOperation | undefined {
  if (request.subResource !== '' || !candidates.some(({ pin: { annotate } }) => annotate)) return undefined;
  const pinned = new Map(
    candidates.flatMap(({ container, pin: { annotate } }, index) => {
      const image = outcomes[index]?.image;
      return image?.to === undefined || !annotate
        ? []
        : [[container, { written: image.from, pinned: image.to }] as const];
    }),
  );
  const originals = workload.containers.map((container) => {
    const { written, pinned: to = container.image.text } = pinned.get(container) ?? {};
    return { place: placeKey(container), pinned: to, written };
  });
  const operation = annotationFor(change.object, originals);
  return operation === 'too-long' ? undefined : operation;
}
