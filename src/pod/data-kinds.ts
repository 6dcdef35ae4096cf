/** Images in kinds of other data stores, caches, and streams, from their CRD schemas. A part of the table in `kinds.ts`. */
import { entries, partImages as images, type KindEntry, podImages, volumeImages } from './kind-entry.ts';

const elastic = (kind: string, group: string, ...templates: string[]): KindEntry => ({
  group: `${group}.k8s.elastic.co`,
  kind,
  images: ['/spec/image', ...templates.flatMap((at) => podImages(`/spec/${at}/spec`))],
});

const ELASTIC: readonly KindEntry[] = [
  elastic('Elasticsearch', 'elasticsearch', 'nodeSets/*/podTemplate'),
  elastic('Kibana', 'kibana', 'podTemplate'),
  elastic('ApmServer', 'apm', 'podTemplate'),
  elastic('EnterpriseSearch', 'enterprisesearch', 'podTemplate'),
  elastic('ElasticMapsServer', 'maps', 'podTemplate'),
  elastic('PackageRegistry', 'packageregistry', 'podTemplate'),
  elastic('AutoOpsAgentPolicy', 'autoops', 'podTemplate'),
  elastic('Logstash', 'logstash', 'podTemplate'),
  elastic('Beat', 'beat', 'daemonSet/podTemplate', 'deployment/podTemplate'),
  elastic('Agent', 'agent', 'daemonSet/podTemplate', 'deployment/podTemplate', 'statefulSet/podTemplate'),
];

const redis = (at: string): string[] => [
  `/spec/${at}/image`,
  ...['exporter', 'extraContainers/*', 'initContainers/*'].map((part) => `/spec/${at}/${part}/image`),
];

const k8ssandra = (at: string): string[] => [
  `${at}/serverImage`,
  `${at}/perNodeConfigInitContainerImage`,
  `${at}/telemetry/vector/image`,
  `${at}/containers/*/image`,
  `${at}/initContainers/*/image`,
  volumeImages(`${at}/extraVolumes/volumes`),
];

const OTHER_STORES: readonly KindEntry[] = [
  ...entries('redis.redis.opstreelabs.in', ['Redis', 'RedisCluster', 'RedisReplication', 'RedisSentinel'], {
    images: ['/spec/kubernetesConfig/image', ...images('redisExporter', 'initContainer', 'sentinel', 'sidecars/*')],
  }),
  ...entries('databases.spotahome.com', ['RedisFailover'], { images: ['redis', 'sentinel'].flatMap(redis) }),
  ...entries('dragonflydb.io', ['Dragonfly'], {
    images: [
      '/spec/image',
      ...images('additionalContainers/*', 'initContainers/*'),
      volumeImages('/spec/additionalVolumes'),
    ],
  }),
  ...entries('cassandra.datastax.com', ['CassandraDatacenter'], {
    images: [
      '/spec/serverImage',
      '/spec/configBuilderImage',
      '/spec/systemLoggerImage',
      ...podImages('/spec/podTemplateSpec/spec'),
    ],
  }),
  ...entries('k8ssandra.io', ['K8ssandraCluster'], {
    images: [
      ...['/spec/cassandra', '/spec/cassandra/datacenters/*'].flatMap(k8ssandra),
      ...images('reaper/telemetry/vector', 'stargate/telemetry/vector'),
    ],
  }),
  ...['opensearch.opster.io', 'opensearch.org'].flatMap((group) =>
    entries(group, ['OpenSearchCluster'], {
      images: images('general', 'dashboards', 'initHelper'),
    }),
  ),
  ...entries('solr.apache.org', ['SolrCloud'], {
    images: images(
      'customSolrKubeOptions/podOptions/initContainers/*',
      'customSolrKubeOptions/podOptions/sidecarContainers/*',
      'zookeeperRef/provided/containers/*',
      'zookeeperRef/provided/initContainers/*',
    ),
  }),
  ...entries('solr.apache.org', ['SolrPrometheusExporter'], {
    images: images('customKubeOptions/podOptions/initContainers/*', 'customKubeOptions/podOptions/sidecarContainers/*'),
  }),
  ...entries('zookeeper.pravega.io', ['ZookeeperCluster'], { images: podImages('/spec') }),
  ...entries('minio.min.io', ['Tenant'], {
    images: [
      '/spec/image',
      ...images('kes', 'initContainers/*', 'sideCars/containers/*'),
      volumeImages('/spec/additionalVolumes'),
      volumeImages('/spec/sideCars/volumes'),
    ],
  }),
  ...entries('ceph.rook.io', ['CephCluster'], { images: ['/spec/cephVersion/image'] }),
  ...entries('ceph.rook.io', ['CephNFS'], { images: images('server', 'security/sssd/sidecar') }),
  ...entries('ceph.rook.io', ['CephCOSIDriver'], { images: ['/spec/image', '/spec/objectProvisionerImage'] }),
  ...entries('ceph.rook.io', ['CephNVMeOFGateway'], { images: ['/spec/image'] }),
  ...entries('longhorn.io', ['EngineImage'], { images: ['/spec/image'] }),
];

