/**
 * Changes the images of one request, as a JSON Patch that replaces image strings: first their names, by the rewrites of policies,
 * then their digests.
 *
 * The original spelling of tags stays: `nginx` becomes `nginx@sha256:…`. An added tag would be evaluated as if the author wrote
 * it, and `latest` next to a digest would make `Always` the default imagePullPolicy (kubernetes pkg/apis/core/v1/defaults.go).
 *
 * The same request and registry state always produce the same patch, so `dryRun` shows the real result, and a second review of
 * the changed object changes nothing.
 */
import { type ReadWorkload, type ShapeFault, type Workload, workloadOf } from '../pod/workload.ts';
import { MAX_FINDINGS } from '../policy/evaluate.ts';
import type { Fact, Labels } from '../policy/fact.ts';
import { changesObjects, changesPods, type Covering, needsLabels, planned, rewritesImages } from '../policy/plan.ts';
import type { ScopeRequest } from '../policy/scope-request.ts';
import { NO_LABELS_NEEDED } from './existing-findings.ts';
import { annotationOperation } from './change/annotation.ts';
import { type ChangedImage, changedImages } from './change/changed-images.ts';
import { type ImageFact, type ImageFactRequest, lookUpImages } from './change/image-facts.ts';
import { type MutableObject, mutableObjectIn } from './change/mutable-images.ts';
import type { Context } from './context.ts';
import { type MaybePromise, whenKnown } from './maybe-promise.ts';
import { createLookups, type Lookups, namespaceLabels } from './facts/lookups.ts';
import { readWorkload, unpinnable, unreadWorkload } from './malformed.ts';
import type { Mutation, Patch, ReplaceOperation } from './mutation.ts';
import type { Container } from '../pod/containers.ts';
import { type ImageReference, parseReference } from '../image/reference.ts';
import { appendedSecrets, pullPolicyOperation } from './pod-settings/operations.ts';
import type { PodChange } from './pod-settings/pod-change.ts';
import { type PullPolicyChanges, pullPolicyChanges } from './pod-settings/pull-policies.ts';
import { addedSecretNames, type PullSecretChanges, pullSecretChanges } from './pod-settings/added-pull-secrets.ts';
import { type Candidate, candidatesOf, unpinnedIn, withoutReplacedDigests } from './pin/candidates.ts';
import { type Outcome, outcomeOf } from './pin/outcome.ts';
import { type Hint, hintsIn } from './pin/stored-digests.ts';
import type { AdmissionRequest } from './request.ts';
import { namesFor, type NamesFor, rewriteImages, type Rewritings } from './rewrite/rewrite.ts';

/** Decides synchronously if no image needs a lookup, or all are cached. */
export function mutate(request: AdmissionRequest, context: Context, signal: AbortSignal): Mutation | Promise<Mutation> {
  const { uid } = request;
  const { policies, kinds } = context;
  const change = changesObjects(policies) ? mutableObjectIn(request) : undefined;
  const read = change && readWorkload(change.object, request, kinds);
  if (change === undefined || read === undefined) return unchanged(uid);
  const workload = read.ok ? read.workload : unreadWorkload(change.object, request.type, kinds);
  const changing: Changing = { request, context, signal, change, workload, images: imagesOf(read, change, context) };
  if (read.ok && changing.images.length === 0 && !changesPods(policies)) return unchanged(uid);
  const decide = (labels: Fact<Labels>): Mutation | Promise<Mutation> =>
    read.ok ? changed(scopedOf(changing, labels)) : notChanged(scopedOf(changing, labels), read.fault);
  if (!needsLabels(policies)) return decide(NO_LABELS_NEEDED);
  return whenKnown(namespaceLabels(namespaceOf(changing), context, signal), decide);
}

function imagesOf(read: ReadWorkload, change: MutableObject, { policies, kinds }: Context): readonly ChangedImage[] {
  return read.ok ? changedImages(read.workload, change, { kinds, withDigest: rewritesImages(policies) }) : NOTHING;
}

