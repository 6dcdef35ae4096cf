/** The rewrites of images: of one, as of the only container of a new Pod, and the possible ones of those of an object. */
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { typeOf, type Workload, workloadOf } from '../../pod/workload.ts';
import { type Covered, planned } from '../../policy/plan.ts';
import type { Fact, Labels } from '../../policy/fact.ts';
import type { Policy } from '../../policy/policy.ts';
import type { ScopeRequest } from '../../policy/scope-request.ts';
import { isPod } from '../change/mutable-images.ts';
import { factLabel } from '../facts/lookups.ts';
import { newPodsOf } from '../new-pods.ts';
import type { AdmissionRequest } from '../request.ts';
import { rewritingPolicies, type Step, stepsOf } from './chain.ts';
import { type PossibleSteps, possibleStepsOf } from './possible-steps.ts';

export interface PodContext {
  readonly policies: readonly Policy[];
  readonly kinds: KindTable;
  readonly namespace: string;
  /** By default, they are unknown. */
  readonly labels?: Fact<Labels> | undefined;
}

export function rewriteStepsOf(image: ImageReference, context: PodContext): readonly Step[] {
  const asPod = onlyContainer(image, context);
  return asPod === undefined ? [] : stepsOf(asPod.container, image, asPod.policies);
}

interface OnlyContainer {
  readonly container: Container;
  /** Those that rewrite. */
  readonly policies: readonly Covered[];
}

function onlyContainer(image: ImageReference, context: PodContext): OnlyContainer | undefined {
  const request = podWithImage(image, context);
  const container = request?.workload.containers[0];
  if (request === undefined || container === undefined) return undefined;
  return { container, policies: rewritingPolicies(planned(context.policies, request).policies) };
}

/** The creation of a Pod with one container, with that image. */
export function podWithImage(
  image: ImageReference,
  { kinds, namespace, labels = unknownLabels(namespace) }: Omit<PodContext, 'policies'>,
): ScopeRequest | undefined {
  const containers = [{ name: 'image', image: image.text }];
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'image', namespace }, spec: { containers } };
  const read = workloadOf(object, typeOf(object), kinds);
  if (read?.ok !== true) return undefined;
  return {
    operation: 'CREATE',
    namespace,
    workload: read.workload,
    namespaceLabels: labels,
    name: '',
    subResource: '',
    user: undefined,
    oldObject: undefined,
    dryRun: false,
  };
}

function unknownLabels(namespace: string): Fact<Labels> {
  return { state: 'unknown', reason: `${factLabel('Namespace', namespace)} are not known here` };
}

export interface ImageSteps extends PossibleSteps {
  /** As written in the object. */
  readonly image: ImageReference;
}

interface ObjectContext extends Pick<PodContext, 'policies' | 'kinds' | 'labels'> {
  readonly request: AdmissionRequest;
}

/** Those of the object as it is created, and those of its new Pods: policies select either by kind. */
export function possibleStepsIn(workload: Workload, { request, ...context }: ObjectContext): readonly ImageSteps[] {
  const own = stepsOfCreation(workload, { request, ...context });
  if (isPod(request.type)) return own;
  const inPods = new Set<string>();
  const ofPods = newPodsOf(workload, request).flatMap(({ creation, placeOf, value }) => {
    const { object, type } = creation;
    const read = object && workloadOf(object, type, context.kinds);
    if (read?.ok !== true) return [];
    const { containers } = read.workload;
    for (const { imagePointer } of containers) inPods.add(value?.imagePointer ?? placeOf(imagePointer));
    return stepsOfCreation(read.workload, { request: creation, ...context });
  });
  const others = workload.containers.filter(({ imagePointer }) => !inPods.has(imagePointer));
  return [...own, ...ofPods, ...others.flatMap((container) => stepsAsPod(container, { request, ...context }))];
}

/** The Pods of some kinds are not known, such as those that operators create. */
function stepsAsPod({ image: written }: Container, { request, ...context }: ObjectContext): readonly ImageSteps[] {
  if (written.state !== 'parsed') return [];
  const { reference: image } = written;
  const { namespace = 'default' } = request;
  const asPod = onlyContainer(image, { ...context, namespace });
  return asPod === undefined ? [] : [{ image, ...possibleStepsOf(asPod.container, image, asPod.policies) }];
}

function stepsOfCreation(workload: Workload, { request, policies, labels }: ObjectContext): readonly ImageSteps[] {
  const namespace = workload.clusterScoped ? undefined : request.namespace;
  const known = labels ?? unknownLabels(namespace ?? '');
  const creation: ScopeRequest = {
    operation: 'CREATE',
    namespace,
    workload,
    namespaceLabels: namespace === undefined ? { state: 'no' } : known,
    name: request.name,
    subResource: '',
    user: request.user,
    oldObject: undefined,
    dryRun: false,
  };
  const covering = rewritingPolicies(planned(policies, creation).policies);
  return workload.containers.flatMap((container) => {
    if (container.image.state !== 'parsed') return [];
    const { reference: image } = container.image;
    return [{ image, ...possibleStepsOf(container, image, covering) }];
  });
}
