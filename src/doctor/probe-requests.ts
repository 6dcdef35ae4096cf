/** Admission requests for the kinds that policies need, to test which of them a webhook gets and which a policy covers. */
import { API_RESOURCES, type ApiResource } from '../pod/api-resources.ts';
import { kindTable } from '../pod/kinds.ts';
import { isObject, type JsonObject } from '../pod/pointer.ts';
import { apiVersionOf, workloadOf } from '../pod/workload.ts';
import type { Labels } from '../policy/fact.ts';
import type { Policy } from '../policy/policy.ts';
import type { Target } from './matching.ts';

export interface ProbeKind extends Required<Target> {
  readonly kind: string;
  readonly object: JsonObject;
}

export interface Place {
  readonly name: string;
  readonly labels: Labels;
}

const KINDS = kindTable();
const NAME = 'tidewaiter-doctor-probe';

/** One for each built-in resource, with the subresources that `subresourcesOf` returns, and for each operation. */
export function probeKinds(subresourcesOf: (resource: ApiResource) => readonly string[]): readonly ProbeKind[] {
  return API_RESOURCES.flatMap((resource) => {
    const { group, kind, resource: name } = resource;
    const object = objectOf(group, kind);
    return subresourcesOf(resource).flatMap((subresource) =>
      (subresource === '' ? ['CREATE', 'UPDATE'] : ['UPDATE']).map((operation) => ({
        group,
        version: 'v1',
        resource: name,
        kind,
        subresource,
        operation,
        object,
      })),
    );
  });
}

function objectOf(group: string, kind: string): JsonObject {
  const [path = []] = KINDS.find(group, kind)?.podSpecs ?? [];
  const spec: JsonObject = { containers: [{ name: 'probe', image: 'docker.io/library/probe:1' }] };
  const inner = path.toReversed().reduce<JsonObject>((value, key) => ({ [key]: value }), spec);
  return { apiVersion: apiVersionOf({ group, version: 'v1', kind }), kind, metadata: { name: NAME }, ...inner };
}

/** The creation of a Pod with labels. */
export function podProbe(labels: Labels): ProbeKind {
  const [pod] = probeKinds(({ kind }) => (kind === 'Pod' ? [''] : []));
  if (pod === undefined) throw new Error('the table of resources has no Pods');
  return { ...pod, object: { ...pod.object, metadata: { labels } } };
}

/** Reports whether the policy can cover such an object; a scope that depends on the user can. */
export function canCover({ scope }: Pick<Policy, 'scope'>, probe: ProbeKind, { name, labels }: Place): boolean {
  const { group, version, kind, subresource, operation, object } = probe;
  if (scope.inNamespace(name) === 'none') return false;
  const read = workloadOf(object, { group, version, kind }, KINDS);
  if (read?.ok !== true) return true;
  const request = {
    name: NAME,
    namespace: name,
    namespaceLabels: { state: 'yes', value: labels },
    operation: operation === 'CREATE' ? 'CREATE' : 'UPDATE',
    subResource: subresource,
    user: undefined,
    oldObject: undefined,
    dryRun: false,
    workload: read.workload,
  } as const;
  return scope.covers(request) !== undefined;
}

interface User {
  readonly username: string;
  readonly groups: readonly string[];
}

/** A person, and the controller that creates most Pods. */
export const USERS: readonly User[] = [
  { username: 'tidewaiter-doctor-probe', groups: ['system:authenticated'] },
  {
    username: 'system:serviceaccount:kube-system:replicaset-controller',
    groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
  },
];

/** The variables of a matchCondition, as JSON (admission.k8s.io/v1, AdmissionRequest). */
export function variablesOf(probe: ProbeKind, { name: namespace }: Place, { username, groups }: User): JsonObject {
  const { group, version, resource, kind, subresource, operation, object: template } = probe;
  const metadata = isObject(template['metadata']) ? template['metadata'] : {};
  const object = { ...template, metadata: { ...metadata, name: NAME, namespace } };
  const [type, path] = [
    { group, version, kind },
    { group, version, resource },
  ];
  const sub = subresource === '' ? {} : { subResource: subresource, requestSubResource: subresource };
  const isUpdate = operation === 'UPDATE';
  const request = {
    uid: '00000000-0000-0000-0000-000000000000',
    kind: type,
    requestKind: type,
    resource: path,
    requestResource: path,
    ...sub,
    name: NAME,
    namespace,
    operation,
    dryRun: false,
    userInfo: { username, groups, extra: {} },
    options: { apiVersion: 'meta.k8s.io/v1', kind: isUpdate ? 'UpdateOptions' : 'CreateOptions' },
  };
  return { request, object, oldObject: isUpdate ? object : null };
}
