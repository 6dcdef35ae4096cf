/**
 * Where each kind keeps its pods and images: the only such table. Paths are those of the API types and CRD schemas; a
 * kind that is not listed has nothing to judge (its controller creates Pods, which are judged).
 */
import type { KindEntry } from './kind-entry.ts';
import { oddImages, type OddReader } from './odd-images.ts';
import { OPERATOR_KINDS } from './operator-kinds.ts';
import { pointerSegments } from './pointer.ts';

export type { KindEntry };

export interface Kind {
  readonly group: string;
  readonly kind: string;
  readonly clusterScoped: boolean;
  readonly podSpecs: readonly (readonly string[])[];
  readonly images: readonly (readonly string[])[];
  /** Of whole objects within this one. */
  readonly objects: readonly (readonly string[])[];
  readonly placeholder: string | undefined;
  readonly odd: OddReader | undefined;
  /** Everything but a Pod itself: an empty image is a controller's to fill in. */
  readonly template: boolean;
}

export interface KindTable {
  readonly all: readonly Kind[];
  find(group: string, kind: string): Kind | undefined;
  readonly names: readonly string[];
  /** `Deployment.apps`, for kinds outside of the core group. */
  readonly fullNames: readonly string[];
}

const template = (group: string, kinds: readonly string[], ...podSpecs: string[]): KindEntry[] =>
  kinds.map((kind) => ({ group, kind, podSpecs }));

const TEMPLATE = '/spec/template/spec';

const CORE: readonly KindEntry[] = [
  { group: '', kind: 'Pod', podSpecs: ['/spec'] },
  // `pods/ephemeralcontainers` of Kubernetes 1.16 to 1.21: the list stands at the root.
  { group: '', kind: 'EphemeralContainers', podSpecs: [''] },
  { group: '', kind: 'PodTemplate', podSpecs: ['/template/spec'] },
  ...template('', ['ReplicationController'], TEMPLATE),
  ...template('apps', ['Deployment', 'ReplicaSet', 'StatefulSet', 'DaemonSet'], TEMPLATE),
  ...template('extensions', ['Deployment', 'ReplicaSet', 'DaemonSet'], TEMPLATE),
  ...template('batch', ['Job'], TEMPLATE),
  ...template('batch', ['CronJob'], '/spec/jobTemplate/spec/template/spec'),
];

const argoTemplate = (at: string): string[] =>
  ['container', 'script', 'containerSet/containers/*', 'initContainers/*', 'sidecars/*'].map(
    (part) => `${at}/${part}/image`,
  );

const argoWorkflow = (kind: string, at: string, clusterScoped = false): KindEntry => ({
  group: 'argoproj.io',
  kind,
  clusterScoped,
  placeholder: '{{',
  images: [
    ...argoTemplate(`${at}/templates/*`),
    ...argoTemplate(`${at}/templates/*/steps/*/*/inline`),
    ...argoTemplate(`${at}/templates/*/dag/tasks/*/inline`),
    ...argoTemplate(`${at}/templateDefaults`),
    `${at}/executorPlugins/*/spec/sidecar/container/image`,
  ],
});

const ARGO: readonly KindEntry[] = [
  ...template('argoproj.io', ['Rollout'], TEMPLATE),
  ...template('argoproj.io', ['Experiment'], '/spec/templates/*/template/spec'),
  ...template('argoproj.io', ['AnalysisTemplate', 'AnalysisRun'], '/spec/metrics/*/provider/job/spec/template/spec'),
  {
    group: 'argoproj.io',
    kind: 'ClusterAnalysisTemplate',
    clusterScoped: true,
    podSpecs: ['/spec/metrics/*/provider/job/spec/template/spec'],
  },
  argoWorkflow('Workflow', '/spec'),
  argoWorkflow('WorkflowTemplate', '/spec'),
  argoWorkflow('ClusterWorkflowTemplate', '/spec', true),
  argoWorkflow('CronWorkflow', '/spec/workflowSpec'),
  { group: 'argoproj.io', kind: 'WorkflowTaskSet', placeholder: '{{', images: argoTemplate('/spec/tasks/*') },
];

const tektonSteps = (at: string): string[] => [
  `${at}/steps/*/image`,
  `${at}/sidecars/*/image`,
  `${at}/stepTemplate/image`,
];

const tekton = (kind: string, images: readonly string[], clusterScoped = false): KindEntry => ({
  group: 'tekton.dev',
  kind,
  images,
  clusterScoped,
  placeholder: '$(',
});

/** A pipeline in a pipeline, in a pipeline: Tekton itself sets no limit. */
const MAX_PIPELINES = 3;

