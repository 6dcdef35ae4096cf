/** What the containers of an object would run, and with which pull secrets: the changes of the object, then those of its new Pods. */
import { parseReference } from '../image/reference.ts';
import type { Container } from '../pod/containers.ts';
import { workloadOf } from '../pod/workload.ts';
import { REWRITE } from '../policy/change-rules.ts';
import { changesNewPods } from '../policy/plan.ts';
import type { Finding } from '../policy/finding.ts';
import type { Policy } from '../policy/policy.ts';
import { type AsRun, isUnknownHere, withObject } from './as-run.ts';
import { isPod } from './change/mutable-images.ts';
import type { Context } from './context.ts';
import { type MaybePromise, whenAllKnown, whenKnown } from './maybe-promise.ts';
import { mutate } from './mutate.ts';
import type { AddedPullSecret, AddedPullSecrets, Mutation } from './mutation.ts';
import { type NewPod, newPodsOf, POD_SPEC } from './new-pods.ts';
import type { AdmissionRequest } from './request.ts';

/** A container that a policy changes. */
export interface ContainerChange {
  readonly container: string | undefined;
  /** From the root of the object. */
  readonly imagePointer: string;
  readonly from: string;
  readonly to: string;
  readonly pullSecrets: readonly string[];
  /** undefined: it stays. */
  readonly pullPolicy: string | undefined;
  /** In the order of their changes. */
  readonly policies: readonly string[];
}

export interface ChangesAsRun {
  /** In the order of the first change of each container. */
  readonly changes: readonly ContainerChange[];
  /** Findings about changes that are left out, as in `AsRun`: those of the object, and of its new Pods. */
  readonly undecided: readonly Finding[];
}

export function changesAsRun(
  { mutation, request, undecided }: AsRun,
  context: Context,
  signal: AbortSignal,
): MaybePromise<ChangesAsRun> {
  if (!mutation.allowed) return { changes: [], undecided };
  return whenKnown(podMutations(request, context, signal), (ofPods) => ({
    changes: changesIn(mutation, ofPods, context),
    undecided: [...undecided, ...ofPods.flatMap(findingsOfPod).filter((finding) => isNewUnknown(finding, undecided))],
  }));
}

/** A template and its Pods can have the same change. */
function isNewUnknown(finding: Finding, ofObject: readonly Finding[]): boolean {
  const { rule, pointer } = finding;
  return isUnknownHere(finding) && !ofObject.some((one) => one.rule === rule && one.pointer === pointer);
}

function changesIn(
  mutation: Mutation,
  ofPods: readonly PodMutation[],
  { policies }: Context,
): readonly ContainerChange[] {
  const changes = createChanges(policies);
  changes.add(mutation, (pointer) => pointer);
  for (const ofPod of ofPods) changes.add(ofPod.mutation, ofPod.placeOf);
  return changes.all().filter(isChange);
}

/** An object with its changes, and with those that its new Pods would get. */
export interface ObjectAsRun {
  /** As written, if a policy denies it. */
  readonly request: AdmissionRequest;
  readonly changes: readonly ContainerChange[];
  /** About what is not changed, with their places in the object. */
  readonly findings: readonly Finding[];
}

export function objectAsRun(
  request: AdmissionRequest,
  context: Context,
  signal: AbortSignal,
): MaybePromise<ObjectAsRun> {
  return whenKnown(mutate(request, context, signal), (mutation) => {
    const { findings } = mutation;
    if (!mutation.allowed) return { request, changes: [], findings };
    const changed = withObject(request, mutation);
    return whenKnown(podMutations(changed, context, signal), (ofPods) => ({
      request: ofPods.reduce(withPod, changed),
      changes: changesIn(mutation, ofPods, context),
      findings: [...findings, ...ofPods.flatMap(findingsOfPod).filter((finding) => !isRewriteAgain(finding, findings))],
    }));
  });
}

/** The metadata of the Pod is not a part of the object. */
function withPod(request: AdmissionRequest, { mutation, placeOf }: PodMutation): AdmissionRequest {
  const patch = mutation.patch.flatMap((operation) =>
    operation.path.startsWith(`${POD_SPEC}/`) ? [{ ...operation, path: placeOf(operation.path) }] : [],
  );
  return withObject(request, { prepared: patch });
}

