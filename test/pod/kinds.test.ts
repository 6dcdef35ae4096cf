/** Locations of images in kinds of Kubernetes and of well-known projects. */
import { describe, expect, test } from 'vitest';
import { type KindTable, kindTable } from '../../src/pod/kinds.ts';
import { pointerSegments } from '../../src/pod/pointer.ts';
import { typeOf, workloadOf } from '../../src/pod/workload.ts';
import { CRD_IMAGES } from './crd-images.ts';
import { OPERATOR_IMAGES } from './operator-images.ts';
import { kindFixtures, objectsIn, readWorkload, type Row, rowsOf } from './fixtures.ts';

const kinds = kindTable();
const fixtures = kindFixtures();

const template = (kindAndName: string, image: string, at = '/spec/template/spec'): readonly Row[] => [
  [kindAndName, `${at}/containers/0/image`, image],
];

/** Written by hand from the manifests, in the order in which containers are read. */
const EXPECTED: Readonly<Record<string, readonly Row[]>> = {
  ...OPERATOR_IMAGES,
  ...CRD_IMAGES,
  'Pod. shop': [
    ['init migrate', '/spec/initContainers/0/image', 'registry.example.com/shop/migrate:4'],
    ['sidecar proxy', '/spec/initContainers/1/image', 'envoy'],
    ['regular web', '/spec/containers/0/image', 'registry.example.com/shop/web:7'],
    ['regular log', '/spec/containers/1/image', 'docker.io/library/fluentd:v1.17'],
    ['ephemeral debugger', '/spec/ephemeralContainers/0/image', 'busybox:1.37'],
    ['volume model', '/spec/volumes/1/image/reference', 'registry.example.com/models/m:3'],
  ],
  'EphemeralContainers. shop': [['ephemeral debugger', '/ephemeralContainers/0/image', 'busybox:1.28']],
  'PodTemplate. one-off': template('regular task', 'alpine:3.20', '/template/spec'),
  'ReplicationController. old-web': template('regular web', 'nginx:1.7'),
  'ReplicationController. without-template': [],
  'Deployment.apps web': [
    ['init wait', '/spec/template/spec/initContainers/0/image', 'busybox:1.37'],
    ['regular web', '/spec/template/spec/containers/0/image', 'nginx:1.27'],
    ['volume site', '/spec/template/spec/volumes/0/image/reference', 'registry.example.com/site:9'],
  ],
  'Deployment.extensions web-of-2016': template('regular web', 'nginx:1.9'),
  'ReplicaSet.apps web-5d4': template('regular web', 'nginx:1.27'),
  'ReplicaSet.extensions web-of-2016-5d4': template('regular web', 'nginx:1.9'),
  'StatefulSet.apps db': template('regular db', 'postgres:17'),
  'DaemonSet.apps agent': template('regular agent', 'quay.io/acme/agent:2'),
  'DaemonSet.extensions agent-of-2016': template('regular agent', 'quay.io/acme/agent:1'),
  'Job.batch report': template('regular report', 'perl:5.40'),
  'CronJob.batch nightly': [
    ['init fetch', '/spec/jobTemplate/spec/template/spec/initContainers/0/image', 'curlimages/curl:8.10.1'],
    ['regular report', '/spec/jobTemplate/spec/template/spec/containers/0/image', 'perl:5.40'],
  ],

  'Rollout.argoproj.io canary': template('regular web', 'ghcr.io/acme/web:1.2'),
  'Rollout.argoproj.io by-reference': [],
  'Experiment.argoproj.io compare': [
    ['regular web', '/spec/templates/0/template/spec/containers/0/image', 'ghcr.io/acme/web:1.1'],
    ['regular web', '/spec/templates/1/template/spec/containers/0/image', 'ghcr.io/acme/web:1.2'],
  ],
  'AnalysisTemplate.argoproj.io smoke': template(
    'regular k6',
    'grafana/k6:0.54.0',
    '/spec/metrics/1/provider/job/spec/template/spec',
  ),
  'ClusterAnalysisTemplate.argoproj.io smoke': template(
    'regular k6',
    'grafana/k6:0.54.0',
    '/spec/metrics/0/provider/job/spec/template/spec',
  ),
  'AnalysisRun.argoproj.io smoke-1': template(
    'regular k6',
    'grafana/k6:0.54.0',
    '/spec/metrics/0/provider/job/spec/template/spec',
  ),
  'Workflow.argoproj.io build-': [
    ['regular main', '/spec/templates/1/container/image', 'golang:{{inputs.parameters.tag}}'],
    ['regular -', '/spec/templates/2/script/image', 'python:3.13'],
    ['regular one', '/spec/templates/3/containerSet/containers/0/image', 'busybox:1.37'],
    ['regular two', '/spec/templates/3/containerSet/containers/1/image', 'busybox:1.36'],
    ['regular clone', '/spec/templates/1/initContainers/0/image', 'alpine/git:2.45.2'],
    ['regular db', '/spec/templates/1/sidecars/0/image', 'postgres:17'],
    ['regular -', '/spec/templateDefaults/container/image', 'alpine:3.20'],
    ['regular slack', '/spec/executorPlugins/0/spec/sidecar/container/image', 'slack/plugin:1'],
  ],
  'WorkflowTemplate.argoproj.io build': [['regular -', '/spec/templates/0/container/image', 'golang:1.25']],
  'ClusterWorkflowTemplate.argoproj.io build': [['regular -', '/spec/templates/0/container/image', 'golang:1.25']],
  'CronWorkflow.argoproj.io nightly': [
    ['regular -', '/spec/workflowSpec/templates/0/container/image', 'golang:1.25'],
    ['regular -', '/spec/workflowSpec/templateDefaults/script/image', 'bash:5'],
  ],
  'WorkflowTaskSet.argoproj.io build-x7': [['regular -', '/spec/tasks/build-x7-1399/container/image', 'golang:1.25']],

  'Service.serving.knative.dev hello': [
    ['init warm', '/spec/template/spec/initContainers/0/image', 'busybox:1.37'],
    ['regular -', '/spec/template/spec/containers/0/image', 'ghcr.io/acme/hello:1'],
  ],
  'Configuration.serving.knative.dev hello': template('regular user-container', 'ghcr.io/acme/hello:1'),
  'Image.caching.internal.knative.dev hello-cache': [['regular -', '/spec/image', 'ghcr.io/acme/hello:1']],
  'Revision.serving.knative.dev hello-00001': template('regular user-container', 'ghcr.io/acme/hello:1', '/spec'),

  'Task.tekton.dev build': [
    ['regular compile', '/spec/steps/0/image', '$(params.builder)'],
    ['regular push', '/spec/steps/1/image', 'gcr.io/kaniko-project/executor:v1.23.2'],
    ['regular docker', '/spec/sidecars/0/image', 'docker:27-dind'],
    ['regular -', '/spec/stepTemplate/image', 'alpine:3.20'],
  ],
  'ClusterTask.tekton.dev build': [['regular compile', '/spec/steps/0/image', 'golang:1.25']],
  'TaskRun.tekton.dev build-': [
    ['regular compile', '/spec/taskSpec/steps/0/image', 'golang:1.25'],
    ['regular db', '/spec/taskSpec/sidecars/0/image', 'postgres:17'],
    ['regular -', '/spec/taskSpec/stepTemplate/image', 'alpine:3.20'],
  ],
  'Pipeline.tekton.dev release': [
    ['regular test', '/spec/tasks/1/taskSpec/steps/0/image', 'golang:1.25'],
    ['regular db', '/spec/tasks/1/taskSpec/sidecars/0/image', 'postgres:17'],
    ['regular -', '/spec/tasks/1/taskSpec/stepTemplate/image', 'alpine:3.20'],
    ['regular curl', '/spec/finally/0/taskSpec/steps/0/image', 'curlimages/curl:8.10.1'],
  ],
  'PipelineRun.tekton.dev release-': [
    ['regular test', '/spec/pipelineSpec/tasks/0/taskSpec/steps/0/image', 'golang:1.25'],
    ['regular curl', '/spec/pipelineSpec/finally/0/taskSpec/steps/0/image', 'curlimages/curl:8.10.1'],
  ],
  'StepAction.tekton.dev clone': [['regular -', '/spec/image', 'alpine/git:2.45.2']],

  'VirtualMachineInstance.kubevirt.io vmi': [
    ['regular -', '/spec/volumes/0/containerDisk/image', 'quay.io/containerdisks/fedora:41'],
    ['regular -', '/spec/domain/firmware/kernelBoot/container/image', 'quay.io/acme/kernel:6'],
    ['regular -', '/metadata/annotations/hooks.kubevirt.io~1hookSidecars', 'registry.example.com/hooks/smbios:1'],
    ['regular -', '/metadata/annotations/hooks.kubevirt.io~1hookSidecars', 'registry.example.com/hooks/cloudinit:2'],
  ],
  'VirtualMachine.kubevirt.io vm': [
    ['regular -', '/spec/template/spec/volumes/0/containerDisk/image', 'quay.io/containerdisks/ubuntu:24.04'],
    ['regular -', '/spec/template/spec/domain/firmware/kernelBoot/container/image', 'quay.io/acme/kernel:6'],
    [
      'regular -',
      '/spec/template/metadata/annotations/hooks.kubevirt.io~1hookSidecars',
      'registry.example.com/hooks/smbios:1',
    ],
  ],
  'VirtualMachineInstanceReplicaSet.kubevirt.io vms': [
    [
      'regular -',
      '/spec/template/spec/volumes/0/containerDisk/image',
      'quay.io/kubevirt/cirros-container-disk-demo:v1.3.1',
    ],
  ],
  'VirtualMachinePool.pool.kubevirt.io pool': [
    [
      'regular -',
      '/spec/virtualMachineTemplate/spec/template/spec/volumes/0/containerDisk/image',
      'quay.io/kubevirt/cirros-container-disk-demo:v1.3.1',
    ],
    [
      'regular -',
      '/spec/virtualMachineTemplate/spec/template/metadata/annotations/hooks.kubevirt.io~1hookSidecars',
      'registry.example.com/hooks/smbios:1',
    ],
  ],
  'DataVolume.cdi.kubevirt.io fedora': [['regular -', '/spec/source/registry/url', 'quay.io/containerdisks/fedora:41']],
  'DataVolume.cdi.kubevirt.io by-http': [],

  'CloneSet.apps.kruise.io web': template('regular web', 'nginx:1.27'),
  'StatefulSet.apps.kruise.io db': template('regular db', 'postgres:17'),
  'DaemonSet.apps.kruise.io agent': template('regular agent', 'quay.io/acme/agent:2'),
  'BroadcastJob.apps.kruise.io load': template('regular load', 'busybox:1.37'),
  'AdvancedCronJob.apps.kruise.io nightly-job': template(
    'regular pi',
    'perl:5.40',
    '/spec/template/jobTemplate/spec/template/spec',
  ),
  'AdvancedCronJob.apps.kruise.io nightly-broadcast': template(
    'regular pi',
    'perl:5.38',
    '/spec/template/broadcastJobTemplate/spec/template/spec',
  ),
  'SidecarSet.apps.kruise.io logging': [
    ['init prepare', '/spec/initContainers/0/image', 'busybox:1.37'],
    ['regular log', '/spec/containers/0/image', 'fluentd:v1.17'],
  ],
  'UnitedDeployment.apps.kruise.io zones': [
    ['regular web', '/spec/template/statefulSetTemplate/spec/template/spec/containers/0/image', 'nginx:1.24'],
    ['regular web', '/spec/template/advancedStatefulSetTemplate/spec/template/spec/containers/0/image', 'nginx:1.25'],
    ['regular web', '/spec/template/cloneSetTemplate/spec/template/spec/containers/0/image', 'nginx:1.26'],
    ['regular web', '/spec/template/deploymentTemplate/spec/template/spec/containers/0/image', 'nginx:1.27'],
  ],
  'ImagePullJob.apps.kruise.io pull': [['regular -', '/spec/image', 'nginx:1.27']],
  'ImageListPullJob.apps.kruise.io pull': [
    ['regular -', '/spec/images/0', 'nginx:1.27'],
    ['regular -', '/spec/images/1', 'registry.example.com:5000/web:7'],
  ],
  'NodeImage.apps.kruise.io node-1': [
    ['regular -', '/spec/images/registry.example.com~1shop~1web/tags/0/tag', 'registry.example.com/shop/web:7'],
    ['regular -', '/spec/images/registry.example.com~1shop~1web/tags/1/tag', 'registry.example.com/shop/web:8'],
    ['regular -', '/spec/images/nginx/tags/0/tag', 'nginx:1.27'],
  ],
  'EphemeralJob.apps.kruise.io debug': [
    ['ephemeral debugger', '/spec/template/ephemeralContainers/0/image', 'busybox:1.37'],
  ],

  'Prometheus.monitoring.coreos.com main': [
    ['regular -', '/spec/image', 'quay.io/prometheus/prometheus:v2.55.0'],
    ['regular -', '/spec/thanos/image', 'quay.io/thanos/thanos:v0.36.1'],
    ['regular auth-proxy', '/spec/containers/1/image', 'quay.io/brancz/kube-rbac-proxy:v0.18.1'],
    [
      'regular init-config-reloader',
      '/spec/initContainers/0/image',
      'quay.io/prometheus-operator/prometheus-config-reloader:v0.78.1',
    ],
  ],
  'Prometheus.monitoring.coreos.com of-2018': [
    ['regular -', '/spec/baseImage', 'quay.io/prometheus/prometheus:v2.5.0'],
  ],
  'PrometheusAgent.monitoring.coreos.com agent': [
    ['regular -', '/spec/image', 'quay.io/prometheus/prometheus:v2.55.0'],
  ],
  'Alertmanager.monitoring.coreos.com main': [
    ['regular -', '/spec/image', 'quay.io/prometheus/alertmanager:v0.27.0'],
    ['regular extra', '/spec/containers/0/image', 'busybox:1.37'],
  ],
  'ThanosRuler.monitoring.coreos.com main': [['regular -', '/spec/image', 'quay.io/thanos/thanos:v0.36.1']],

  'RayCluster.ray.io ray': [
    ['regular ray-head', '/spec/headGroupSpec/template/spec/containers/0/image', 'rayproject/ray:2.46.0'],
    ['regular ray-worker', '/spec/workerGroupSpecs/0/template/spec/containers/0/image', 'rayproject/ray:2.46.0'],
    ['init warm', '/spec/workerGroupSpecs/1/template/spec/initContainers/0/image', 'busybox:1.37'],
    ['regular ray-worker', '/spec/workerGroupSpecs/1/template/spec/containers/0/image', 'rayproject/ray-ml:2.46.0-gpu'],
    ['regular -', '/spec/autoscalerOptions/image', 'rayproject/autoscaler:2.46.0'],
  ],
  'RayJob.ray.io train': [
    [
      'regular ray-head',
      '/spec/rayClusterSpec/headGroupSpec/template/spec/containers/0/image',
      'rayproject/ray:2.46.0',
    ],
    [
      'regular ray-worker',
      '/spec/rayClusterSpec/workerGroupSpecs/0/template/spec/containers/0/image',
      'rayproject/ray:2.46.0',
    ],
    ['regular submit', '/spec/submitterPodTemplate/spec/containers/0/image', 'rayproject/ray:2.46.0-py312'],
    ['regular -', '/spec/rayClusterSpec/autoscalerOptions/image', 'rayproject/autoscaler:2.46.0'],
  ],
  'RayService.ray.io serve': [
    [
      'regular ray-head',
      '/spec/rayClusterConfig/headGroupSpec/template/spec/containers/0/image',
      'rayproject/ray:2.46.0',
    ],
    [
      'regular ray-worker',
      '/spec/rayClusterConfig/workerGroupSpecs/0/template/spec/containers/0/image',
      'rayproject/ray:2.46.0',
    ],
    ['regular -', '/spec/rayClusterConfig/autoscalerOptions/image', 'rayproject/autoscaler:2.46.0'],
  ],

  'SparkApplication.sparkoperator.k8s.io pi': [
    ['regular -', '/spec/image', 'spark:3.5.3'],
    ['regular -', '/spec/driver/image', 'registry.example.com/spark/driver:3'],
    ['regular log', '/spec/driver/sidecars/0/image', 'fluentd:v1.17'],
    ['regular fetch', '/spec/driver/initContainers/0/image', 'curlimages/curl:8.10.1'],
    ['regular -', '/spec/executor/image', 'registry.example.com/spark/executor:3'],
    ['regular log', '/spec/executor/sidecars/0/image', 'fluentd:v1.16'],
    ['regular fetch', '/spec/executor/initContainers/0/image', 'curlimages/curl:8.9.1'],
  ],
  'ScheduledSparkApplication.sparkoperator.k8s.io nightly-pi': [
    ['regular -', '/spec/template/image', 'spark:3.5.3'],
    ['regular -', '/spec/template/driver/image', 'registry.example.com/spark/driver:3'],
    ['regular log', '/spec/template/executor/sidecars/0/image', 'fluentd:v1.16'],
  ],

  'TFJob.kubeflow.org mnist': [
    ['regular tensorflow', '/spec/tfReplicaSpecs/PS/template/spec/containers/0/image', 'tensorflow/tensorflow:2.17.0'],
    [
      'regular tensorflow',
      '/spec/tfReplicaSpecs/Worker/template/spec/containers/0/image',
      'tensorflow/tensorflow:2.17.0-gpu',
    ],
  ],
  'PyTorchJob.kubeflow.org mnist': template(
    'regular pytorch',
    'pytorch/pytorch:2.5.0-cuda12.4-cudnn9-runtime',
    '/spec/pytorchReplicaSpecs/Master/template/spec',
  ),
  'XGBoostJob.kubeflow.org iris': template(
    'regular xgboost',
    'kubeflow/xgboost-dist-iris:latest',
    '/spec/xgbReplicaSpecs/Master/template/spec',
  ),
  'MPIJob.kubeflow.org pi': [
    [
      'regular mpi-launcher',
      '/spec/mpiReplicaSpecs/Launcher/template/spec/containers/0/image',
      'mpioperator/mpi-pi:openmpi',
    ],
    [
      'regular mpi-worker',
      '/spec/mpiReplicaSpecs/Worker/template/spec/containers/0/image',
      'mpioperator/mpi-pi:openmpi',
    ],
  ],
  'PaddleJob.kubeflow.org run-check': template(
    'regular paddle',
    'paddlepaddle/paddle:2.6.2',
    '/spec/paddleReplicaSpecs/Worker/template/spec',
  ),
  'JAXJob.kubeflow.org psum': template(
    'regular jax',
    'docker.io/kubeflow/jaxjob-simple:latest',
    '/spec/jaxReplicaSpecs/Worker/template/spec',
  ),

  'JobSet.jobset.x-k8s.io train': [
    ['regular driver', '/spec/replicatedJobs/0/template/spec/template/spec/containers/0/image', 'python:3.13'],
    ['regular worker', '/spec/replicatedJobs/1/template/spec/template/spec/containers/0/image', 'python:3.12'],
  ],
  'DeploymentConfig.apps.openshift.io web': [
    ['regular web', '/spec/template/spec/containers/0/image', ' '],
    ['regular log', '/spec/template/spec/containers/1/image', 'fluentd:v1.17'],
  ],
  'ScaledJob.keda.sh consume': template(
    'regular consumer',
    'ghcr.io/acme/consumer:4',
    '/spec/jobTargetRef/template/spec',
  ),
  'Job.batch.volcano.sh mpi': [
    ['regular master', '/spec/tasks/0/template/spec/containers/0/image', 'volcanosh/example-mpi:0.0.3'],
    ['regular worker', '/spec/tasks/1/template/spec/containers/0/image', 'volcanosh/example-mpi:0.0.2'],
  ],
  'LeaderWorkerSet.leaderworkerset.x-k8s.io llm': [
    ['regular leader', '/spec/leaderWorkerTemplate/leaderTemplate/spec/containers/0/image', 'vllm/vllm-openai:v0.6.3'],
    ['regular worker', '/spec/leaderWorkerTemplate/workerTemplate/spec/containers/0/image', 'vllm/vllm-openai:v0.6.2'],
  ],
};

