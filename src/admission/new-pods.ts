/** The Pods that controllers create from the templates of an object. */
import type { Container, Pod } from '../pod/containers.ts';
import { isObject, type JsonObject, valueAt } from '../pod/pointer.ts';
import type { Workload } from '../pod/workload.ts';
import type { AdmissionRequest } from './request.ts';

export interface NewPod {
  readonly creation: AdmissionRequest;
  /** The pointer in the object of a pointer in the Pod. */
  readonly placeOf: (pointer: string) => string;
  /** The image in Helm values that it runs; nothing else is known of it. */
  readonly value?: Container;
}

export const POD_SPEC = '/spec';

/** `request` is about the workload, which is no Pod. */
export function newPodsOf(workload: Workload, request: AdmissionRequest): readonly NewPod[] {
  const { pods, containers } = workload;
  return [
    ...pods.flatMap((pod) => newPod(pod, workload, request)),
    ...containers.filter(({ inValues }) => inValues).map((container) => valuePod(container, request)),
  ];
}

function valuePod(value: Container, request: AdmissionRequest): NewPod {
  const spec = { containers: [{ name: 'value', image: value.image.text }] };
  return { creation: creationOf(request, {}, spec), placeOf: (pointer) => pointer, value };
}

function newPod(pod: Pod, { object, name }: Workload, request: AdmissionRequest): readonly NewPod[] {
  if (!pod.pointer.endsWith(POD_SPEC)) return [];
  const template = valueAt(object, `${pod.pointer.slice(0, -POD_SPEC.length)}/metadata`);
  const { apiVersion, kind } = object;
  const metadata = {
    ...(isObject(template) ? template : {}),
    ownerReferences: [{ apiVersion, kind, name, controller: true }],
  };
  const placeOf = (pointer: string): string => `${pod.pointer}${pointer.slice(POD_SPEC.length)}`;
  return [{ creation: creationOf(request, metadata, pod.spec), placeOf }];
}

function creationOf(request: AdmissionRequest, metadata: JsonObject, spec: JsonObject): AdmissionRequest {
  const created: JsonObject = { apiVersion: 'v1', kind: 'Pod', metadata, spec };
  return {
    ...request,
    type: { group: '', version: 'v1', kind: 'Pod' },
    operation: 'CREATE',
    name: '',
    user: undefined,
    object: created,
    oldObject: undefined,
  };
}