/** A Pod whose template has just been pinned: the mirror does not have the digest either. */
function isRewriteAgain({ rule, policy, pointer }: Finding, ofObject: readonly Finding[]): boolean {
  const isSame = (one: Finding): boolean => one.rule === rule && one.policy === policy && one.pointer === pointer;
  return rule === REWRITE && ofObject.some(isSame);
}

function findingsOfPod({ mutation, placeOf }: PodMutation): readonly Finding[] {
  return mutation.findings.map((finding) => ({ ...finding, pointer: placeOf(finding.pointer) }));
}

/** The changes of a Pod that a controller creates. */
interface PodMutation extends Pick<NewPod, 'placeOf'> {
  readonly mutation: Mutation;
}

function podMutations(
  request: AdmissionRequest,
  context: Context,
  signal: AbortSignal,
): MaybePromise<readonly PodMutation[]> {
  const pods = newPods(request, context);
  const mutations = pods.map(({ creation, placeOf, value }) =>
    whenKnown(mutate(creation, context, signal), (mutation) => ({
      mutation: value === undefined ? mutation : mutationOfValue(mutation, value),
      placeOf,
    })),
  );
  return whenAllKnown(mutations);
}

/** If a policy changes only new Pods. */
function newPods(request: AdmissionRequest, { policies, kinds }: Context): readonly NewPod[] {
  const { object, type } = request;
  if (object === undefined || isPod(type) || !changesNewPods(policies)) return [];
  const read = workloadOf(object, type, kinds);
  return read?.ok === true ? newPodsOf(read.workload, request) : [];
}

/** The object keeps its values. */
function mutationOfValue({ rewrites, images, findings, ...mutation }: Mutation, container: Container): Mutation {
  return {
    ...mutation,
    patch: [],
    prepared: [],
    findings: findings.map((finding) => ({ ...finding, container, pointer: container.imagePointer })),
    rewrites: rewrites.map((one) => ({ ...one, container })),
    images: images.map((one) => ({ ...one, container })),
    pullSecrets: [],
    pullPolicies: [],
  };
}

interface Changes {
  /** `placeOf`: the pointer in the object of a pointer in what is changed. */
  add(mutation: Mutation, placeOf: (pointer: string) => string): void;
  all(): readonly ContainerChange[];
}

function createChanges(policies: readonly Policy[]): Changes {
  const byImage = new Map<string, ContainerChange>();
  return {
    add(mutation, placeOf) {
      const at = (container: Container): ContainerChange => {
        const imagePointer = placeOf(container.imagePointer);
        return byImage.get(imagePointer) ?? unchanged(container, imagePointer);
      };
      const change = (before: ContainerChange, policy: string, next: Partial<ContainerChange>): void => {
        const by = [...new Set([...before.policies, policy])];
        byImage.set(before.imagePointer, { ...before, ...next, policies: by });
      };
      for (const { container, to, policy } of [...mutation.rewrites, ...mutation.images])
        if (to !== undefined) change(at(container), policy, { to });
      for (const { pod, name, policy } of mutation.pullSecrets.flatMap(eachSecret)) {
        for (const before of pod.containers.map(at)) {
          const pullSecrets = [...new Set([...before.pullSecrets, name])];
          if (isFor(name, before.to, policies)) change(before, policy, { pullSecrets });
        }
      }
      for (const { container, to, policy } of mutation.pullPolicies) change(at(container), policy, { pullPolicy: to });
    },
    all: () => [...byImage.values()],
  };
}

function eachSecret({ pod, added }: AddedPullSecrets): readonly (AddedPullSecret & Pick<AddedPullSecrets, 'pod'>)[] {
  return added.map((one) => ({ pod, ...one }));
}

/** A Pod gets its pull secrets for some of its images. */
function isFor(secret: string, image: string, policies: readonly Policy[]): boolean {
  const parsed = parseReference(image);
  if (!parsed.ok) return false;
  return policies.some(({ addedPullSecrets = [] }) =>
    addedPullSecrets.some((entry) => entry.add.includes(secret) && entry.covers(parsed.reference)),
  );
}

function unchanged({ name, image: { text } }: Container, imagePointer: string): ContainerChange {
  const same = { from: text, to: text, pullSecrets: [], pullPolicy: undefined, policies: [] };
  return { container: name, imagePointer, ...same };
}

function isChange({ from, to, pullSecrets, pullPolicy }: ContainerChange): boolean {
  return from !== to || pullSecrets.length > 0 || pullPolicy !== undefined;
}
