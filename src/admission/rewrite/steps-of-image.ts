/** The rewrites of images: of one, as of the only container of a new Pod, and of those of an object. */
import type { ImageReference } from '../../image/reference.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { typeOf, type Workload, workloadOf } from '../../pod/workload.ts';
import { planned } from '../../policy/plan.ts';
import type { Fact, Labels } from '../../policy/fact.ts';
import type { Policy } from '../../policy/policy.ts';
import type { ScopeRequest } from '../../policy/scope-request.ts';
import { factLabel } from '../facts/lookups.ts';
import type { AdmissionRequest } from '../request.ts';
import { rewritingPolicies, type Step, stepsOf } from './chain.ts';

export interface PodContext {
  readonly policies: readonly Policy[];
  readonly kinds: KindTable;
  readonly namespace: string;
  /** By default, they are unknown. */
  readonly labels?: Fact<Labels> | undefined;
}

export function rewriteStepsOf(image: ImageReference, context: PodContext): readonly Step[] {
  const request = podWithImage(image, context);
  const container = request?.workload.containers[0];
  if (request === undefined || container === undefined) return [];
  return stepsOf(container, image, rewritingPolicies(planned(context.policies, request).policies));
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

export interface ImageStep {
  /** As written in the object. */
  readonly image: ImageReference;
  readonly step: Step;
}

interface ObjectContext extends Omit<PodContext, 'namespace'> {
  readonly request: Pick<AdmissionRequest, 'namespace' | 'name' | 'user'>;
}

/** Those of the object as it is created, and those of its new Pods: policies select either by kind. */
export function rewriteStepsIn(workload: Workload, { request, ...context }: ObjectContext): readonly ImageStep[] {
  const { namespace = 'default' } = request;
  const namespaced = workload.clusterScoped ? undefined : request.namespace;
  const { labels = unknownLabels(namespace), policies } = context;
  const creation: ScopeRequest = {
    operation: 'CREATE',
    namespace: namespaced,
    workload,
    namespaceLabels: namespaced === undefined ? { state: 'no' } : labels,
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
    const ofPod = rewriteStepsOf(image, { ...context, namespace, labels });
    return [...stepsOf(container, image, covering), ...ofPod].map((step) => ({ image, step }));
  });
}
