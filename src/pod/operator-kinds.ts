/**
 * Where kinds of operators keep their images: a part of the table in `kinds.ts`, after the schemas of their
 * CustomResourceDefinitions. A pod template that is merged into a generated one may name no image, so it is no pod spec here.
 */
import type { KindEntry } from './kind-entry.ts';

const TEMPLATE = '/spec/template/spec';

const entries = (group: string, kinds: readonly string[], places: Omit<KindEntry, 'group' | 'kind'>): KindEntry[] =>
  kinds.map((kind) => ({ group, kind, ...places }));

/** Images of a pod template that is only a patch. */
const partial = (at: string): string[] => [`${at}/containers/*/image`, `${at}/initContainers/*/image`];

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

const SERVING: readonly KindEntry[] = [
  ...entries('sources.knative.dev', ['ContainerSource'], { podSpecs: [TEMPLATE] }),
  ...entries('sinks.knative.dev', ['JobSink'], { podSpecs: ['/spec/job/spec/template/spec'] }),
  ...entries('serving.kserve.io', ['InferenceService'], {
    podSpecs: ['/spec/predictor', '/spec/predictor/workerSpec', '/spec/transformer', '/spec/explainer'],
    images: [...MODELS.map((model) => `/spec/predictor/${model}/image`), '/spec/explainer/art/image'],
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
    images: partial('/spec/predictors/*/componentSpecs/*/spec'),
  }),
  ...entries('kubeflow.org', ['Notebook'], { podSpecs: [TEMPLATE] }),
  ...entries('kueue.x-k8s.io', ['Workload'], { podSpecs: ['/spec/podSets/*/template/spec'] }),
];

const elastic = (kind: string, group: string, ...templates: string[]): KindEntry => ({
  group: `${group}.k8s.elastic.co`,
  kind,
  images: ['/spec/image', ...templates.flatMap((at) => partial(`/spec/${at}/spec`))],
});

const DATABASES: readonly KindEntry[] = [
  elastic('Elasticsearch', 'elasticsearch', 'nodeSets/*/podTemplate'),
  elastic('Kibana', 'kibana', 'podTemplate'),
  elastic('ApmServer', 'apm', 'podTemplate'),
  elastic('EnterpriseSearch', 'enterprisesearch', 'podTemplate'),
  elastic('ElasticMapsServer', 'maps', 'podTemplate'),
  elastic('Logstash', 'logstash', 'podTemplate'),
  elastic('Beat', 'beat', 'daemonSet/podTemplate', 'deployment/podTemplate'),
  elastic('Agent', 'agent', 'daemonSet/podTemplate', 'deployment/podTemplate', 'statefulSet/podTemplate'),
  ...entries('postgresql.cnpg.io', ['Cluster'], {
    images: ['/spec/imageName', '/spec/postgresql/extensions/*/image/reference'],
  }),
  ...entries('postgresql.cnpg.io', ['ImageCatalog'], { images: ['/spec/images/*/image'] }),
  ...entries('postgresql.cnpg.io', ['ClusterImageCatalog'], { images: ['/spec/images/*/image'], clusterScoped: true }),
  ...entries('postgresql.cnpg.io', ['Pooler'], { images: partial(TEMPLATE) }),
  ...entries('acid.zalan.do', ['postgresql'], {
    images: ['/spec/dockerImage', '/spec/sidecars/*/image', '/spec/initContainers/*/image'],
  }),
  ...entries('postgres-operator.crunchydata.com', ['PostgresCluster'], {
    images: ['/spec/image', '/spec/backups/pgbackrest/image', '/spec/proxy/pgBouncer/image'],
  }),
  ...entries('mongodbcommunity.mongodb.com', ['MongoDBCommunity'], {
    images: partial('/spec/statefulSet/spec/template/spec'),
  }),
  ...entries('redis.redis.opstreelabs.in', ['Redis', 'RedisCluster', 'RedisReplication', 'RedisSentinel'], {
    images: ['/spec/kubernetesConfig/image', '/spec/redisExporter/image'],
  }),
  ...entries('databases.spotahome.com', ['RedisFailover'], { images: ['/spec/redis/image', '/spec/sentinel/image'] }),
  ...entries('rabbitmq.com', ['RabbitmqCluster'], {
    images: ['/spec/image', ...partial('/spec/override/statefulSet/spec/template/spec')],
  }),
  ...entries('minio.min.io', ['Tenant'], {
    images: ['/spec/image', '/spec/kes/image', '/spec/initContainers/*/image', '/spec/sideCars/containers/*/image'],
  }),
  ...entries('ceph.rook.io', ['CephCluster'], { images: ['/spec/cephVersion/image'] }),
  ...entries('longhorn.io', ['EngineImage'], { images: ['/spec/image'] }),
];

const kafka = ['kafka', 'zookeeper', 'kafkaExporter', 'cruiseControl', 'jmxTrans'];
const kafkaEntity = ['topicOperator', 'userOperator', 'tlsSidecar'];