describe('the images of', () => {
  const withImages = fixtures.filter(({ file }) => file !== 'without-images.yaml');

  test.each(withImages)('$id', ({ id, object }) => {
    expect(rowsOf(readWorkload(object))).toEqual(EXPECTED[id]);
  });

  test.each(withImages)('$id are at their pointers', ({ object }) => {
    for (const { imagePointer, image, pointer } of readWorkload(object).containers) {
      const text = String(valueAt(object, imagePointer));
      // A composed image: the value at the pointer is a part of the image, or contains it.
      expect(text.includes(image.text) || image.text.includes(text)).toBe(true);
      expect(imagePointer.startsWith(`${pointer}/`)).toBe(true);
    }
  });

  test('the fixtures contain exactly the kinds of the table', () => {
    const missing = kinds.names.filter((name) => !fixtures.some(({ id }) => id.startsWith(`${name}.`)));
    expect(missing).toEqual([]);
    expect(withImages.map(({ id }) => id).sort()).toEqual(Object.keys(EXPECTED).sort());
  });
});

describe('kinds without images', () => {
  test.each(fixtures.filter(({ file }) => file === 'without-images.yaml'))('$id', ({ object }) => {
    expect(workloadOf(object, typeOf(object), kinds)).toBeUndefined();
  });
});

