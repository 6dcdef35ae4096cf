/** Images in kinds of all other operators, from their CRD schemas. A part of the table in `kinds.ts`. */
import { entries, type KindEntry, podImages, volumeImages } from './kind-entry.ts';

const TEMPLATE = '/spec/template/spec';

const MODELS = [
  'model',
  'sklearn',
  'xgboost',
  'tensorflow',
  'pytorch',
  'triton',
  'onnx',
  'huggingface',
  'pmml',
  'lightgbm',
  'paddle',
];

const predictor = (at: string): string[] => [`/spec${at}/predictor`, `/spec${at}/predictor/workerSpec`];
const predictorImages = (at: string): string[] => MODELS.map((model) => `/spec${at}/predictor/${model}/image`);

const LLM_PODS = [
  'template',
  'worker',
  'prefill/template',
  'prefill/worker',
  'router/scheduler/template',
  'router/scheduler/tokenizer/template',
];

const jobs = '/spec/template/spec/replicatedJobs/*/template/spec/template/spec';

const SERVING: readonly KindEntry[] = [
  ...entries('sources.knative.dev', ['ContainerSource'], { podSpecs: [TEMPLATE] }),
  ...entries('sinks.knative.dev', ['JobSink'], { podSpecs: ['/spec/job/spec/template/spec'] }),
  ...entries('serving.kserve.io', ['InferenceService'], {
    podSpecs: [...['', '/canary/*'].flatMap(predictor), '/spec/transformer', '/spec/explainer'],
    images: [
      ...['', '/canary/*'].flatMap(predictorImages),
      ...['art', 'alibi', 'aix'].map((explainer) => `/spec/explainer/${explainer}/image`),
    ],
  }),
  // The controller merges its pod templates with those of its configurations.
  ...entries('serving.kserve.io', ['LLMInferenceService', 'LLMInferenceServiceConfig'], {
    images: LLM_PODS.flatMap((pod) => podImages(`/spec/${pod}`)),
    placeholder: '{{',
  }),
  ...entries('serving.kserve.io', ['ServingRuntime'], { podSpecs: ['/spec', '/spec/workerSpec'] }),
  ...entries('serving.kserve.io', ['ClusterServingRuntime'], {
    podSpecs: ['/spec', '/spec/workerSpec'],
    clusterScoped: true,
  }),
  ...entries('serving.kserve.io', ['ClusterStorageContainer'], {
    images: ['/spec/container/image'],
    clusterScoped: true,
  }),
  ...entries('machinelearning.seldon.io', ['SeldonDeployment'], {
    images: [
      ...podImages('/spec/predictors/*/componentSpecs/*/spec'),
      '/spec/predictors/*/explainer/containerSpec/image',
    ],
  }),
  ...entries('mlops.seldon.io', ['Server'], {
    images: [...podImages('/spec/podSpec'), '/spec/imageOverrides/agent/image', '/spec/imageOverrides/rclone/image'],
  }),
  ...entries('mlops.seldon.io', ['ServerConfig'], { podSpecs: ['/spec/podSpec'] }),
  ...entries('trainer.kubeflow.org', ['TrainJob'], {
    images: ['/spec/trainer/image', volumeImages('/spec/podSpecOverrides/*/volumes')],
  }),
  ...entries('trainer.kubeflow.org', ['TrainingRuntime'], { podSpecs: [jobs] }),
  ...entries('trainer.kubeflow.org', ['ClusterTrainingRuntime'], { podSpecs: [jobs], clusterScoped: true }),
  ...entries('kubeflow.org', ['Notebook'], { podSpecs: [TEMPLATE] }),
  ...entries('kueue.x-k8s.io', ['Workload'], { podSpecs: ['/spec/podSets/*/template/spec'] }),
];

const runner = [...podImages(TEMPLATE), `${TEMPLATE}/image`, `${TEMPLATE}/sidecarContainers/*/image`];