const STREAMS: readonly KindEntry[] = [
  ...entries('kafka.strimzi.io', ['Kafka'], {
    images: [
      ...kafka.map((part) => `/spec/${part}/image`),
      '/spec/kafka/brokerRackInitImage',
      ...kafkaEntity.map((part) => `/spec/entityOperator/${part}/image`),
    ],
  }),
  ...entries('kafka.strimzi.io', ['KafkaConnect', 'KafkaMirrorMaker2', 'KafkaMirrorMaker', 'KafkaBridge'], {
    images: ['/spec/image', '/spec/clientRackInitImage'],
  }),
  ...entries('core.strimzi.io', ['StrimziPodSet'], { podSpecs: ['/spec/pods/*/spec'] }),
  ...entries('flink.apache.org', ['FlinkDeployment'], {
    images: [
      '/spec/image',
      ...['', '/jobManager', '/taskManager'].flatMap((at) => partial(`/spec${at}/podTemplate/spec`)),
    ],
  }),
];

const LANGUAGES = ['java', 'nodejs', 'python', 'dotnet', 'go', 'apacheHttpd', 'nginx'];

const PLATFORMS: readonly KindEntry[] = [
  ...entries('opentelemetry.io', ['OpenTelemetryCollector'], {
    images: [
      '/spec/image',
      '/spec/targetAllocator/image',
      '/spec/initContainers/*/image',
      '/spec/additionalContainers/*/image',
    ],
  }),
  ...entries('opentelemetry.io', ['Instrumentation'], { images: LANGUAGES.map((one) => `/spec/${one}/image`) }),
  ...entries('grafana.integreatly.org', ['Grafana'], { images: partial('/spec/deployment/spec/template/spec') }),
  ...entries('tempo.grafana.com', ['TempoStack'], { images: ['/spec/images/*'] }),
  ...entries('k8s.keycloak.org', ['Keycloak'], { images: ['/spec/image'] }),
  ...entries('jenkins.io', ['Jenkins'], { images: ['/spec/master/containers/*/image'] }),
  ...entries('actions.github.com', ['AutoscalingRunnerSet'], { podSpecs: [TEMPLATE] }),
  ...entries('actions.github.com', ['EphemeralRunnerSet'], { podSpecs: ['/spec/ephemeralRunnerSpec/spec'] }),
  ...entries('actions.github.com', ['EphemeralRunner'], { podSpecs: ['/spec/spec'] }),
  ...entries('actions.summerwind.dev', ['RunnerDeployment', 'RunnerReplicaSet'], {
    images: [`${TEMPLATE}/image`, ...partial(TEMPLATE), `${TEMPLATE}/sidecarContainers/*/image`],
  }),
  ...entries('agones.dev', ['Fleet', 'GameServerSet'], { podSpecs: [`${TEMPLATE}/template/spec`] }),
  ...entries('agones.dev', ['GameServer'], { podSpecs: [TEMPLATE] }),
  ...entries('pkg.crossplane.io', ['Provider', 'Function', 'Configuration'], {
    images: ['/spec/package'],
    clusterScoped: true,
  }),
];

/** They hold objects that their controllers create, here or in another cluster. */
const HOLDERS: readonly KindEntry[] = [
  ...entries('template.openshift.io', ['Template'], { objects: ['/objects/*'], placeholder: '${' }),
  ...entries('triggers.tekton.dev', ['TriggerTemplate'], { objects: ['/spec/resourcetemplates/*'], placeholder: '$(' }),
  ...entries('triggers.tekton.dev', ['Trigger'], {
    objects: ['/spec/template/spec/resourcetemplates/*'],
    placeholder: '$(',
  }),
  ...entries('triggers.tekton.dev', ['EventListener'], {
    objects: ['/spec/triggers/*/template/spec/resourcetemplates/*'],
    images: partial('/spec/resources/kubernetesResource/spec/template/spec'),
    placeholder: '$(',
  }),
  ...entries('work.open-cluster-management.io', ['ManifestWork'], { objects: ['/spec/workload/manifests/*'] }),
  ...entries('work.karmada.io', ['Work'], { objects: ['/spec/workload/manifests/*'] }),
  ...entries('kubernetes.crossplane.io', ['Object'], { objects: ['/spec/forProvider/manifest'], clusterScoped: true }),
  ...entries('kro.run', ['ResourceGraphDefinition'], {
    objects: ['/spec/resources/*/template'],
    placeholder: '${',
    clusterScoped: true,
  }),
  ...entries('workload.codeflare.dev', ['AppWrapper'], { objects: ['/spec/components/*/template'] }),
];

/** Their images are parts of longer texts, or put together: see `odd-images.ts`. */
const DEPLOYERS: readonly KindEntry[] = [
  ...entries('argoproj.io', ['Application', 'ApplicationSet'], { placeholder: '{{' }),
  ...entries('kustomize.toolkit.fluxcd.io', ['Kustomization'], { placeholder: '${' }),
];

export const OPERATOR_KINDS: readonly KindEntry[] = [
  ...SERVING,
  ...DATABASES,
  ...STREAMS,
  ...PLATFORMS,
  ...HOLDERS,
  ...DEPLOYERS,
];
