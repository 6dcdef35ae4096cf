/**
 * The resources of Kubernetes itself through which containers reach a cluster. manifests/webhooks registers exactly these, and
 * the engine judges their subresources and no others (status, scale, binding, eviction, … carry no container that is new).
 */
export interface ApiResource {
  /** `''` for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly resource: string;
  /** Those through which containers can be added or changed. A rule for a resource does not cover its subresources. */
  readonly subresources: readonly string[];
  /** Of the resource and its subresources, those whose images `/mutate` can change without harm: see admission/pin/mutable-images.ts. */
  readonly mutated: readonly string[];
}

const workload = (group: string, kind: string, resource: string): ApiResource => ({
  group,
  kind,
  resource,
  subresources: [],
  mutated: [''],
});

export const API_RESOURCES: readonly ApiResource[] = [
  {
    group: '',
    kind: 'Pod',
    resource: 'pods',
    // Through resize (KEP-1287) nothing of a container changes but what it asks for.
    subresources: ['ephemeralcontainers', 'resize'],
    mutated: ['', 'ephemeralcontainers'],
  },
  workload('', 'PodTemplate', 'podtemplates'),
  workload('', 'ReplicationController', 'replicationcontrollers'),
  workload('apps', 'Deployment', 'deployments'),
  // A Deployment's controller makes new ones without end when one is changed.
  { ...workload('apps', 'ReplicaSet', 'replicasets'), mutated: [] },
  workload('apps', 'StatefulSet', 'statefulsets'),
  workload('apps', 'DaemonSet', 'daemonsets'),
  workload('batch', 'Job', 'jobs'),
  workload('batch', 'CronJob', 'cronjobs'),
];

const JUDGED = new Set(['', ...API_RESOURCES.flatMap(({ subresources }) => subresources)]);

/** `''` for the object itself. */
export function carriesContainers(subResource: string): boolean {
  return JUDGED.has(subResource);
}
