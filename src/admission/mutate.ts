/**
 * The change to one request: digests behind tags, as a JSON Patch of targeted operations on image strings. The user's own
 * spelling stays, `nginx` becomes `nginx@sha256:…`: a tag that nobody wrote would be judged as if somebody had, and a pull
 * policy that is still to be defaulted would become `Always` for an image that cannot change (with `latest` beside a digest
 * the tag decides, kubernetes pkg/apis/core/v1/defaults.go). The same request always gives the same change, as far as the
 * registry does, so a rehearsal (`dryRun`) says what will be, and asking again about the changed object changes nothing.
 */
import type { ShapeFault, Workload } from '../pod/workload.ts';
import { MAX_FINDINGS } from '../policy/evaluate.ts';
import type { Fact, Labels } from '../policy/fact.ts';
import { needsLabels, pinsImages, planned } from '../policy/plan.ts';
import type { ScopeRequest } from '../policy/scope-request.ts';
import { NO_LABELS_NEEDED } from './existing-findings.ts';
import { type Changeable, changeableIn } from './pin/mutable-images.ts';
import type { Context } from './context.ts';
import { whenKnown } from './maybe-promise.ts';
import { createLookups, namespaceLabels } from './facts/lookups.ts';
import { type AddOperation, annotationFor } from './pin/original-images.ts';
import { type Answers, lookUpDigests } from './pin/digest-lookups.ts';
import { type Candidate, candidatesOf, type Unpinned, unpinnedIn } from './pin/candidates.ts';
import type { Mutation, PinnedImage, ReplaceOperation } from './mutation.ts';
import { type Outcome, outcomeOf } from './pin/outcome.ts';
import type { AdmissionRequest } from './request.ts';
import { placeKey } from './pin/stored-digests.ts';
import { readWorkload, unpinnable, unreadWorkload } from './malformed.ts';

/** Decides synchronously if no image needs a lookup, or all are cached. */
export function mutate(request: AdmissionRequest, context: Context, signal: AbortSignal): Mutation | Promise<Mutation> {
  const { uid } = request;
  const change = pinsImages(context.policies) ? changeableIn(request) : undefined;
  const read = change && readWorkload(change.object, request, context.kinds);
  if (change === undefined || read === undefined) return unchanged(uid);
  const workload = read.ok ? read.workload : unreadWorkload(change.object, request.type, context.kinds);
  const unpinned = read.ok ? unpinnedIn(workload, change, context.kinds) : NOTHING;
  if (read.ok && unpinned.length === 0) return unchanged(uid);
  const pinning: Pinning = { request, context, signal, change, workload, unpinned };
  const decide = (labels: Fact<Labels>): Mutation | Promise<Mutation> =>
    read.ok ? pin(pinning, labels) : notPinned(pinning, labels, read.fault);
  if (!needsLabels(context.policies)) return decide(NO_LABELS_NEEDED);
  return namespaceLabels(namespaceOf(pinning), context, signal).then(decide);
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
  readonly change: Changeable;
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
  const answers = lookUpDigests(toLookUp, {
    policies,
    request: scoped,
    excuses: exceptions?.excusesFor(scoped),
    pluginsRan: request.pluginsRan,
    lookups: createLookups(scoped.namespace, context, signal),
  });
  return whenKnown(answers, (known) => mutationOf(pinning, candidates, known));
}

/** Each has a finding or a place in the patch, and both take memory. */
const TOO_MANY: ShapeFault = { pointer: '', problem: `expected at most ${MAX_FINDINGS} images to pin, found more` };

function scopeRequestOf(pinning: Pinning, labels: Fact<Labels>): ScopeRequest {
  const { request, workload, change } = pinning;
  const { name, subResource, user, oldObject, dryRun } = request;
  const operation = change.stored === undefined ? 'CREATE' : 'UPDATE';
  const asked = { operation, namespace: namespaceOf(pinning), workload, namespaceLabels: labels } as const;
  return { ...asked, name, subResource, user, oldObject, dryRun };
}

function mutationOf(pinning: Pinning, candidates: readonly Candidate[], answers: Answers): Mutation {
  const outcomes = candidates.map((candidate) => outcomeOf(candidate, answers.get(candidate)));
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

/** Through a subresource no metadata changes. One that would be too long is left out: it is only for people. */
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