describe('cluster-scoped kinds', () => {
  test('are those without a namespace in their CRDs', () => {
    const found = fixtures.filter(({ object }) => {
      const read = workloadOf(object, typeOf(object), kinds);
      return read?.ok === true && read.workload.clusterScoped;
    });
    expect(new Set(found.map(({ id }) => id.split('.', 1)[0]))).toEqual(
      new Set([
        'AddOnTemplate',
        'ClusterAnalysisTemplate',
        'ClusterBuildStrategy',
        'ClusterCatalog',
        'ClusterImageCatalog',
        'ClusterPolicy',
        'ClusterStack',
        'ClusterStore',
        'ClusterServingRuntime',
        'ClusterStorageContainer',
        'ClusterTask',
        'ClusterTrainingRuntime',
        'ClusterWorkflowTemplate',
        'Compose',
        'Composition',
        'Configuration',
        'ConfigurationRevision',
        'DeploymentRuntimeConfig',
        'Dockerfile',
        'FluentbitAgent',
        'Function',
        'FunctionRevision',
        'Logging',
        'NodeImage',
        'Object',
        'Provider',
        'ProviderRevision',
        'ResourceGraphDefinition',
        'SidecarSet',
      ]),
    );
  });
});

describe('objects within objects', () => {
  const work = (manifests: string): string =>
    `{apiVersion: work.karmada.io/v1alpha1, kind: Work, metadata: {name: w}, spec: {workload: {manifests: [${manifests}]}}}`;
  const found = (yaml: string): unknown => {
    const [object = {}] = objectsIn(`# c\n${yaml}`);
    const read = workloadOf(object, typeOf(object), kinds);
    return read?.ok === true ? read.workload.containers.map(({ image }) => image.state) : read;
  };

  test.each([
    ['of a kind without images', work('{apiVersion: v1, kind: Service, spec: {}}'), []],
    ['that are none', work('text, 1, null, [x]'), []],
    ['that say no kind', work('{spec: {containers: [{image: a}]}}'), []],
    ['a Pod without an image', work('{apiVersion: v1, kind: Pod, spec: {containers: [{name: a}]}}'), ['invalid']],
    [
      'a Deployment without an image',
      work('{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: {containers: [{name: a}]}}}}'),
      ['pending'],
    ],
    [
      'of a wrong shape',
      work('{apiVersion: v1, kind: Pod, spec: {containers: x}}'),
      {
        ok: false,
        fault: { pointer: '/spec/workload/manifests/0/spec/containers', problem: 'expected a list, found a string' },
      },
    ],
  ])('%s', (_name, yaml, expected) => {
    expect(found(yaml)).toEqual(expected);
  });

  /** What an OpenShift Template, with `${TEXT}` and `${{ANY}}`, and a graph of kro write where other types are expected. */
  const openshift = (spec: string): string =>
    `{apiVersion: template.openshift.io/v1, kind: Template, metadata: {name: t}, objects: [{apiVersion: apps/v1, kind: Deployment, spec: {template: {spec: ${spec}}}}]}`;
  const graph = (spec: string): string =>
    `{apiVersion: kro.run/v1alpha1, kind: ResourceGraphDefinition, metadata: {name: g}, spec: {resources: [{template: {apiVersion: v1, kind: Pod, spec: ${spec}}}]}}`;

  test.each<[string, string, readonly string[], number]>([
    ['a port', openshift('{containers: [{image: a, ports: [{containerPort: "${{PORT}}"}]}]}'), ['a'], 0],
    ['a name', openshift('{containers: [{image: a, name: "${NAME}"}], initContainers: [{image: b}]}'), ['a', 'b'], 0],
    ['an amount', openshift('{containers: [{image: a, resources: {limits: {memory: "${MEMORY}"}}}]}'), ['a'], 0],
    ['a switch', openshift('{hostNetwork: "${{HOST}}", containers: [{image: a}]}'), ['a'], 0],
    ['a probe', openshift('{containers: [{image: a, livenessProbe: "${{PROBE}}"}]}'), ['a'], 0],
    ['an image volume', openshift('{volumes: [{name: "${V}", image: {reference: m}}], containers: []}'), ['m'], 0],
    ['an image alone', openshift('{containers: [{name: a, image: "${A}"}]}'), ['${A}'], 1],
    ['what no rule reads', openshift('{containers: [{name: a, image: a, env: [{name: A, value: "${A}"}]}]}'), ['a'], 1],
    ['containers', graph('{containers: "${schema.spec.containers}", initContainers: [{image: b}]}'), ['b'], 0],
    ['one container', graph('{containers: ["${schema.spec.first}", {image: b}]}'), ['b'], 0],
    ['ports', graph('{containers: [{image: a, ports: "${schema.spec.ports}"}]}'), ['a'], 0],
    ['pull secrets', graph('{imagePullSecrets: "${schema.spec.secrets}", containers: [{image: a}]}'), ['a'], 0],
    ['a pod spec', graph('"${schema.spec.pod}"'), [], 0],
  ])('a placeholder for %s keeps the images, and drops the Pod if rules can read it', (_name, yaml, images, pods) => {
    const [object = {}] = objectsIn(yaml);
    const workload = readWorkload(object);
    expect(workload.containers.map(({ image }) => image.text)).toEqual(images);
    expect(workload.pods.length).toBe(pods);
  });

  test('have a limit', () => {
    let yaml = '{apiVersion: v1, kind: Pod, spec: {containers: [{image: a}]}}';
    for (let level = 0; level < 10; level += 1) yaml = work(yaml);
    expect(found(yaml)).toMatchObject({
      ok: false,
      fault: { problem: 'expected a pointer of at most 32 segments, found 36' },
    });
  });
});

