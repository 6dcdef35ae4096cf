/**
 * The table of kinds with the locations of their pods and images, from API types and CRD schemas. tidewaiter does not evaluate
 * objects of other kinds, only the Pods that their controllers create.
 *
 * The lists are grouped by purpose, to keep files short. A new kind belongs in the first that fits: built-in workloads and
 * controllers that run Pods like them (this file), Argo and Tekton (workflow-kinds.ts), SQL databases and MongoDB
 * (database-kinds.ts), other data stores and streams (data-kinds.ts), monitoring, tracing, and logging
 * (observability-kinds.ts), any other operator (operator-kinds.ts). Images that a pointer cannot select are also read by
 * odd-images.ts, or by image-parts.ts if they are composed from the fields of one map.
 */
import { DATA_KINDS } from './data-kinds.ts';
import { DATABASE_KINDS } from './database-kinds.ts';
import { FILE_ENTRIES } from './file-kinds.ts';
import { entries, type KindEntry, podImages, template, volumeImages } from './kind-entry.ts';
import { oddImages, type OddReader } from './odd-images.ts';
import { OBSERVABILITY_KINDS } from './observability-kinds.ts';
import { OPERATOR_KINDS } from './operator-kinds.ts';
import { pointerSegments } from './pointer.ts';
import { WORKFLOW_KINDS } from './workflow-kinds.ts';

export type { KindEntry };

export interface Kind {
  readonly group: string;
  readonly kind: string;
  readonly clusterScoped: boolean;
  readonly podSpecs: readonly (readonly string[])[];
  readonly images: readonly (readonly string[])[];
  /** Locations of images that are strings or maps. */
  readonly imagesOrParts: readonly (readonly string[])[];
  /** Locations of whole objects within the object. */
  readonly objects: readonly (readonly string[])[];
  readonly placeholder: string | undefined;
  readonly pullPolicyKey: string | undefined;
  readonly odd: OddReader | undefined;
  /** True for all kinds except Pods: a controller can fill in an empty image. */
  readonly template: boolean;
}

export interface KindTable {
  readonly all: readonly Kind[];
  /** The entries that are not built in. */
  readonly added: readonly KindEntry[];
  find(group: string, kind: string): Kind | undefined;
  readonly names: readonly string[];
  /** `Deployment.apps`, only for kinds outside of the core group. */
  readonly fullNames: readonly string[];
}

const TEMPLATE = '/spec/template/spec';