const GITHUB_RUNNERS: readonly KindEntry[] = [
  ...entries('actions.github.com', ['AutoscalingRunnerSet'], {
    podSpecs: [TEMPLATE],
    images: podImages('/spec/listenerTemplate/spec'),
  }),
  ...entries('actions.github.com', ['AutoscalingListener'], { images: ['/spec/image', ...podImages(TEMPLATE)] }),
  ...entries('actions.github.com', ['EphemeralRunnerSet'], { podSpecs: ['/spec/ephemeralRunnerSpec/spec'] }),
  ...entries('actions.github.com', ['EphemeralRunner'], { podSpecs: ['/spec/spec'] }),
  ...entries('actions.summerwind.dev', ['RunnerDeployment', 'RunnerReplicaSet'], { images: runner }),
  ...entries('actions.summerwind.dev', ['RunnerSet'], { images: ['/spec/image', ...podImages(TEMPLATE)] }),
  ...entries('actions.summerwind.dev', ['Runner'], {
    images: ['/spec/image', ...podImages('/spec'), '/spec/sidecarContainers/*/image'],
  }),
];

const chaosTask = (at: string): string[] => [
  `${at}/templates/*/task/container/image`,
  volumeImages(`${at}/templates/*/task/volumes`),
];

const envoy = (kind: string): string[] => [
  `/spec/provider/kubernetes/${kind}/container/image`,
  `/spec/provider/kubernetes/${kind}/initContainers/*/image`,
  volumeImages(`/spec/provider/kubernetes/${kind}/pod/volumes`),
];

const buildSteps = ['/spec/steps/*/image', '/spec/buildSteps/*/image', volumeImages('/spec/volumes')];

const argoCdParts = ['controller', 'repo', 'server'];