describe('a user’s own kinds', () => {
  const widget = {
    group: 'example.com',
    kind: 'Widget',
    podSpecs: ['/spec/template/spec'],
    images: ['/spec/runners/*/image', '/spec/by~1key/~0tilde'],
    placeholder: '%%',
  };

  const rows = (yaml: string, table: KindTable): readonly Row[] =>
    objectsIn(yaml).flatMap((object) => rowsOf(readWorkload(object, table)));

  test('are read at their pointers, with * for all elements and values, and ~1 and ~0 in keys', () => {
    const yaml = `
      apiVersion: example.com/v1
      kind: Widget
      metadata: {name: w}
      spec:
        template: {spec: {containers: [{name: web, image: nginx}]}}
        runners: {fast: {image: a:1, name: named}, "sl/ow": {image: "b:%%"}}
        by/key: {~tilde: c:1}`;
    expect(rows(yaml, kindTable([widget]))).toEqual([
      ['regular web', '/spec/template/spec/containers/0/image', 'nginx'],
      ['regular named', '/spec/runners/fast/image', 'a:1'],
      ['regular -', '/spec/runners/sl~1ow/image', 'b:%%'],
      ['regular -', '/spec/by~1key/~0tilde', 'c:1'],
    ]);
    const [object] = objectsIn(yaml);
    expect(readWorkload(object ?? {}, kindTable([widget])).containers.map(({ image }) => image.state)).toEqual([
      'parsed',
      'parsed',
      'pending',
      'parsed',
    ]);
  });

  test('add locations to a known kind', () => {
    const table = kindTable([
      { group: 'apps', kind: 'Deployment', images: ['/metadata/annotations/example.com~1image'] },
    ]);
    const yaml = `
      apiVersion: apps/v1
      kind: Deployment
      metadata: {annotations: {example.com/image: a:1}}
      spec: {template: {spec: {containers: [{name: web, image: b:1}]}}}`;
    expect(rows(yaml, table)).toEqual([
      ['regular web', '/spec/template/spec/containers/0/image', 'b:1'],
      ['regular -', '/metadata/annotations/example.com~1image', 'a:1'],
    ]);
    expect(table.names).toEqual(kinds.names);
  });

  test('do not add the same kind of another group', () => {
    expect(kindTable([widget]).find('example.org', 'Widget')).toBeUndefined();
    expect(kindTable([widget]).find('example.com', 'Widget')?.clusterScoped).toBe(false);
    expect(kindTable([{ ...widget, clusterScoped: true }]).find('example.com', 'Widget')?.clusterScoped).toBe(true);
  });
});

function valueAt(root: unknown, pointer: string): unknown {
  let value = root;
  for (const segment of pointerSegments(pointer)) value = (value as Readonly<Record<string, unknown>>)[segment];
  return value;
}