const tektonPipeline = (at: string, level = 1): string[] =>
  [`${at}/tasks/*`, `${at}/finally/*`].flatMap((task) => [
    ...tektonSteps(`${task}/taskSpec`),
    ...(level < MAX_PIPELINES ? tektonPipeline(`${task}/pipelineSpec`, level + 1) : []),
  ]);

const TEKTON: readonly KindEntry[] = [
  tekton('Task', tektonSteps('/spec')),
  tekton('ClusterTask', tektonSteps('/spec'), true),
  tekton('TaskRun', tektonSteps('/spec/taskSpec')),
  tekton('Pipeline', tektonPipeline('/spec')),
  tekton('PipelineRun', tektonPipeline('/spec/pipelineSpec')),
  tekton('StepAction', ['/spec/image']),
];

const virtualMachine = (group: string, kind: string, at: string): KindEntry => ({
  group,
  kind,
  images: [`${at}/volumes/*/containerDisk/image`, `${at}/domain/firmware/kernelBoot/container/image`],
});

const KUBEVIRT: readonly KindEntry[] = [
  virtualMachine('kubevirt.io', 'VirtualMachineInstance', '/spec'),
  virtualMachine('kubevirt.io', 'VirtualMachine', TEMPLATE),
  virtualMachine('kubevirt.io', 'VirtualMachineInstanceReplicaSet', TEMPLATE),
  virtualMachine('pool.kubevirt.io', 'VirtualMachinePool', '/spec/virtualMachineTemplate/spec/template/spec'),
  { group: 'cdi.kubevirt.io', kind: 'DataVolume' },
  { group: 'cdi.kubevirt.io', kind: 'DataImportCron' },
  { group: 'cdi.kubevirt.io', kind: 'VolumeImportSource' },
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
  { group: 'apps.kruise.io', kind: 'SidecarSet', clusterScoped: true, podSpecs: ['/spec'] },
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

const MONITORING: readonly KindEntry[] = ['Prometheus', 'PrometheusAgent', 'Alertmanager', 'ThanosRuler'].map(
  (kind) => ({
    group: 'monitoring.coreos.com',
    kind,
    // Its `containers` are merged into generated ones and may name no image, so they are not a pod spec.
    images: ['/spec/image', '/spec/thanos/image', '/spec/containers/*/image', '/spec/initContainers/*/image'],
  }),
);

const trainingJob = (kind: string, prefix: string): KindEntry => ({
  group: 'kubeflow.org',
  kind,
  podSpecs: [`/spec/${prefix}ReplicaSpecs/*/template/spec`],
});

const ray = (kind: string, at: string, ...podSpecs: string[]): KindEntry => ({
  group: 'ray.io',
  kind,
  podSpecs: [`${at}/headGroupSpec/template/spec`, `${at}/workerGroupSpecs/*/template/spec`, ...podSpecs],
  images: [`${at}/autoscalerOptions/image`],
});

const spark = (kind: string, at: string): KindEntry => ({
  group: 'sparkoperator.k8s.io',
  kind,
  images: [
    `${at}/image`,
    ...['driver', 'executor'].flatMap((role) => [
      `${at}/${role}/image`,
      `${at}/${role}/sidecars/*/image`,
      `${at}/${role}/initContainers/*/image`,
    ]),
  ],
});

const OTHERS: readonly KindEntry[] = [
  ...template('serving.knative.dev', ['Service', 'Configuration'], TEMPLATE),
  ...template('serving.knative.dev', ['Revision'], '/spec'),
  ...template('jobset.x-k8s.io', ['JobSet'], '/spec/replicatedJobs/*/template/spec/template/spec'),
  ...template('apps.openshift.io', ['DeploymentConfig'], TEMPLATE),
  ...template('keda.sh', ['ScaledJob'], '/spec/jobTargetRef/template/spec'),
  ...template('batch.volcano.sh', ['Job'], '/spec/tasks/*/template/spec'),
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
  ray('RayCluster', '/spec'),
  ray('RayJob', '/spec/rayClusterSpec', '/spec/submitterPodTemplate/spec'),
  ray('RayService', '/spec/rayClusterConfig'),
  spark('SparkApplication', '/spec'),
  spark('ScheduledSparkApplication', '/spec/template'),
];

const BUILT_IN: readonly KindEntry[] = [
  ...CORE,
  ...ARGO,
  ...TEKTON,
  ...KUBEVIRT,
  ...KRUISE,
  ...MONITORING,
  ...OTHERS,
  ...OPERATOR_KINDS,
];

/** The built-in kinds and `added` ones; an added entry of a known group and kind adds its places to it. */
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
    objects: [...kind.objects, ...(entry.objects ?? []).map(pointerSegments)],
    placeholder: entry.placeholder ?? kind.placeholder,
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
    objects: [],
    placeholder: undefined,
  };
}
