/** The rewrites of one image, as of the only container of a new Pod. */
import type { ImageReference } from '../../image/reference.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { typeOf, workloadOf } from '../../pod/workload.ts';
import { planned } from '../../policy/plan.ts';
import type { Policy } from '../../policy/policy.ts';
import type { ScopeRequest } from '../../policy/scope-request.ts';
import { factLabel } from '../facts/lookups.ts';
import { rewritingPolicies, type Step, stepsOf } from './chain.ts';

export interface PodContext {
  readonly policies: readonly Policy[];
  readonly kinds: KindTable;
  readonly namespace: string;
}

export function rewriteStepsOf(image: ImageReference, { policies, kinds, namespace }: PodContext): readonly Step[] {
  const containers = [{ name: 'image', image: image.text }];
  const object = { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'image', namespace }, spec: { containers } };
  const read = workloadOf(object, typeOf(object), kinds);
  const container = read?.ok === true ? read.workload.containers[0] : undefined;
  if (read?.ok !== true || container === undefined) return [];
  const request: ScopeRequest = {
    operation: 'CREATE',
    namespace,
    workload: read.workload,
    namespaceLabels: { state: 'unknown', reason: `${factLabel('Namespace', namespace)} are not known here` },
    name: '',
    subResource: '',
    user: undefined,
    oldObject: undefined,
    dryRun: false,
  };
  return stepsOf(container, image, rewritingPolicies(planned(policies, request).policies));
}
