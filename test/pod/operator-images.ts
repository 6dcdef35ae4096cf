/**
 * Rows of test/fixtures/kinds/operators.yaml and holders.yaml, in the order in which images are read. Their places were compared with
 * the schemas in the projects' CustomResourceDefinitions (or the Go types, where a schema leaves a field open).
 */
import type { Row } from './fixtures.ts';

export const OPERATOR_IMAGES: Readonly<Record<string, readonly Row[]>> = {
  'Compose.files compose.yaml': [['regular web', '/images/0/image', 'nginx:1.27']],
  'Dockerfile.files Dockerfile': [['regular -', '/images/0/image', 'node:24']],
  'Template.template.openshift.io shop': [
    ['regular web', '/objects/1/spec/template/spec/containers/0/image', 'quay.io/acme/web:1'],
    ['regular side', '/objects/1/spec/template/spec/containers/1/image', '${SIDE}'],
    ['regular old', '/objects/2/spec/template/spec/containers/0/image', 'quay.io/acme/old:1'],
  ],
  'TriggerTemplate.triggers.tekton.dev build': [
    ['regular s', '/spec/resourcetemplates/0/spec/pipelineSpec/tasks/0/taskSpec/steps/0/image', 'golang:1.23'],
    ['regular s', '/spec/resourcetemplates/1/spec/taskSpec/steps/0/image', '$(tt.params.image)'],
  ],
  'Trigger.triggers.tekton.dev push': [
    ['regular s', '/spec/template/spec/resourcetemplates/0/spec/taskSpec/steps/0/image', 'golang:1.22'],
  ],
  'EventListener.triggers.tekton.dev hooks': [
    ['regular p', '/spec/triggers/0/template/spec/resourcetemplates/0/spec/containers/0/image', 'busybox:1.37'],
    [
      'regular el',
      '/spec/resources/kubernetesResource/spec/template/spec/containers/0/image',
      'ghcr.io/acme/listener:1',
    ],
  ],
  'ManifestWork.work.open-cluster-management.io web': [
    ['regular web', '/spec/workload/manifests/0/spec/template/spec/containers/0/image', 'nginx:1.27'],
  ],
  'Work.work.karmada.io web': [['regular web', '/spec/workload/manifests/0/spec/containers/0/image', 'nginx:1.26']],
  'Object.kubernetes.crossplane.io web': [
    ['regular j', '/spec/forProvider/manifest/spec/template/spec/containers/0/image', 'perl:5.40'],
  ],
  'ResourceGraphDefinition.kro.run app': [
    ['regular web', '/spec/resources/0/template/spec/template/spec/containers/0/image', '${schema.spec.image}'],
    ['regular p', '/spec/resources/1/template/spec/containers/0/image', 'busybox:1.36'],
  ],
  'AppWrapper.workload.codeflare.dev wrapped': [
    ['regular deep', '/spec/components/0/template/spec/workload/manifests/0/spec/containers/0/image', 'busybox:1.35'],
  ],
  'Application.argoproj.io web': [
    ['regular -', '/spec/source/kustomize/images/0', 'registry.example.com/nginx:1.27'],
    ['regular -', '/spec/source/kustomize/images/1', 'ghcr.io/acme/web:2'],
    ['regular -', '/spec/sources/0/kustomize/images/0', 'ghcr.io/acme/api:3'],
  ],
  'ApplicationSet.argoproj.io webs': [
    ['regular -', '/spec/template/spec/source/kustomize/images/0', 'ghcr.io/acme/nginx:1'],
    ['regular -', '/spec/template/spec/source/kustomize/images/1', 'ghcr.io/acme/x:{{tag}}'],
  ],
  'Kustomization.kustomize.toolkit.fluxcd.io apps': [
    ['regular web', '/spec/images/0/newTag', 'ghcr.io/acme/web:2'],
    ['regular nginx', '/spec/images/1/newTag', 'nginx:1.27'],
  ],
  'DataImportCron.cdi.kubevirt.io fedora': [
    ['regular -', '/spec/template/spec/source/registry/url', 'quay.io/containerdisks/fedora:42'],
  ],
  'VolumeImportSource.cdi.kubevirt.io fedora': [
    ['regular -', '/spec/source/registry/url', 'quay.io/containerdisks/fedora:40'],
  ],
  'VirtualMachine.kubevirt.io with-data-volumes': [
    ['regular -', '/spec/dataVolumeTemplates/0/spec/source/registry/url', 'quay.io/containerdisks/ubuntu:24.04'],
  ],
  'Workflow.argoproj.io inline': [
    ['regular -', '/spec/templates/0/steps/0/0/inline/container/image', 'busybox:1.37'],
    ['regular -', '/spec/templates/0/steps/1/0/inline/script/image', 'python:3.13'],
    ['regular -', '/spec/templates/1/dag/tasks/0/inline/container/image', 'alpine:3.20'],
    ['regular s', '/spec/templates/1/dag/tasks/0/inline/sidecars/0/image', 'redis:7'],
  ],
  'Pipeline.tekton.dev nested': [
    ['regular s', '/spec/tasks/0/pipelineSpec/tasks/0/taskSpec/steps/0/image', 'golang:1.23'],
    ['regular s', '/spec/tasks/0/pipelineSpec/tasks/1/pipelineSpec/finally/0/taskSpec/steps/0/image', 'golang:1.22'],
  ],
  'ContainerSource.sources.knative.dev beat': [
    ['regular beat', '/spec/template/spec/containers/0/image', 'ghcr.io/acme/beat:1'],
  ],
  'JobSink.sinks.knative.dev log': [
    ['regular main', '/spec/job/spec/template/spec/containers/0/image', 'ghcr.io/acme/log:1'],
  ],
  'InferenceService.serving.kserve.io iris': [
    ['regular kserve-container', '/spec/predictor/containers/0/image', 'ghcr.io/acme/model:2'],
    ['regular kserve-container', '/spec/transformer/containers/0/image', 'ghcr.io/acme/transform:2'],
    ['regular explain', '/spec/explainer/containers/0/image', 'ghcr.io/acme/explain:2'],
    ['regular -', '/spec/predictor/model/image', 'kserve/sklearnserver:v0.14'],
  ],
  'ServingRuntime.serving.kserve.io triton': [
    ['regular kserve-container', '/spec/containers/0/image', 'nvcr.io/nvidia/tritonserver:24.08-py3'],
  ],
  'ClusterServingRuntime.serving.kserve.io mlserver': [
    ['regular kserve-container', '/spec/containers/0/image', 'seldonio/mlserver:1.6'],
    ['regular worker-container', '/spec/workerSpec/containers/0/image', 'seldonio/worker:1.6'],
  ],
  'ClusterStorageContainer.serving.kserve.io hub': [
    ['regular storage-initializer', '/spec/container/image', 'kserve/storage-initializer:v0.14'],
  ],
  'SeldonDeployment.machinelearning.seldon.io iris': [
    ['regular classifier', '/spec/predictors/0/componentSpecs/0/spec/containers/0/image', 'ghcr.io/acme/iris:1'],
  ],
  'Notebook.kubeflow.org lab': [
    ['regular lab', '/spec/template/spec/containers/0/image', 'kubeflownotebookswg/jupyter:v1.9'],
  ],
  'Workload.kueue.x-k8s.io job-a': [
    ['regular main', '/spec/podSets/0/template/spec/containers/0/image', 'busybox:1.37'],
  ],
  'Elasticsearch.elasticsearch.k8s.elastic.co es': [
    ['regular -', '/spec/image', 'registry.example.com/es:8.15.0'],
    ['regular sysctl', '/spec/nodeSets/0/podTemplate/spec/initContainers/0/image', 'busybox:1.37'],
  ],
  'Kibana.kibana.k8s.elastic.co kb': [
    ['regular -', '/spec/image', 'registry.example.com/kibana:8.15.0'],
    ['regular kibana', '/spec/podTemplate/spec/containers/0/image', 'registry.example.com/kibana:8.15.1'],
  ],
  'ApmServer.apm.k8s.elastic.co apm': [['regular -', '/spec/image', 'registry.example.com/apm:8.15.0']],
  'EnterpriseSearch.enterprisesearch.k8s.elastic.co search': [
    ['regular -', '/spec/image', 'registry.example.com/search:8.15.0'],
  ],
  'ElasticMapsServer.maps.k8s.elastic.co maps': [['regular -', '/spec/image', 'registry.example.com/maps:8.15.0']],
  'Logstash.logstash.k8s.elastic.co stash': [['regular -', '/spec/image', 'registry.example.com/logstash:8.15.0']],
  'Beat.beat.k8s.elastic.co files': [
    ['regular -', '/spec/image', 'registry.example.com/filebeat:8.15.0'],
    ['regular filebeat', '/spec/daemonSet/podTemplate/spec/containers/0/image', 'registry.example.com/filebeat:8.15.1'],
  ],
  'Agent.agent.k8s.elastic.co fleet': [
    ['regular -', '/spec/image', 'registry.example.com/agent:8.15.0'],
    ['regular prepare', '/spec/statefulSet/podTemplate/spec/initContainers/0/image', 'busybox:1.36'],
  ],
  'Cluster.postgresql.cnpg.io pg': [
    ['regular -', '/spec/imageName', 'ghcr.io/cloudnative-pg/postgresql:17.2'],
    ['regular -', '/spec/postgresql/extensions/0/image/reference', 'ghcr.io/acme/pgvector:1'],
  ],
  'ImageCatalog.postgresql.cnpg.io pg': [
    ['regular -', '/spec/images/0/image', 'ghcr.io/cloudnative-pg/postgresql:16.6'],
    ['regular -', '/spec/images/1/image', 'ghcr.io/cloudnative-pg/postgresql:17.2'],
  ],
  'ClusterImageCatalog.postgresql.cnpg.io pg': [
    ['regular -', '/spec/images/0/image', 'ghcr.io/cloudnative-pg/postgresql:17.2'],
  ],
  'Pooler.postgresql.cnpg.io pool': [
    ['regular pgbouncer', '/spec/template/spec/containers/0/image', 'ghcr.io/acme/pgbouncer:1'],
  ],
  'postgresql.acid.zalan.do minimal': [
    ['regular -', '/spec/dockerImage', 'ghcr.io/zalando/spilo-17:4.0'],
    ['regular exporter', '/spec/sidecars/0/image', 'ghcr.io/acme/exporter:1'],
  ],
  'PostgresCluster.postgres-operator.crunchydata.com hippo': [
    ['regular -', '/spec/image', 'registry.example.com/crunchy-postgres:ubi8-16'],
    ['regular -', '/spec/backups/pgbackrest/image', 'registry.example.com/pgbackrest:2'],
    ['regular -', '/spec/proxy/pgBouncer/image', 'registry.example.com/pgbouncer:1'],
  ],
  'MongoDBCommunity.mongodbcommunity.mongodb.com db': [
    ['regular mongod', '/spec/statefulSet/spec/template/spec/containers/0/image', 'registry.example.com/mongo:7'],
  ],
  'Redis.redis.redis.opstreelabs.in one': [
    ['regular -', '/spec/kubernetesConfig/image', 'quay.io/opstree/redis:v7.0.12'],
    ['regular -', '/spec/redisExporter/image', 'quay.io/opstree/redis-exporter:v1.44.0'],
  ],
  'RedisCluster.redis.redis.opstreelabs.in six': [
    ['regular -', '/spec/kubernetesConfig/image', 'quay.io/opstree/redis:v7.0.13'],
  ],
  'RedisReplication.redis.redis.opstreelabs.in two': [
    ['regular -', '/spec/kubernetesConfig/image', 'quay.io/opstree/redis:v7.0.14'],
  ],
  'RedisSentinel.redis.redis.opstreelabs.in three': [
    ['regular -', '/spec/kubernetesConfig/image', 'quay.io/opstree/redis-sentinel:v7.0.12'],
  ],
  'RedisFailover.databases.spotahome.com rf': [
    ['regular -', '/spec/redis/image', 'redis:7.2'],
    ['regular -', '/spec/sentinel/image', 'redis:7.4'],
  ],
  'RabbitmqCluster.rabbitmq.com rabbit': [
    ['regular -', '/spec/image', 'rabbitmq:4.0-management'],
    ['regular rabbitmq', '/spec/override/statefulSet/spec/template/spec/containers/0/image', 'rabbitmq:4.1'],
  ],
  'Tenant.minio.min.io store': [
    ['regular -', '/spec/image', 'quay.io/minio/minio:RELEASE.2024-10-02T17-50-41Z'],
    ['regular -', '/spec/kes/image', 'quay.io/minio/kes:v1'],
    ['regular side', '/spec/sideCars/containers/0/image', 'busybox:1.37'],
  ],
  'CephCluster.ceph.rook.io ceph': [['regular -', '/spec/cephVersion/image', 'quay.io/ceph/ceph:v19.2.0']],
  'EngineImage.longhorn.io ei-1': [['regular -', '/spec/image', 'longhornio/longhorn-engine:v1.7.2']],
  'Kafka.kafka.strimzi.io events': [
    ['regular -', '/spec/kafka/image', 'quay.io/strimzi/kafka:0.44.0-kafka-3.8.0'],
    ['regular -', '/spec/zookeeper/image', 'quay.io/strimzi/kafka:0.43.0-kafka-3.8.0'],
    ['regular -', '/spec/kafkaExporter/image', 'quay.io/strimzi/kafka:0.44.3-kafka-3.8.0'],
    ['regular -', '/spec/kafka/brokerRackInitImage', 'quay.io/strimzi/operator:0.44.0'],
    ['regular -', '/spec/entityOperator/topicOperator/image', 'quay.io/strimzi/operator:0.44.1'],
    ['regular -', '/spec/entityOperator/userOperator/image', 'quay.io/strimzi/operator:0.44.2'],
  ],
  'KafkaConnect.kafka.strimzi.io connect': [['regular -', '/spec/image', 'ghcr.io/acme/connect:1']],
  'KafkaMirrorMaker2.kafka.strimzi.io mirror': [
    ['regular -', '/spec/image', 'ghcr.io/acme/mirror:2'],
    ['regular -', '/spec/clientRackInitImage', 'ghcr.io/acme/rack:2'],
  ],
  'KafkaMirrorMaker.kafka.strimzi.io mirror': [['regular -', '/spec/image', 'ghcr.io/acme/mirror:1']],
  'KafkaBridge.kafka.strimzi.io bridge': [['regular -', '/spec/image', 'quay.io/strimzi/kafka-bridge:0.30.0']],
  'StrimziPodSet.core.strimzi.io pods': [
    ['regular kafka', '/spec/pods/0/spec/containers/0/image', 'quay.io/strimzi/kafka:0.44.0-kafka-3.8.0'],
  ],
  'FlinkDeployment.flink.apache.org stream': [
    ['regular -', '/spec/image', 'flink:1.20'],
    ['regular flink-main-container', '/spec/podTemplate/spec/containers/0/image', 'flink:1.19'],
    ['regular fetch', '/spec/taskManager/podTemplate/spec/initContainers/0/image', 'busybox:1.37'],
  ],
  'OpenTelemetryCollector.opentelemetry.io otel': [
    ['regular -', '/spec/image', 'ghcr.io/acme/otelcol:0.110.0'],
    ['regular -', '/spec/targetAllocator/image', 'ghcr.io/acme/ta:0.110.0'],
    ['regular side', '/spec/additionalContainers/0/image', 'busybox:1.37'],
  ],
  'Instrumentation.opentelemetry.io auto': [
    ['regular -', '/spec/java/image', 'ghcr.io/acme/java:2'],
    ['regular -', '/spec/python/image', 'ghcr.io/acme/python:0.48'],
  ],
  'Grafana.grafana.integreatly.org grafana': [
    ['regular grafana', '/spec/deployment/spec/template/spec/containers/0/image', 'grafana/grafana:11.2.2'],
  ],
  'TempoStack.tempo.grafana.com tempo': [
    ['regular -', '/spec/images/tempo', 'grafana/tempo:2.6.0'],
    ['regular -', '/spec/images/tempoQuery', 'grafana/tempo-query:2.6.0'],
  ],
  'Keycloak.k8s.keycloak.org kc': [['regular -', '/spec/image', 'quay.io/keycloak/keycloak:26.0']],
  'Jenkins.jenkins.io ci': [
    ['regular jenkins-master', '/spec/master/containers/0/image', 'jenkins/jenkins:2.462.3-lts'],
  ],
  'AutoscalingRunnerSet.actions.github.com runners': [
    ['regular runner', '/spec/template/spec/containers/0/image', 'ghcr.io/actions/actions-runner:2.320.0'],
  ],
  'EphemeralRunnerSet.actions.github.com runners': [
    ['regular runner', '/spec/ephemeralRunnerSpec/spec/containers/0/image', 'ghcr.io/actions/actions-runner:2.320.0'],
  ],
  'EphemeralRunner.actions.github.com runner': [
    ['regular runner', '/spec/spec/containers/0/image', 'ghcr.io/actions/actions-runner:2.320.0'],
  ],
  'RunnerDeployment.actions.summerwind.dev runners': [
    ['regular -', '/spec/template/spec/image', 'ghcr.io/acme/runner:1'],
    ['regular side', '/spec/template/spec/sidecarContainers/0/image', 'busybox:1.37'],
  ],
  'RunnerReplicaSet.actions.summerwind.dev runners': [
    ['regular -', '/spec/template/spec/image', 'ghcr.io/acme/runner:1'],
  ],
  'Fleet.agones.dev game': [
    ['regular game', '/spec/template/spec/template/spec/containers/0/image', 'ghcr.io/acme/game:1'],
  ],
  'GameServerSet.agones.dev game': [
    ['regular game', '/spec/template/spec/template/spec/containers/0/image', 'ghcr.io/acme/game:2'],
  ],
  'GameServer.agones.dev game': [['regular game', '/spec/template/spec/containers/0/image', 'ghcr.io/acme/game:3']],
  'Provider.pkg.crossplane.io aws': [['regular -', '/spec/package', 'xpkg.upbound.io/upbound/provider-aws-s3:v1.14.0']],
  'Function.pkg.crossplane.io auto-ready': [
    ['regular -', '/spec/package', 'xpkg.upbound.io/crossplane-contrib/function-auto-ready:v0.3.0'],
  ],
  'Configuration.pkg.crossplane.io platform': [['regular -', '/spec/package', 'xpkg.upbound.io/acme/platform:v0.1.0']],
};