const PLATFORMS: readonly KindEntry[] = [
  ...GITHUB_RUNNERS,
  ...entries('k8s.keycloak.org', ['Keycloak'], {
    images: ['/spec/image', ...podImages('/spec/unsupported/podTemplate/spec')],
  }),
  ...entries('jenkins.io', ['Jenkins'], {
    images: ['/spec/master/containers/*/image', volumeImages('/spec/master/volumes'), '/spec/seedJobAgentImage'],
  }),
  ...entries('agones.dev', ['Fleet', 'GameServerSet'], { podSpecs: [`${TEMPLATE}/template/spec`] }),
  ...entries('agones.dev', ['GameServer'], { podSpecs: [TEMPLATE] }),
  ...entries('pkg.crossplane.io', ['Provider', 'Function', 'Configuration'], {
    images: ['/spec/package'],
    clusterScoped: true,
  }),
  ...entries('pkg.crossplane.io', ['ProviderRevision', 'FunctionRevision', 'ConfigurationRevision'], {
    images: ['/spec/image'],
    clusterScoped: true,
  }),
  ...entries('pkg.crossplane.io', ['DeploymentRuntimeConfig'], {
    images: podImages('/spec/deploymentTemplate/spec/template/spec'),
    clusterScoped: true,
  }),
  // Most images in these kinds have the version in another field: see `odd-images.ts`.
  ...entries('argoproj.io', ['ArgoCD'], {
    images: [
      ...argoCdParts.flatMap((part) => [
        `/spec/${part}/initContainers/*/image`,
        `/spec/${part}/sidecarContainers/*/image`,
        volumeImages(`/spec/${part}/volumes`),
      ]),
      '/spec/argoCDAgent/agent/image',
      '/spec/argoCDAgent/principal/image',
    ],
  }),
  ...entries('operators.coreos.com', ['CatalogSource'], { images: ['/spec/image'] }),
  ...entries('operators.coreos.com', ['ClusterServiceVersion'], {
    podSpecs: ['/spec/install/spec/deployments/*/spec/template/spec'],
    images: ['/spec/relatedImages/*/image'],
  }),
  ...entries('olm.operatorframework.io', ['ClusterCatalog'], {
    images: ['/spec/source/image/ref'],
    clusterScoped: true,
  }),
  ...entries('chaos-mesh.org', ['Workflow'], { images: chaosTask('/spec') }),
  ...entries('chaos-mesh.org', ['Schedule'], { images: chaosTask('/spec/workflow') }),
  ...entries('litmuschaos.io', ['ChaosExperiment'], { images: ['/spec/definition/image'] }),
  ...entries('litmuschaos.io', ['ChaosEngine'], {
    images: [
      '/spec/components/runner/image',
      '/spec/components/sidecar/*/image',
      '/spec/experiments/*/spec/components/experimentImage',
      '/spec/experiments/*/spec/probe/*/cmdProbe~1inputs/source/image',
    ],
  }),
  ...entries('k8up.io', ['PreBackupPod'], { podSpecs: ['/spec/pod/spec'] }),
  ...entries('shipwright.io', ['BuildStrategy'], { images: buildSteps, placeholder: '$(' }),
  ...entries('shipwright.io', ['ClusterBuildStrategy'], { images: buildSteps, placeholder: '$(', clusterScoped: true }),
  ...entries('gateway.envoyproxy.io', ['EnvoyProxy'], { images: ['envoyDeployment', 'envoyDaemonSet'].flatMap(envoy) }),
  ...entries('gateway.envoyproxy.io', ['EnvoyExtensionPolicy'], { images: ['/spec/wasm/*/code/image/url'] }),
  ...entries('temporal.io', ['TemporalWorkerDeployment', 'WorkerDeployment'], { podSpecs: [TEMPLATE] }),
  ...entries('helm.cattle.io', ['HelmChart'], { images: ['/spec/jobImage'] }),
  ...entries('workspace.devfile.io', ['DevWorkspace'], {
    images: ['/spec/template/components/*/container/image', '/spec/contributions/*/components/*/container/image'],
    placeholder: '{{',
  }),
  ...entries('workspace.devfile.io', ['DevWorkspaceTemplate'], {
    images: ['/spec/components/*/container/image'],
    placeholder: '{{',
  }),
  ...entries('kmm.sigs.x-k8s.io', ['Module'], {
    images: [
      '/spec/moduleLoader/container/containerImage',
      '/spec/moduleLoader/container/kernelMappings/*/containerImage',
      '/spec/devicePlugin/container/image',
      '/spec/devicePlugin/initContainer/image',
      volumeImages('/spec/devicePlugin/volumes'),
    ],
    // The controller replaces the placeholder with the kernel version.
    placeholder: '${',
  }),
  ...entries('shipwright.io', ['Build'], {
    // Without `output`, which is pushed.
    images: ['/spec/builder/image', '/spec/source/bundleContainer/image', '/spec/source/ociArtifact/image'],
  }),
  ...entries('kpack.io', ['ClusterStack'], {
    images: ['/spec/buildImage/image', '/spec/runImage/image'],
    clusterScoped: true,
  }),
  ...entries('kpack.io', ['ClusterStore'], { images: ['/spec/sources/*/image'], clusterScoped: true }),
  ...entries('kpack.io', ['Build'], { images: ['/spec/builder/image', '/spec/runImage/image'] }),
  ...entries('nfd.kubernetes.io', ['NodeFeatureDiscovery'], { images: ['/spec/operand/image'] }),
  ...entries('agents.x-k8s.io', ['Sandbox'], { podSpecs: ['/spec/podTemplate/spec'] }),
  ...entries('extensions.agents.x-k8s.io', ['SandboxTemplate'], { podSpecs: ['/spec/podTemplate/spec'] }),
];