const kafkaParts = ['kafka', 'zookeeper', 'kafkaExporter', 'cruiseControl', 'jmxTrans'];
const kafkaEntity = ['topicOperator', 'userOperator', 'tlsSidecar'];
const kafkaPods = [...kafkaParts, 'entityOperator'].map((part) => `/spec/${part}/template/pod/volumes`);

const broker = (at: string): string[] => [
  `${at}/image`,
  `${at}/metricsReporterImage`,
  `${at}/containers/*/image`,
  `${at}/initContainers/*/image`,
  volumeImages(`${at}/volumes`),
];

const flink = (at: string): string[] => [
  `${at}/image`,
  ...['', '/jobManager', '/taskManager'].flatMap((part) => podImages(`${at}${part}/podTemplate/spec`)),
];

const STREAMS: readonly KindEntry[] = [
  ...entries('kafka.strimzi.io', ['Kafka'], {
    images: [
      ...images(...kafkaParts),
      '/spec/kafka/brokerRackInitImage',
      ...images(...kafkaEntity.map((part) => `entityOperator/${part}`)),
      ...kafkaPods.map(volumeImages),
    ],
  }),
  ...entries('kafka.strimzi.io', ['KafkaNodePool'], { images: [volumeImages('/spec/template/pod/volumes')] }),
  ...entries('kafka.strimzi.io', ['KafkaConnect', 'KafkaMirrorMaker2', 'KafkaMirrorMaker', 'KafkaBridge'], {
    // Without `build.output.image`, which is pushed and can be an image stream.
    images: [
      '/spec/image',
      '/spec/clientRackInitImage',
      '/spec/plugins/*/artifacts/*/reference',
      volumeImages('/spec/template/pod/volumes'),
      volumeImages('/spec/template/buildPod/volumes'),
    ],
  }),
  ...entries('core.strimzi.io', ['StrimziPodSet'], { podSpecs: ['/spec/pods/*/spec'] }),
  ...entries('kafka.banzaicloud.io', ['KafkaCluster'], {
    images: [
      '/spec/clusterImage',
      '/spec/clusterMetricsReporterImage',
      '/spec/monitoringConfig/jmxImage',
      ...images('cruiseControlConfig', 'cruiseControlConfig/initContainers/*', 'envoyConfig'),
      ...['/spec/brokers/*/brokerConfig', '/spec/brokerConfigGroups/*'].flatMap(broker),
    ],
  }),
  ...entries('rabbitmq.com', ['RabbitmqCluster'], {
    images: [
      '/spec/image',
      '/spec/secretBackend/vault/defaultUserUpdaterImage',
      ...podImages('/spec/override/statefulSet/spec/template/spec'),
    ],
  }),
  ...entries('flink.apache.org', ['FlinkDeployment'], { images: flink('/spec') }),
  ...entries('flink.apache.org', ['FlinkBlueGreenDeployment'], { images: flink('/spec/template/spec') }),
];

export const DATA_KINDS: readonly KindEntry[] = [...ELASTIC, ...OTHER_STORES, ...STREAMS];