const CORE: readonly KindEntry[] = [
  { group: '', kind: 'Pod', podSpecs: ['/spec'] },
  // `pods/ephemeralcontainers` in Kubernetes 1.16 to 1.21 has the list at the root.
  { group: '', kind: 'EphemeralContainers', podSpecs: [''] },
  { group: '', kind: 'PodTemplate', podSpecs: ['/template/spec'] },
  ...template('', ['ReplicationController'], TEMPLATE),
  ...template('apps', ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'], TEMPLATE),
  ...template('extensions', ['Deployment', 'ReplicaSet', 'DaemonSet'], TEMPLATE),
  ...template('batch', ['Job'], TEMPLATE),
  ...template('batch', ['CronJob'], '/spec/jobTemplate/spec/template/spec'),
];

/** The image of the init container with VMware's VDDK library. */
const VDDK = '/spec/source/vddk/initImageURL';

/** `machine`: the location of the data volume templates. */
const virtualMachine = (group: string, kind: string, at: string, machine?: string): KindEntry => ({
  group,
  kind,
  images: [
    `${at}/volumes/*/containerDisk/image`,
    `${at}/domain/firmware/kernelBoot/container/image`,
    ...(machine === undefined ? [] : [`${machine}/dataVolumeTemplates/*${VDDK}`]),
  ],
});

const KUBEVIRT: readonly KindEntry[] = [
  virtualMachine('kubevirt.io', 'VirtualMachineInstance', '/spec'),
  virtualMachine('kubevirt.io', 'VirtualMachine', TEMPLATE, '/spec'),
  virtualMachine('kubevirt.io', 'VirtualMachineInstanceReplicaSet', TEMPLATE),
  virtualMachine(
    'pool.kubevirt.io',
    'VirtualMachinePool',
    '/spec/virtualMachineTemplate/spec/template/spec',
    '/spec/virtualMachineTemplate/spec',
  ),
  ...entries('cdi.kubevirt.io', ['DataVolume', 'VolumeImportSource'], { images: [VDDK] }),
  ...entries('cdi.kubevirt.io', ['DataImportCron'], { images: [`/spec/template${VDDK}`] }),
];

const united = ['statefulSetTemplate', 'advancedStatefulSetTemplate', 'cloneSetTemplate', 'deploymentTemplate'];

const KRUISE: readonly KindEntry[] = [
  ...template('apps.kruise.io', ['CloneSet', 'StatefulSet', 'DaemonSet', 'BroadcastJob'], TEMPLATE),
  ...template(
    'apps.kruise.io',
    ['AdvancedCronJob'],
    '/spec/template/jobTemplate/spec/template/spec',
    '/spec/template/broadcastJobTemplate/spec/template/spec',
  ),
  ...entries('apps.kruise.io', ['AdvancedCronJob'], {
    images: ['/spec/template/imageListPullJobTemplate/spec/images/*'],
  }),
  ...entries('apps.kruise.io', ['SidecarSet'], {
    clusterScoped: true,
    podSpecs: ['/spec'],
    images: ['/spec/containers/*/upgradeStrategy/hotUpgradeEmptyImage'],
  }),
  ...template(
    'apps.kruise.io',
    ['UnitedDeployment'],
    ...united.map((name) => `/spec/template/${name}/spec/template/spec`),
  ),
  { group: 'apps.kruise.io', kind: 'ImagePullJob', images: ['/spec/image'] },
  { group: 'apps.kruise.io', kind: 'ImageListPullJob', images: ['/spec/images/*'] },
  { group: 'apps.kruise.io', kind: 'NodeImage', clusterScoped: true },
  { group: 'apps.kruise.io', kind: 'EphemeralJob', podSpecs: ['/spec/template'] },
];

const trainingJob = (kind: string, prefix: string): KindEntry => ({
  group: 'kubeflow.org',
  kind,
  podSpecs: [`/spec/${prefix}ReplicaSpecs/*/template/spec`],
});

const ray = (kind: string, at: string, ...podSpecs: string[]): KindEntry => ({
  group: 'ray.io',
  kind,
  podSpecs: [`${at}/headGroupSpec/template/spec`, `${at}/workerGroupSpecs/*/template/spec`, ...podSpecs],
  images: [`${at}/autoscalerOptions/image`, `${at}/historyServerOptions/collectorOptions/image`],
});

const spark = (kind: string, at: string): KindEntry => ({
  group: 'sparkoperator.k8s.io',
  kind,
  images: [
    `${at}/image`,
    volumeImages(`${at}/volumes`),
    ...['driver', 'executor'].flatMap((role) => [
      `${at}/${role}/image`,
      `${at}/${role}/sidecars/*/image`,
      `${at}/${role}/initContainers/*/image`,
      ...podImages(`${at}/${role}/template/spec`),
    ]),
  ],
});

const OTHERS: readonly KindEntry[] = [
  ...template('serving.knative.dev', ['Service', 'Configuration'], TEMPLATE),
  ...template('serving.knative.dev', ['Revision'], '/spec'),
  // Nodes pull it in advance; the Pods of a revision run it.
  ...entries('caching.internal.knative.dev', ['Image'], { images: ['/spec/image'] }),
  ...template('jobset.x-k8s.io', ['JobSet'], '/spec/replicatedJobs/*/template/spec/template/spec'),
  ...template('apps.openshift.io', ['DeploymentConfig'], TEMPLATE),
  ...template('keda.sh', ['ScaledJob'], '/spec/jobTargetRef/template/spec'),
  ...template('batch.volcano.sh', ['Job'], '/spec/tasks/*/template/spec'),
  ...template('batch.volcano.sh', ['CronJob'], '/spec/jobTemplate/spec/tasks/*/template/spec'),
  ...template('flow.volcano.sh', ['JobTemplate'], '/spec/tasks/*/template/spec'),
  ...template(
    'leaderworkerset.x-k8s.io',
    ['LeaderWorkerSet'],
    '/spec/leaderWorkerTemplate/leaderTemplate/spec',
    '/spec/leaderWorkerTemplate/workerTemplate/spec',
  ),
  trainingJob('TFJob', 'tf'),
  trainingJob('PyTorchJob', 'pytorch'),
  trainingJob('XGBoostJob', 'xgb'),
  trainingJob('MPIJob', 'mpi'),
  trainingJob('PaddleJob', 'paddle'),
  trainingJob('JAXJob', 'jax'),
  trainingJob('MXJob', 'mx'),
  ray('RayCluster', '/spec'),
  ray('RayJob', '/spec/rayClusterSpec', '/spec/submitterPodTemplate/spec'),
  ray('RayService', '/spec/rayClusterConfig'),
  ray('RayCronJob', '/spec/jobTemplate/rayClusterSpec', '/spec/jobTemplate/submitterPodTemplate/spec'),
  ...entries('sparkoperator.k8s.io', ['SparkConnect'], {
    images: ['/spec/image', ...['server', 'executor'].flatMap((role) => podImages(`/spec/${role}/template/spec`))],
  }),
  ...template(
    'disaggregatedset.x-k8s.io',
    ['DisaggregatedSet'],
    '/spec/roles/*/spec/leaderWorkerTemplate/leaderTemplate/spec',
    '/spec/roles/*/spec/leaderWorkerTemplate/workerTemplate/spec',
  ),
  spark('SparkApplication', '/spec'),
  spark('ScheduledSparkApplication', '/spec/template'),
];

const BUILT_IN: readonly KindEntry[] = [
  ...CORE,
  ...WORKFLOW_KINDS,
  ...KUBEVIRT,
  ...KRUISE,
  ...OTHERS,
  ...OPERATOR_KINDS,
  ...DATA_KINDS,
  ...DATABASE_KINDS,
  ...OBSERVABILITY_KINDS,
  ...FILE_ENTRIES,
];

/** Combines the built-in kinds with `added` entries. An added entry for a known kind adds its locations. */
export function kindTable(added: readonly KindEntry[] = []): KindTable {
  const kinds = new Map<string, Kind>();
  for (const entry of [...BUILT_IN, ...added]) {
    const key = `${entry.group}/${entry.kind}`;
    kinds.set(key, merge(kinds.get(key), entry));
  }
  const groups = Map.groupBy(kinds.values(), ({ group }) => group);
  const byGroup = new Map([...groups].map(([group, all]) => [group, new Map(all.map((one) => [one.kind, one]))]));
  return {
    all: [...kinds.values()],
    added,
    find: (group, kind) => byGroup.get(group)?.get(kind),
    names: [...new Set([...kinds.values()].map(({ kind }) => kind))].sort(),
    fullNames: [...kinds.values()].flatMap(({ group, kind }) => (group === '' ? [] : [`${kind}.${group}`])).sort(),
  };
}

function merge(before: Kind | undefined, entry: KindEntry): Kind {
  const kind = before ?? empty(entry);
  return {
    ...kind,
    clusterScoped: entry.clusterScoped ?? kind.clusterScoped,
    podSpecs: [...kind.podSpecs, ...(entry.podSpecs ?? []).map(pointerSegments)],
    images: [...kind.images, ...(entry.images ?? []).map(pointerSegments)],
    imagesOrParts: [...kind.imagesOrParts, ...(entry.imagesOrParts ?? []).map(pointerSegments)],
    objects: [...kind.objects, ...(entry.objects ?? []).map(pointerSegments)],
    placeholder: entry.placeholder ?? kind.placeholder,
    pullPolicyKey: entry.pullPolicyKey ?? kind.pullPolicyKey,
  };
}

function empty({ group, kind }: KindEntry): Kind {
  const isPod = group === '' && (kind === 'Pod' || kind === 'EphemeralContainers');
  const odd = oddImages(group, kind);
  return {
    group,
    kind,
    odd,
    template: !isPod,
    clusterScoped: false,
    podSpecs: [],
    images: [],
    imagesOrParts: [],
    objects: [],
    placeholder: undefined,
    pullPolicyKey: undefined,
  };
}