/** Kinds whose images are parts of maps or of longer strings: see `odd-images.ts`. */
const WITH_ODD_IMAGES: readonly KindEntry[] = [
  ...entries('awx.ansible.com', ['AWX'], { images: ['/spec/ee_images/*/image', '/spec/control_plane_ee_image'] }),
  ...entries('upgrade.cattle.io', ['Plan'], {}),
  ...entries('nvidia.com', ['ClusterPolicy'], { clusterScoped: true }),
  ...entries('extensions.istio.io', ['WasmPlugin'], {}),
  ...entries('build.openshift.io', ['BuildConfig', 'Build'], {}),
  ...entries('image.openshift.io', ['ImageStream', 'ImageStreamImport'], {}),
];

/** Kinds that contain objects, which their controllers create in this or another cluster. */
const HOLDERS: readonly KindEntry[] = [
  ...entries('template.openshift.io', ['Template'], { objects: ['/objects/*'], placeholder: '${' }),
  ...entries('triggers.tekton.dev', ['TriggerTemplate'], { objects: ['/spec/resourcetemplates/*'], placeholder: '$(' }),
  ...entries('triggers.tekton.dev', ['Trigger'], {
    objects: ['/spec/template/spec/resourcetemplates/*'],
    placeholder: '$(',
  }),
  ...entries('triggers.tekton.dev', ['EventListener'], {
    objects: ['/spec/triggers/*/template/spec/resourcetemplates/*'],
    images: podImages('/spec/resources/kubernetesResource/spec/template/spec'),
    placeholder: '$(',
  }),
  ...entries('work.open-cluster-management.io', ['ManifestWork'], { objects: ['/spec/workload/manifests/*'] }),
  ...entries('work.karmada.io', ['Work'], { objects: ['/spec/workload/manifests/*'] }),
  ...entries('work.open-cluster-management.io', ['ManifestWorkReplicaSet'], {
    objects: ['/spec/manifestWorkTemplate/workload/manifests/*'],
  }),
  ...entries('addon.open-cluster-management.io', ['AddOnTemplate'], {
    objects: ['/spec/agentSpec/workload/manifests/*'],
    placeholder: '{{',
    clusterScoped: true,
  }),
  ...entries('kubernetes.crossplane.io', ['Object'], { objects: ['/spec/forProvider/manifest'], clusterScoped: true }),
  ...entries('kubernetes.m.crossplane.io', ['Object'], { objects: ['/spec/forProvider/manifest'] }),
  ...entries('apiextensions.crossplane.io', ['Composition'], {
    objects: ['/spec/resources/*/base', '/spec/pipeline/*/input/resources/*/base'],
    clusterScoped: true,
  }),
  ...entries('argoproj.io', ['Sensor'], {
    objects: ['k8s', 'argoWorkflow'].map((trigger) => `/spec/triggers/*/template/${trigger}/source/resource`),
  }),
  ...entries('kubeflow.org', ['Experiment'], {
    objects: ['/spec/trialTemplate/trialSpec'],
    images: ['/spec/metricsCollectorSpec/collector/customCollector/image'],
    placeholder: '${trialParameters',
  }),
  ...entries('kubeflow.org', ['Trial'], { objects: ['/spec/runSpec'] }),
  ...entries('kro.run', ['ResourceGraphDefinition'], {
    objects: ['/spec/resources/*/template'],
    placeholder: '${',
    clusterScoped: true,
  }),
  ...entries('workload.codeflare.dev', ['AppWrapper'], { objects: ['/spec/components/*/template'] }),
];

/** Kinds whose images are parts of longer strings or composed: see `odd-images.ts`. */
const DEPLOYERS: readonly KindEntry[] = [
  ...entries('argoproj.io', ['Application', 'ApplicationSet'], { placeholder: '{{' }),
  ...entries('kustomize.toolkit.fluxcd.io', ['Kustomization'], { placeholder: '${' }),
  ...entries('helm.toolkit.fluxcd.io', ['HelmRelease'], { placeholder: '${' }),
];

export const OPERATOR_KINDS: readonly KindEntry[] = [
  ...SERVING,
  ...PLATFORMS,
  ...WITH_ODD_IMAGES,
  ...HOLDERS,
  ...DEPLOYERS,
];
