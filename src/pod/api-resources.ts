/**
 * The built-in resources through which containers reach a cluster. The webhook configurations register exactly these, and
 * the engine evaluates their subresources and no others: status, scale, binding, eviction, and so on add no containers.
 */
export interface ApiResource {
  /** `''` for the core group. */
  readonly group: string;
  readonly kind: string;
  readonly resource: string;
  /** Subresources that can add or change containers. A webhook rule for a resource does not match its subresources. */
  readonly subresources: readonly string[];
  /** The resource (`''`) and subresources whose images `/mutate` can safely change: see admission/change/mutable-images.ts. */
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
    // resize (KEP-1287) changes only requests and limits.
    subresources: ['ephemeralcontainers', 'resize'],
    mutated: ['', 'ephemeralcontainers'],
  },
  workload('', 'PodTemplate', 'podtemplates'),
  workload('', 'ReplicationController', 'replicationcontrollers'),
  workload('apps', 'Deployment', 'deployments'),
  // If a ReplicaSet changes, its Deployment's controller keeps creating new ones.
  { ...workload('apps', 'ReplicaSet', 'replicasets'), mutated: [] },
  workload('apps', 'StatefulSet', 'statefulsets'),
  workload('apps', 'DaemonSet', 'daemonsets'),
  workload('batch', 'Job', 'jobs'),
  workload('batch', 'CronJob', 'cronjobs'),
];

const EVALUATED = new Set(['', ...API_RESOURCES.flatMap(({ subresources }) => subresources)]);

/** Reports whether requests for a subresource, or for the object itself (`''`), can add containers. */
export function carriesContainers(subResource: string): boolean {
  return EVALUATED.has(subResource);
}