function unchanged(uid: string): Mutation {
  return {
    uid,
    allowed: true,
    patch: NOTHING,
    prepared: NOTHING,
    findings: NOTHING,
    rewrites: NOTHING,
    images: NOTHING,
    pullSecrets: NOTHING,
    pullPolicies: NOTHING,
  };
}

const NOTHING: readonly never[] = [];

interface Changing {
  readonly request: AdmissionRequest;
  readonly context: Context;
  readonly signal: AbortSignal;
  readonly change: MutableObject;
  readonly workload: Workload;
  readonly images: readonly ChangedImage[];
}

interface Scoped extends Changing {
  readonly scopeRequest: ScopeRequest;
  readonly covering: Covering;
}

function scopedOf(changing: Changing, namespaceLabelsKnown: Fact<Labels>): Scoped {
  const scopeRequest = scopeRequestOf(changing, namespaceLabelsKnown);
  return { ...changing, scopeRequest, covering: planned(changing.context.policies, scopeRequest) };
}

function scopeRequestOf(changing: Changing, labels: Fact<Labels>): ScopeRequest {
  const { request, workload, change } = changing;
  const { name, subResource, user, oldObject, dryRun } = request;
  const operation = change.stored === undefined ? 'CREATE' : 'UPDATE';
  const target = { operation, namespace: namespaceOf(changing), workload, namespaceLabels: labels } as const;
  return { ...target, name, subResource, user, oldObject, dryRun };
}

function namespaceOf({ request, workload }: Changing): string | undefined {
  return workload.clusterScoped ? undefined : request.namespace;
}

function notChanged({ request, covering }: Scoped, fault: ShapeFault): Mutation {
  const { allowed, findings } = unpinnable(fault, request, covering.policies);
  return { ...unchanged(request.uid), allowed, findings };
}

function changed(scoped: Scoped): MaybePromise<Mutation> {
  const facts = factRequestOf(scoped);
  const { request, context, change, covering } = scoped;
  const { type } = request;
  const names = namesFor(covering);
  const hint = hintsIn(change.object, { type, kinds: context.kinds, namesFor: names });
  const images = withoutReplacedDigests(scoped.images, { change, type, covering, hint, namesFor: names });
  return whenKnown(rewriteImages({ ...scoped, images }, facts), (rewritings) =>
    rewritings === 'too-many' ? notChanged(scoped, TOO_MANY) : pin(scoped, { facts, rewritings, hint, names }),
  );
}

interface Pinning {
  readonly facts: ImageFactRequest;
  readonly rewritings: Rewritings;
  readonly hint: Hint;
  readonly names: NamesFor;
}

/** One for all lookups of the request: each is sent once. */
function factRequestOf({ request, context, signal, scopeRequest, covering, change }: Scoped): ImageFactRequest {
  return {
    policies: context.policies,
    request: scopeRequest,
    excuses: context.exceptions?.excusesFor(scopeRequest),
    pluginsRan: request.pluginsRan,
    lookups: createLookups(scopeRequest.namespace, context, signal),
    // The list of a live Pod is immutable.
    addedSecrets: change.onlyEphemeral ? () => NOTHING : addedSecretNames(covering),
  };
}

/** Limits memory: each image adds a finding or a patch operation. */
const TOO_MANY: ShapeFault = { pointer: '', problem: `expected at most ${MAX_FINDINGS} images to change, found more` };

function pin(scoped: Scoped, { facts, rewritings, hint, names }: Pinning): MaybePromise<Mutation> {
  const { request, change, covering } = scoped;
  const unpinned = unpinnedIn(rewritings.images, { digests: change.digests, hint });
  const candidates = candidatesOf(unpinned, change, { covering, type: request.type });
  if (candidates.length > MAX_FINDINGS) return notChanged(scoped, TOO_MANY);
  const replaced = new Set(
    rewritings.images.flatMap((image) => (image.replaced === undefined ? [] : [image.container])),
  );
  const factOf = ({ refresh, container }: Candidate): ImageFact | undefined =>
    refresh && !replaced.has(container) ? undefined : rewritings.facts.get(container);
  const toLookUp = candidates.filter((candidate) => candidate.needsLookup && factOf(candidate) === undefined);
  return whenKnown(lookUpImages(toLookUp, facts), (known) => {
    const outcomes = candidates.map((candidate) => outcomeOf(candidate, known.get(candidate) ?? factOf(candidate)));
    const pinned = { candidates, outcomes, namesFor: names };
    const finalImages = finalImagesOf(rewritings, outcomes);
    return whenKnown(podSettings(scoped, facts.lookups, finalImages), (settings) =>
      mutationOf(scoped, { rewritings, pinned, finalImages, settings }),
    );
  });
}

function finalImagesOf({ images }: Rewritings, outcomes: readonly Outcome[]): ReadonlyMap<Container, ImageReference> {
  const finalImages = new Map(images.map(({ container, reference }) => [container, reference]));
  for (const { image } of outcomes) {
    const parsed = image?.to === undefined ? undefined : parseReference(image.to);
    if (image !== undefined && parsed?.ok === true) finalImages.set(image.container, parsed.reference);
  }
  return finalImages;
}

interface PodSettings {
  readonly secrets: PullSecretChanges;
  readonly pullPolicies: PullPolicyChanges;
}

function podSettings(
  scoped: Scoped,
  lookups: Lookups,
  finalImages: ReadonlyMap<Container, ImageReference>,
): MaybePromise<PodSettings> {
  if (!changesPods(scoped.context.policies)) return NO_SETTINGS;
  const { change, request, context } = scoped;
  const read = change.stored && workloadOf(change.stored, request.type, context.kinds);
  const podChange: PodChange = {
    ...scoped,
    stored: read?.ok === true ? read.workload : undefined,
    finalImage: (container) =>
      finalImages.get(container) ?? (container.image.state === 'parsed' ? container.image.reference : undefined),
  };
  const pullPolicies = pullPolicyChanges(podChange);
  return whenKnown(pullSecretChanges(podChange, lookups), (secrets) => ({ secrets, pullPolicies }));
}

const NO_SETTINGS: PodSettings = {
  secrets: { added: NOTHING, findings: NOTHING },
  pullPolicies: { set: NOTHING, findings: NOTHING },
};

interface Pinned {
  readonly candidates: readonly Candidate[];
  readonly outcomes: readonly Outcome[];
  readonly namesFor: NamesFor;
}

interface Changed {
  readonly rewritings: Rewritings;
  readonly pinned: Pinned;
  readonly finalImages: ReadonlyMap<Container, ImageReference>;
  readonly settings: PodSettings;
}

function mutationOf(scoped: Scoped, changes: Changed): Mutation {
  const { rewritings, pinned, settings } = changes;
  const { secrets, pullPolicies } = settings;
  const findings = [
    ...rewritings.findings,
    ...pinned.outcomes.flatMap(({ finding }) => finding ?? []),
    ...secrets.findings,
    ...pullPolicies.findings,
  ];
  const allowed = findings.every(({ action }) => action !== 'deny');
  const prepared = patchOf(scoped, changes);
  const decided: Mutation = {
    ...unchanged(scoped.request.uid),
    allowed,
    prepared,
    findings,
    rewrites: rewritings.rewrites,
    images: pinned.outcomes.flatMap(({ image }) => image ?? []),
  };
  return allowed
    ? { ...decided, patch: prepared, pullSecrets: secrets.added, pullPolicies: pullPolicies.set }
    : decided;
}

function patchOf(scoped: Scoped, { rewritings, pinned, finalImages, settings }: Changed): Patch {
  const replaced = [...finalImages].flatMap(
    ([{ image, imagePointer, inValues }, { text }]): readonly ReplaceOperation[] =>
      text === image.text || inValues ? NOTHING : [{ op: 'replace', path: imagePointer, value: text }],
  );
  const annotated =
    replaced.length === 0 ? undefined : annotationOperation(scoped, { finalImages, rewritings, ...pinned });
  return [
    ...replaced,
    ...(annotated === undefined ? NOTHING : [annotated]),
    ...settings.secrets.added.flatMap(appendedSecrets),
    ...settings.pullPolicies.set.map(pullPolicyOperation),
  ];
}
