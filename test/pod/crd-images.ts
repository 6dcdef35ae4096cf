/**
 * Rows of test/fixtures/kinds/data.yaml, observability.yaml and platforms.yaml, in the order in which images are read. Their places
 * are those of the schemas in the projects' CustomResourceDefinitions (or of the Go types, where a schema leaves a field open).
 */
import type { Row } from './fixtures.ts';

export const CRD_IMAGES: Readonly<Record<string, readonly Row[]>> = {
  'Elasticsearch.elasticsearch.k8s.elastic.co with-volumes': [
    ['regular elasticsearch', '/spec/nodeSets/0/podTemplate/spec/containers/0/image', 'quay.io/acme/es:9.1.0'],
    ['regular -', '/spec/nodeSets/0/podTemplate/spec/volumes/0/image/reference', 'quay.io/acme/es-plugins:9'],
  ],
  'PackageRegistry.packageregistry.k8s.elastic.co registry': [
    ['regular -', '/spec/image', 'quay.io/acme/package-registry:9.1.0'],
  ],
  'AutoOpsAgentPolicy.autoops.k8s.elastic.co agents': [
    ['regular -', '/spec/image', 'quay.io/acme/autoops:9.1.0'],
    ['regular autoops-agent', '/spec/podTemplate/spec/containers/0/image', 'quay.io/acme/autoops:9.1.1'],
  ],
  'Pooler.postgresql.cnpg.io with-image': [['regular -', '/spec/pgbouncer/image', 'quay.io/acme/pgbouncer:1.24']],
  'ImageCatalog.postgresql.cnpg.io with-extensions': [
    ['regular -', '/spec/images/0/image', 'quay.io/acme/postgresql:18'],
    ['regular -', '/spec/images/0/extensions/0/image/reference', 'quay.io/acme/postgis:18'],
    ['regular -', '/spec/componentImages/0/image', 'quay.io/acme/pgbouncer:1.23'],
  ],
  'Cluster.postgresql.cnpg.io of-a-catalog': [],
  'postgresql.acid.zalan.do pooled': [
    ['regular -', '/spec/dockerImage', 'quay.io/acme/spilo:17'],
    ['regular -', '/spec/connectionPooler/dockerImage', 'quay.io/acme/pgbouncer:32'],
    ['regular date', '/spec/initContainers/0/image', 'quay.io/acme/busybox:1'],
  ],
  'OperatorConfiguration.acid.zalan.do operator': [
    ['regular -', '/configuration/docker_image', 'quay.io/acme/spilo:16'],
    ['regular -', '/configuration/connection_pooler/connection_pooler_image', 'quay.io/acme/pooler:1'],
    ['regular -', '/configuration/logical_backup/logical_backup_docker_image', 'quay.io/acme/backup:1'],
    ['regular -', '/configuration/sidecar_docker_images/exporter', 'quay.io/acme/exporter:2'],
    ['regular global', '/configuration/sidecars/0/image', 'quay.io/acme/global:1'],
  ],
  'PostgresCluster.postgres-operator.crunchydata.com all': [
    ['regular -', '/spec/backups/pgbackrest/image', 'quay.io/acme/pgbackrest:2'],
    ['regular -', '/spec/proxy/pgBouncer/image', 'quay.io/acme/bouncer:1'],
    ['regular -', '/spec/monitoring/pgmonitor/exporter/image', 'quay.io/acme/exporter:0.15'],
    ['regular -', '/spec/instrumentation/image', 'quay.io/acme/collector:1'],
    ['regular -', '/spec/userInterface/pgAdmin/image', 'quay.io/acme/pgadmin4:4'],
    ['regular side', '/spec/instances/0/containers/0/image', 'quay.io/acme/side:1'],
    ['regular side', '/spec/proxy/pgBouncer/containers/0/image', 'quay.io/acme/side:2'],
    ['regular -', '/spec/instances/0/volumes/additional/0/image/reference', 'quay.io/acme/ext:17'],
  ],
  'PGAdmin.postgres-operator.crunchydata.com rhino': [['regular -', '/spec/image', 'quay.io/acme/pgadmin4:9']],
  'PGUpgrade.postgres-operator.crunchydata.com to-17': [['regular -', '/spec/image', 'quay.io/acme/upgrade:17']],
  'PerconaXtraDBCluster.pxc.percona.com cluster1': [
    ['regular -', '/spec/pxc/image', 'quay.io/acme/pxc:8.0'],
    ['regular -', '/spec/haproxy/image', 'quay.io/acme/haproxy:2.8'],
    ['regular -', '/spec/proxysql/image', 'quay.io/acme/proxysql:2.7'],
    ['regular -', '/spec/pmm/image', 'quay.io/acme/pmm:3'],
    ['regular -', '/spec/logcollector/image', 'quay.io/acme/fluentbit:4'],
    ['regular -', '/spec/backup/image', 'quay.io/acme/xtrabackup:8.0'],
    ['regular -', '/spec/initContainer/image', 'quay.io/acme/pxc-operator:1.18'],
    ['regular noop', '/spec/pxc/sidecars/0/image', 'quay.io/acme/noop:1'],
    ['regular -', '/spec/pxc/sidecarVolumes/0/image/reference', 'quay.io/acme/m:1'],
  ],
  'PerconaServerMongoDB.psmdb.percona.com mongo': [
    ['regular -', '/spec/image', 'quay.io/acme/psmdb:8.0'],
    ['regular -', '/spec/backup/image', 'quay.io/acme/pbm:2.10'],
    ['regular rs', '/spec/replsets/0/sidecars/0/image', 'quay.io/acme/rs-side:1'],
    ['regular arb', '/spec/replsets/0/arbiter/sidecars/0/image', 'quay.io/acme/arb-side:1'],
    ['regular cfg', '/spec/sharding/configsvrReplSet/sidecars/0/image', 'quay.io/acme/cfg-side:1'],
    ['regular s', '/spec/sharding/mongos/sidecars/0/image', 'quay.io/acme/mongos-side:1'],
  ],
  'PerconaServerMySQL.ps.percona.com mysql': [
    ['regular -', '/spec/initContainer/image', 'quay.io/acme/ps-operator:1'],
    ['regular -', '/spec/mysql/image', 'quay.io/acme/ps:8.4'],
    ['regular -', '/spec/proxy/haproxy/image', 'quay.io/acme/haproxy:2.9'],
    ['regular -', '/spec/proxy/router/image', 'quay.io/acme/router:8.4'],
    ['regular -', '/spec/orchestrator/image', 'quay.io/acme/orchestrator:3.2'],
    ['regular -', '/spec/backup/image', 'quay.io/acme/xtrabackup:8.4'],
    ['regular -', '/spec/toolkit/image', 'quay.io/acme/toolkit:3.7'],
    ['regular noop', '/spec/mysql/sidecars/0/image', 'quay.io/acme/noop:2'],
  ],
  'PerconaPGCluster.pgv2.percona.com pg': [
    ['regular -', '/spec/image', 'quay.io/acme/ppg:17'],
    ['regular -', '/spec/proxy/pgBouncer/image', 'quay.io/acme/ppg-bouncer:1.24'],
    ['regular -', '/spec/backups/pgbackrest/image', 'quay.io/acme/ppg-backrest:2.55'],
    ['regular -', '/spec/extensions/image', 'quay.io/acme/ppg-ext:17'],
    ['regular -', '/spec/pmm/image', 'quay.io/acme/pmm:3.1'],
    ['regular test', '/spec/instances/0/sidecars/0/image', 'quay.io/acme/test:1'],
  ],
  'MongoDB.mongodb.com shards': [
    [
      'regular mongodb-enterprise-database',
      '/spec/podSpec/podTemplate/spec/containers/0/image',
      'quay.io/acme/mongo-db:8',
    ],
    ['regular side', '/spec/mongosPodSpec/podTemplate/spec/containers/0/image', 'quay.io/acme/mongos:8'],
  ],
  'MongoDBMultiCluster.mongodb.com multi': [
    [
      'regular sidecar',
      '/spec/clusterSpecList/0/statefulSet/spec/template/spec/containers/0/image',
      'quay.io/acme/side:3',
    ],
  ],
  'MongoDBOpsManager.mongodb.com om': [
    ['regular mongodb-ops-manager', '/spec/statefulSet/spec/template/spec/containers/0/image', 'quay.io/acme/om:8'],
    [
      'regular setup',
      '/spec/applicationDatabase/podSpec/podTemplate/spec/initContainers/0/image',
      'quay.io/acme/setup:1',
    ],
  ],
  'MariaDB.k8s.mariadb.com galera': [
    ['regular -', '/spec/image', 'quay.io/acme/mariadb:11.8'],
    ['regular -', '/spec/metrics/exporter/image', 'quay.io/acme/mysqld-exporter:0.15'],
    ['regular -', '/spec/initContainers/0/image', 'quay.io/acme/init:1'],
    ['regular -', '/spec/sidecarContainers/0/image', 'quay.io/acme/sidecar:1'],
    ['regular -', '/spec/galera/agent/image', 'quay.io/acme/agent:1'],
    ['regular -', '/spec/galera/initContainer/image', 'quay.io/acme/galera-init:1'],
  ],
  'MaxScale.k8s.mariadb.com maxscale': [
    ['regular -', '/spec/image', 'quay.io/acme/maxscale:23.08'],
    ['regular -', '/spec/metrics/exporter/image', 'quay.io/acme/maxscale-exporter:0.0.1'],
  ],
  'InnoDBCluster.mysql.oracle.com idc': [
    ['regular -', '/spec/metrics/image', 'quay.io/acme/mysqld-exporter:0.16'],
    ['regular mysql', '/spec/podSpec/containers/0/image', 'quay.io/acme/mysql:9'],
    ['regular router', '/spec/router/podSpec/containers/0/image', 'quay.io/acme/router:9'],
  ],
  'ClickHouseInstallation.clickhouse.altinity.com simple': [
    ['regular clickhouse', '/spec/templates/podTemplates/0/spec/containers/0/image', 'quay.io/acme/clickhouse:25.3'],
  ],
  'ClickHouseInstallationTemplate.clickhouse.altinity.com defaults': [
    ['regular clickhouse', '/spec/templates/podTemplates/0/spec/containers/0/image', 'quay.io/acme/clickhouse:25.4'],
  ],
  'ClickHouseKeeperInstallation.clickhouse-keeper.altinity.com keeper': [
    ['regular clickhouse-keeper', '/spec/templates/podTemplates/0/spec/containers/0/image', 'quay.io/acme/keeper:25.3'],
  ],
  'RedisReplication.redis.redis.opstreelabs.in with-sidecars': [
    ['regular -', '/spec/kubernetesConfig/image', 'quay.io/acme/redis:8'],
    ['regular -', '/spec/initContainer/image', 'quay.io/acme/init:2'],
    ['regular -', '/spec/sentinel/image', 'quay.io/acme/sentinel:8'],
    ['regular side', '/spec/sidecars/0/image', 'quay.io/acme/side:4'],
  ],
  'RedisFailover.databases.spotahome.com with-exporter': [
    ['regular -', '/spec/redis/exporter/image', 'quay.io/acme/redis-exporter:1'],
    ['regular x', '/spec/redis/extraContainers/0/image', 'quay.io/acme/x:1'],
    ['regular -', '/spec/sentinel/exporter/image', 'quay.io/acme/sentinel-exporter:1'],
    ['regular i', '/spec/sentinel/initContainers/0/image', 'quay.io/acme/i:1'],
  ],
  'Dragonfly.dragonflydb.io dragonfly': [
    ['regular -', '/spec/image', 'quay.io/acme/dragonfly:v1.30'],
    ['regular side', '/spec/additionalContainers/0/image', 'quay.io/acme/side:5'],
  ],
  'CassandraDatacenter.cassandra.datastax.com dc1': [
    ['regular -', '/spec/serverImage', 'quay.io/acme/cassandra:4.1'],
    ['regular -', '/spec/configBuilderImage', 'quay.io/acme/builder:1'],
    ['regular -', '/spec/systemLoggerImage', 'quay.io/acme/logger:1'],
    ['regular wait', '/spec/podTemplateSpec/spec/initContainers/0/image', 'quay.io/acme/wait:1'],
  ],
  'K8ssandraCluster.k8ssandra.io demo': [
    ['regular -', '/spec/cassandra/serverImage', 'quay.io/acme/k8c-cassandra:4.1'],
    ['regular side', '/spec/cassandra/datacenters/0/containers/0/image', 'quay.io/acme/side:6'],
    ['regular jmx', '/spec/cassandra/jmxInitContainerImage/tag', 'quay.io/acme/jmx:1'],
    ['regular stargate', '/spec/cassandra/datacenters/0/stargate/containerImage/tag', 'acme/stargate:2'],
  ],
  'OpenSearchCluster.opensearch.opster.io first': [
    ['regular -', '/spec/general/image', 'quay.io/acme/opensearch:3.0.0'],
    ['regular -', '/spec/dashboards/image', 'quay.io/acme/dashboards:3.0.0'],
    ['regular -', '/spec/initHelper/image', 'quay.io/acme/busybox:2'],
  ],
  'SolrCloud.solr.apache.org solr': [
    ['regular side', '/spec/customSolrKubeOptions/podOptions/sidecarContainers/0/image', 'quay.io/acme/side:7'],
    ['regular -', '/spec/solrImage/tag', 'quay.io/acme/solr:9.8'],
    ['regular -', '/spec/zookeeperRef/provided/image/tag', 'quay.io/acme/zookeeper:0.2.15'],
  ],
  'SolrPrometheusExporter.solr.apache.org exporter': [['regular -', '/spec/image/tag', 'quay.io/acme/solr:9.9']],
  'ZookeeperCluster.zookeeper.pravega.io zk': [
    ['regular side', '/spec/containers/0/image', 'quay.io/acme/side:8'],
    ['regular -', '/spec/image/tag', 'quay.io/acme/zk:0.2.14'],
  ],
  'Tenant.minio.min.io with-volumes': [
    ['regular -', '/spec/image', 'quay.io/acme/minio:1'],
    ['regular -', '/spec/additionalVolumes/0/image/reference', 'quay.io/acme/certs:1'],
  ],
  'CephNFS.ceph.rook.io nfs': [
    ['regular -', '/spec/server/image', 'quay.io/acme/ganesha:6'],
    ['regular -', '/spec/security/sssd/sidecar/image', 'quay.io/acme/sssd:1'],
  ],
  'CephCOSIDriver.ceph.rook.io cosi': [
    ['regular -', '/spec/image', 'quay.io/acme/cosi:1'],
    ['regular -', '/spec/objectProvisionerImage', 'quay.io/acme/cosi-sidecar:1'],
  ],
  'CephNVMeOFGateway.ceph.rook.io nvme': [['regular -', '/spec/image', 'quay.io/acme/nvmeof:1.5']],
  'KafkaNodePool.kafka.strimzi.io brokers': [
    ['regular -', '/spec/template/pod/volumes/1/image/reference', 'quay.io/acme/jars:1'],
  ],
  'KafkaConnect.kafka.strimzi.io plugins': [
    ['regular -', '/spec/plugins/0/artifacts/0/reference', 'quay.io/acme/debezium:3'],
    ['regular -', '/spec/template/pod/volumes/0/image/reference', 'quay.io/acme/m:2'],
  ],
  'KafkaCluster.kafka.banzaicloud.io kafka': [
    ['regular -', '/spec/clusterImage', 'quay.io/acme/kafka:3'],
    ['regular -', '/spec/monitoringConfig/jmxImage', 'quay.io/acme/jmx:1'],
    ['regular -', '/spec/cruiseControlConfig/image', 'quay.io/acme/cruise:2'],
    ['regular -', '/spec/envoyConfig/image', 'quay.io/acme/envoy:1'],
    ['regular -', '/spec/brokers/0/brokerConfig/image', 'quay.io/acme/kafka:3.1'],
    ['regular side', '/spec/brokerConfigGroups/default/containers/0/image', 'quay.io/acme/side:9'],
    ['regular i', '/spec/brokerConfigGroups/default/initContainers/0/image', 'quay.io/acme/i:2'],
  ],
  'RabbitmqCluster.rabbitmq.com with-vault': [
    ['regular -', '/spec/secretBackend/vault/defaultUserUpdaterImage', 'quay.io/acme/updater:1'],
    [
      'regular -',
      '/spec/override/statefulSet/spec/template/spec/volumes/0/image/reference',
      'quay.io/acme/rabbit-plugins:4',
    ],
  ],
  'FlinkBlueGreenDeployment.flink.apache.org bg': [
    ['regular -', '/spec/template/spec/image', 'quay.io/acme/flink:2.0'],
    [
      'regular flink-main-container',
      '/spec/template/spec/jobManager/podTemplate/spec/containers/0/image',
      'quay.io/acme/flink:2.1',
    ],
  ],
  'Prometheus.monitoring.coreos.com with-thanos': [
    ['regular -', '/spec/volumes/0/image/reference', 'quay.io/acme/rules:1'],
    ['regular -', '/spec/thanos/baseImage', 'quay.io/acme/thanos:v0.39.0'],
  ],
  'VMAgent.operator.victoriametrics.com agent': [
    ['regular -', '/spec/configReloaderImageTag', 'quay.io/acme/reloader:v0.82.0'],
    ['regular side', '/spec/containers/0/image', 'quay.io/acme/side:1'],
    ['regular -', '/spec/image/tag', 'quay.io/acme/vmagent:v1.120.0'],
  ],
  'VMAlert.operator.victoriametrics.com alert': [
    ['regular -', '/spec/configReloaderImage', 'quay.io/acme/reloader:v0.83.0'],
    ['regular i', '/spec/initContainers/0/image', 'quay.io/acme/i:1'],
  ],
  'VMAlertmanager.operator.victoriametrics.com am': [
    ['regular -', '/spec/image/tag', 'quay.io/acme/alertmanager:v0.28.1'],
  ],
  'VMAuth.operator.victoriametrics.com auth': [
    ['regular -', '/spec/volumes/0/image/reference', 'quay.io/acme/m:1'],
    ['regular -', '/spec/image/tag', 'quay.io/acme/vmauth:v1.119.0'],
  ],
  'VMSingle.operator.victoriametrics.com single': [
    ['regular -', '/spec/image/tag', 'quay.io/acme/vm:v1.118.0'],
    ['regular -', '/spec/vmBackup/image/tag', 'quay.io/acme/vmbackup:v1.118.1'],
  ],
  'VMCluster.operator.victoriametrics.com cluster': [
    ['regular side', '/spec/vmselect/containers/0/image', 'quay.io/acme/side:2'],
    ['regular -', '/spec/vmselect/image/tag', 'quay.io/acme/vmselect:v1-cluster'],
    ['regular -', '/spec/vminsert/image/tag', 'quay.io/acme/vminsert:v1-cluster'],
    ['regular -', '/spec/vmstorage/image/tag', 'quay.io/acme/vmstorage:v1-cluster'],
    ['regular -', '/spec/vmstorage/vmBackup/image/tag', 'quay.io/acme/vmbackup:v1'],
  ],
  'VMAnomaly.operator.victoriametrics.com anomaly': [
    ['regular -', '/spec/image/tag', 'quay.io/acme/vmanomaly:v1.25.0'],
  ],
  'VLAgent.operator.victoriametrics.com agent': [['regular -', '/spec/image/tag', 'quay.io/acme/vlagent:v1.28.0']],
  'VLSingle.operator.victoriametrics.com logs': [['regular -', '/spec/image/tag', 'quay.io/acme/vl:v1.28.1']],
  'VTSingle.operator.victoriametrics.com traces': [['regular -', '/spec/image/tag', 'quay.io/acme/vt:v0.1.0']],
  'VLCluster.operator.victoriametrics.com logs': [
    ['regular side', '/spec/vlstorage/containers/0/image', 'quay.io/acme/side:3'],
    ['regular -', '/spec/vlselect/image/tag', 'quay.io/acme/vl:v1.29.0'],
  ],
  'VTCluster.operator.victoriametrics.com traces': [
    ['regular i', '/spec/storage/initContainers/0/image', 'quay.io/acme/i:2'],
    ['regular -', '/spec/select/image/tag', 'quay.io/acme/vt:v0.2.0'],
  ],
  'OpenTelemetryCollector.opentelemetry.io with-volume': [
    ['regular -', '/spec/image', 'quay.io/acme/otelcol:0.130.0'],
    ['regular -', '/spec/volumes/0/image/reference', 'quay.io/acme/m:2'],
  ],
  'TargetAllocator.opentelemetry.io ta': [
    ['regular -', '/spec/image', 'quay.io/acme/ta:0.130.0'],
    ['regular side', '/spec/additionalContainers/0/image', 'quay.io/acme/side:4'],
  ],
  'OpAMPBridge.opentelemetry.io bridge': [['regular -', '/spec/image', 'quay.io/acme/opamp:0.130.0']],
  'Instrumentation.opentelemetry.io extended': [
    ['regular -', '/spec/java/image', 'quay.io/acme/java:2.18'],
    ['regular -', '/spec/java/extensions/0/image', 'quay.io/acme/ext:1'],
  ],
  'Jaeger.jaegertracing.io prod': [
    ['regular -', '/spec/collector/image', 'quay.io/acme/jaeger-collector:1.65'],
    ['regular -', '/spec/query/image', 'quay.io/acme/jaeger-query:1.65'],
    ['regular -', '/spec/storage/esIndexCleaner/image', 'quay.io/acme/cleaner:1.65'],
  ],
  'TestRun.k6.io sample': [
    ['regular -', '/spec/runner/image', 'quay.io/acme/k6:1.1'],
    ['regular -', '/spec/runner/initContainers/0/image', 'quay.io/acme/i:3'],
    ['regular -', '/spec/starter/image', 'quay.io/acme/starter:1'],
  ],
  'PrivateLoadZone.k6.io zone': [['regular -', '/spec/image', 'quay.io/acme/k6:1.2']],
  'FluentBit.fluentbit.fluent.io fb': [
    ['regular -', '/spec/image', 'quay.io/acme/fluent-bit:4'],
    ['regular i', '/spec/initContainers/0/image', 'quay.io/acme/i:4'],
  ],
  'Collector.fluentbit.fluent.io collector': [['regular -', '/spec/image', 'quay.io/acme/fluent-bit:4.1']],
  'Fluentd.fluentd.fluent.io fluentd': [['regular -', '/spec/image', 'quay.io/acme/fluentd:1.19']],
  'Logging.logging.banzaicloud.io default': [
    ['regular side', '/spec/fluentd/sidecarContainers/0/image', 'quay.io/acme/side:5'],
    ['regular -', '/spec/fluentbit/image/tag', 'quay.io/acme/fluent-bit:3.2'],
    ['regular -', '/spec/fluentbit/configHotReload/image/tag', 'quay.io/acme/reload:1'],
    ['regular -', '/spec/fluentd/image/tag', 'quay.io/acme/fluentd:v1.17'],
  ],
  'FluentbitAgent.logging.banzaicloud.io agent': [['regular -', '/spec/image/tag', 'quay.io/acme/fluent-bit:3.3']],
  'FluentdConfig.logging.banzaicloud.io config': [
    ['regular -', '/spec/volumeModImage/tag', 'quay.io/acme/busybox:1'],
    ['regular -', '/spec/scaling/drain/image/tag', 'quay.io/acme/drain:v1'],
  ],
  'DynaKube.dynatrace.com dk': [
    ['regular -', '/spec/oneAgent/cloudNativeFullStack/image', 'quay.io/acme/oneagent:1.319'],
    ['regular -', '/spec/oneAgent/cloudNativeFullStack/codeModulesImage', 'quay.io/acme/codemodules:1.319'],
    ['regular -', '/spec/activeGate/image', 'quay.io/acme/activegate:1.319'],
    ['regular -', '/spec/templates/logMonitoring/imageRef/tag', 'quay.io/acme/logmonitoring:1.319'],
  ],
  'EdgeConnect.dynatrace.com edge': [['regular -', '/spec/imageRef/tag', 'quay.io/acme/edgeconnect:1.750']],
  'AutoscalingRunnerSet.actions.github.com with-listener': [
    ['regular runner', '/spec/template/spec/containers/0/image', 'ghcr.io/acme/runner:2'],
    ['regular listener', '/spec/listenerTemplate/spec/containers/0/image', 'ghcr.io/acme/listener:1'],
  ],
  'AutoscalingListener.actions.github.com listener': [['regular -', '/spec/image', 'ghcr.io/acme/listener:2']],
  'Runner.actions.summerwind.dev one': [
    ['regular -', '/spec/image', 'ghcr.io/acme/runner:3'],
    ['regular i', '/spec/initContainers/0/image', 'ghcr.io/acme/i:1'],
    ['regular side', '/spec/sidecarContainers/0/image', 'ghcr.io/acme/side:1'],
  ],
  'RunnerSet.actions.summerwind.dev set': [
    ['regular runner', '/spec/template/spec/containers/0/image', 'ghcr.io/acme/runner:4'],
  ],
  'Keycloak.k8s.keycloak.org with-template': [
    ['regular theme', '/spec/unsupported/podTemplate/spec/initContainers/0/image', 'quay.io/acme/theme:1'],
  ],
  'Jenkins.jenkins.io with-seed': [
    ['regular jenkins-master', '/spec/master/containers/0/image', 'quay.io/acme/jenkins:lts'],
    ['regular -', '/spec/master/volumes/0/image/reference', 'quay.io/acme/home:1'],
    ['regular -', '/spec/seedJobAgentImage', 'quay.io/acme/agent:1'],
  ],
  'ProviderRevision.pkg.crossplane.io aws-1': [['regular -', '/spec/image', 'xpkg.example.com/acme/provider-aws:v1']],
  'FunctionRevision.pkg.crossplane.io auto-1': [['regular -', '/spec/image', 'xpkg.example.com/acme/function-auto:v1']],
  'ConfigurationRevision.pkg.crossplane.io platform-1': [
    ['regular -', '/spec/image', 'xpkg.example.com/acme/platform:v1'],
  ],
  'DeploymentRuntimeConfig.pkg.crossplane.io default': [
    [
      'regular package-runtime',
      '/spec/deploymentTemplate/spec/template/spec/containers/0/image',
      'ghcr.io/acme/runtime:1',
    ],
  ],
  'ArgoCD.argoproj.io argocd': [
    ['regular cmp', '/spec/repo/initContainers/0/image', 'quay.io/acme/cmp:1'],
    ['regular plug', '/spec/repo/sidecarContainers/0/image', 'quay.io/acme/plug:1'],
    ['regular -', '/spec/argoCDAgent/agent/image', 'quay.io/acme/agent:2'],
    [
      'regular -',
      '/spec/version',
      'quay.io/acme/argocd@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    ],
    ['regular -', '/spec/repo/version', 'quay.io/acme/repo:v3.1'],
    ['regular -', '/spec/sso/dex/version', 'quay.io/acme/dex:v2.43'],
  ],
  'CatalogSource.operators.coreos.com community': [['regular -', '/spec/image', 'quay.io/acme/catalog:v4.19']],
  'ClusterServiceVersion.operators.coreos.com acme.v1': [
    [
      'regular manager',
      '/spec/install/spec/deployments/0/spec/template/spec/containers/0/image',
      'quay.io/acme/operator:v1',
    ],
    ['regular db', '/spec/relatedImages/0/image', 'quay.io/acme/db:1'],
  ],
  'ClusterCatalog.olm.operatorframework.io acme': [
    ['regular -', '/spec/source/image/ref', 'quay.io/acme/catalog:v4.20'],
  ],
  'Workflow.chaos-mesh.org try': [['regular main', '/spec/templates/0/task/container/image', 'ghcr.io/acme/task:1']],
  'Schedule.chaos-mesh.org nightly': [
    ['regular main', '/spec/workflow/templates/0/task/container/image', 'ghcr.io/acme/task:2'],
  ],
  'ChaosEngine.litmuschaos.io nginx-chaos': [
    ['regular -', '/spec/components/runner/image', 'ghcr.io/acme/chaos-runner:3'],
    ['regular -', '/spec/experiments/0/spec/components/experimentImage', 'ghcr.io/acme/go-runner:3'],
    ['regular -', '/spec/experiments/0/spec/probe/0/cmdProbe~1inputs/source/image', 'ghcr.io/acme/probe:1'],
  ],
  'ChaosExperiment.litmuschaos.io pod-delete': [['regular -', '/spec/definition/image', 'ghcr.io/acme/go-runner:3.1']],
  'PreBackupPod.k8up.io dump': [['regular dump', '/spec/pod/spec/containers/0/image', 'ghcr.io/acme/dump:1']],
  'ClusterBuildStrategy.shipwright.io buildah': [
    ['regular build', '/spec/steps/0/image', 'quay.io/acme/buildah:v1.41'],
    ['regular own', '/spec/steps/1/image', '$(params.builder-image)'],
  ],
  'BuildStrategy.shipwright.io kaniko': [['regular build', '/spec/buildSteps/0/image', 'quay.io/acme/kaniko:v1']],
  'EnvoyProxy.gateway.envoyproxy.io custom': [
    ['regular -', '/spec/provider/kubernetes/envoyDeployment/container/image', 'ghcr.io/acme/envoy:v1.34'],
    ['regular i', '/spec/provider/kubernetes/envoyDeployment/initContainers/0/image', 'ghcr.io/acme/i:2'],
  ],
  'EnvoyExtensionPolicy.gateway.envoyproxy.io wasm': [
    ['regular -', '/spec/wasm/0/code/image/url', 'ghcr.io/acme/filter:1'],
  ],
  'WasmPlugin.extensions.istio.io auth': [['regular -', '/spec/url', 'ghcr.io/acme/basic-auth:1.12.0']],
  'WasmPlugin.extensions.istio.io file': [],
  'TemporalWorkerDeployment.temporal.io worker': [
    ['regular worker', '/spec/template/spec/containers/0/image', 'ghcr.io/acme/worker:1'],
  ],
  'WorkerDeployment.temporal.io worker': [
    ['regular worker', '/spec/template/spec/containers/0/image', 'ghcr.io/acme/worker:2'],
  ],
  'HelmChart.helm.cattle.io traefik': [['regular -', '/spec/jobImage', 'docker.io/acme/klipper-helm:v0.9']],
  'DevWorkspace.workspace.devfile.io theia': [
    ['regular -', '/spec/template/components/0/container/image', 'quay.io/acme/dev:latest'],
    ['regular -', '/spec/contributions/0/components/0/container/image', 'quay.io/acme/editor:1'],
  ],
  'DevWorkspaceTemplate.workspace.devfile.io plugin': [
    ['regular -', '/spec/components/0/container/image', 'quay.io/acme/plugin:{{VERSION}}'],
  ],
  'Module.kmm.sigs.x-k8s.io kmod': [
    [
      'regular -',
      '/spec/moduleLoader/container/kernelMappings/0/containerImage',
      'quay.io/acme/kmod:${KERNEL_FULL_VERSION}',
    ],
    ['regular -', '/spec/moduleLoader/container/kernelMappings/1/containerImage', 'quay.io/acme/kmod:6.0'],
    ['regular -', '/spec/devicePlugin/container/image', 'quay.io/acme/plugin:2'],
  ],
  'Sandbox.agents.x-k8s.io box': [
    ['regular box', '/spec/podTemplate/spec/containers/0/image', 'ghcr.io/acme/sandbox:1'],
  ],
  'SandboxTemplate.extensions.agents.x-k8s.io box': [
    ['regular box', '/spec/podTemplate/spec/containers/0/image', 'ghcr.io/acme/sandbox:2'],
  ],
  'AWX.awx.ansible.com awx': [
    ['regular ee', '/spec/ee_images/0/image', 'quay.io/acme/ee:1'],
    ['regular -', '/spec/control_plane_ee_image', 'quay.io/acme/ee:2'],
    ['regular -', '/spec/image_version', 'quay.io/acme/awx:24.6.1'],
  ],
  'Plan.upgrade.cattle.io k3s': [
    ['regular -', '/spec/upgrade/image', 'docker.io/acme/k3s-upgrade:v1.33.1-k3s1'],
    ['regular -', '/spec/prepare/image', 'docker.io/acme/wait:2'],
  ],
  'ClusterPolicy.nvidia.com cluster-policy': [
    [
      'regular -',
      '/spec/driver/manager/version',
      'nvcr.io/acme/k8s-driver-manager@sha256:e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855',
    ],
    ['regular -', '/spec/operator/initContainer/version', 'nvcr.io/acme/cuda:13-ubi9'],
    ['regular -', '/spec/toolkit/image', 'nvcr.io/acme/toolkit:v1.17'],
  ],
  'BuildConfig.build.openshift.io web': [
    ['regular quay.io/acme/s2i:1', '/spec/strategy/sourceStrategy/from/name', 'quay.io/acme/s2i:1'],
    ['regular quay.io/acme/assets:1', '/spec/source/images/0/from/name', 'quay.io/acme/assets:1'],
  ],
  'BuildConfig.build.openshift.io of-a-stream': [],
  'Build.build.openshift.io web-1': [
    ['regular quay.io/acme/base:1', '/spec/strategy/dockerStrategy/from/name', 'quay.io/acme/base:1'],
  ],
  'ImageStream.image.openshift.io ruby': [
    ['regular quay.io/acme/ruby:3', '/spec/tags/0/from/name', 'quay.io/acme/ruby:3'],
  ],
  'ImageStreamImport.image.openshift.io ruby': [
    ['regular quay.io/acme/ruby:4', '/spec/images/0/from/name', 'quay.io/acme/ruby:4'],
  ],
  'InferenceService.serving.kserve.io canary': [
    ['regular worker-container', '/spec/predictor/workerSpec/containers/0/image', 'ghcr.io/acme/worker:3'],
    ['regular -', '/spec/canary/0/predictor/model/image', 'ghcr.io/acme/onnx:2'],
    ['regular -', '/spec/explainer/art/image', 'ghcr.io/acme/art:1'],
  ],
  'LLMInferenceService.serving.kserve.io llm': [
    ['regular main', '/spec/template/containers/0/image', 'ghcr.io/acme/vllm:1'],
    ['regular main', '/spec/prefill/template/containers/0/image', 'ghcr.io/acme/vllm:2'],
    ['regular main', '/spec/router/scheduler/template/containers/0/image', 'ghcr.io/acme/scheduler:1'],
  ],
  'LLMInferenceServiceConfig.serving.kserve.io config': [
    ['regular main', '/spec/template/containers/0/image', 'ghcr.io/acme/vllm:3'],
    ['regular main', '/spec/worker/containers/0/image', 'ghcr.io/acme/vllm:4'],
  ],
  'SeldonDeployment.machinelearning.seldon.io explained': [
    ['regular e', '/spec/predictors/0/explainer/containerSpec/image', 'ghcr.io/acme/alibi:1'],
  ],
  'Server.mlops.seldon.io mlserver': [
    ['regular mlserver', '/spec/podSpec/containers/0/image', 'ghcr.io/acme/mlserver:1'],
    ['regular agent', '/spec/imageOverrides/agent/image', 'ghcr.io/acme/agent:1'],
  ],
  'ServerConfig.mlops.seldon.io mlserver': [
    ['regular mlserver', '/spec/podSpec/containers/0/image', 'ghcr.io/acme/mlserver:2'],
  ],
  'TrainJob.trainer.kubeflow.org torch': [
    ['regular -', '/spec/trainer/image', 'ghcr.io/acme/torch:1'],
    ['regular -', '/spec/podSpecOverrides/0/volumes/0/image/reference', 'ghcr.io/acme/data:1'],
  ],
  'TrainingRuntime.trainer.kubeflow.org torch': [
    [
      'regular node',
      '/spec/template/spec/replicatedJobs/0/template/spec/template/spec/containers/0/image',
      'ghcr.io/acme/torch:2',
    ],
  ],
  'ClusterTrainingRuntime.trainer.kubeflow.org torch': [
    [
      'regular node',
      '/spec/template/spec/replicatedJobs/0/template/spec/template/spec/containers/0/image',
      'ghcr.io/acme/torch:3',
    ],
  ],
  'MXJob.kubeflow.org mx': [
    ['regular mxnet', '/spec/mxReplicaSpecs/Scheduler/template/spec/containers/0/image', 'ghcr.io/acme/mxnet:1'],
  ],
  'RayCronJob.ray.io nightly': [
    [
      'regular head',
      '/spec/jobTemplate/rayClusterSpec/headGroupSpec/template/spec/containers/0/image',
      'ghcr.io/acme/ray:2',
    ],
    ['regular -', '/spec/jobTemplate/rayClusterSpec/autoscalerOptions/image', 'ghcr.io/acme/autoscaler:2'],
    [
      'regular -',
      '/spec/jobTemplate/rayClusterSpec/historyServerOptions/collectorOptions/image',
      'ghcr.io/acme/history:1',
    ],
  ],
  'CronJob.batch.volcano.sh nightly': [
    ['regular c', '/spec/jobTemplate/spec/tasks/0/template/spec/containers/0/image', 'ghcr.io/acme/task:3'],
  ],
  'JobTemplate.flow.volcano.sh a': [
    ['regular c', '/spec/tasks/0/template/spec/containers/0/image', 'ghcr.io/acme/task:4'],
  ],
  'AdvancedCronJob.apps.kruise.io pulls': [
    ['regular -', '/spec/template/imageListPullJobTemplate/spec/images/0', 'ghcr.io/acme/big:1'],
    ['regular -', '/spec/template/imageListPullJobTemplate/spec/images/1', 'ghcr.io/acme/big:2'],
  ],
  'SidecarSet.apps.kruise.io hot': [
    ['regular side', '/spec/containers/0/image', 'ghcr.io/acme/side:2'],
    ['regular -', '/spec/containers/0/upgradeStrategy/hotUpgradeEmptyImage', 'ghcr.io/acme/empty:1'],
  ],
  'SparkApplication.sparkoperator.k8s.io templated': [
    ['regular -', '/spec/image', 'ghcr.io/acme/spark:4'],
    ['regular -', '/spec/volumes/0/image/reference', 'ghcr.io/acme/data:2'],
    ['regular spark-kubernetes-driver', '/spec/driver/template/spec/containers/0/image', 'ghcr.io/acme/spark:4.1'],
  ],
  'Workflow.argoproj.io with-volumes': [
    ['regular -', '/spec/templates/0/container/image', 'ghcr.io/acme/a:1'],
    ['regular -', '/spec/templates/0/volumes/0/image/reference', 'ghcr.io/acme/n:1'],
    ['regular -', '/spec/volumes/0/image/reference', 'ghcr.io/acme/m:1'],
  ],
  'TaskRun.tekton.dev with-volumes': [
    ['regular s', '/spec/taskSpec/steps/0/image', 'ghcr.io/acme/step:1'],
    ['regular -', '/spec/taskSpec/volumes/0/image/reference', 'ghcr.io/acme/m:2'],
    ['regular -', '/spec/podTemplate/volumes/0/image/reference', 'ghcr.io/acme/n:2'],
  ],
  'PipelineRun.tekton.dev with-volumes': [
    ['regular -', '/spec/taskRunTemplate/podTemplate/volumes/0/image/reference', 'ghcr.io/acme/m:3'],
    ['regular -', '/spec/taskRunSpecs/0/podTemplate/volumes/0/image/reference', 'ghcr.io/acme/n:3'],
  ],
  'DataVolume.cdi.kubevirt.io from-vmware': [['regular -', '/spec/source/vddk/initImageURL', 'ghcr.io/acme/vddk:8']],
  'VirtualMachine.kubevirt.io from-vmware': [
    ['regular -', '/spec/dataVolumeTemplates/0/spec/source/vddk/initImageURL', 'ghcr.io/acme/vddk:8.1'],
  ],
  'Application.argoproj.io hydrated': [
    ['regular -', '/spec/sourceHydrator/drySource/kustomize/images/0', 'quay.io/acme/dry:1'],
    ['regular -', '/operation/sync/source/kustomize/images/0', 'quay.io/acme/op:1'],
  ],
  'ApplicationSet.argoproj.io overriding': [
    ['regular -', '/spec/generators/0/list/template/spec/source/kustomize/images/0', 'quay.io/acme/list:1'],
    [
      'regular -',
      '/spec/generators/1/matrix/generators/0/git/template/spec/source/kustomize/images/0',
      'quay.io/acme/git:1',
    ],
  ],
  'HelmRelease.helm.toolkit.fluxcd.io podinfo': [
    ['regular ghcr.io/acme/podinfo', '/spec/postRenderers/0/kustomize/images/0/newTag', 'quay.io/acme/podinfo:6.9.0'],
  ],
  'Sensor.argoproj.io webhook': [
    [
      'regular j',
      '/spec/triggers/0/template/k8s/source/resource/spec/template/spec/containers/0/image',
      'ghcr.io/acme/job:1',
    ],
    [
      'regular -',
      '/spec/triggers/1/template/argoWorkflow/source/resource/spec/templates/0/container/image',
      'ghcr.io/acme/wf:1',
    ],
  ],
  'Experiment.kubeflow.org tune': [
    ['regular c', '/spec/trialTemplate/trialSpec/spec/template/spec/containers/0/image', 'ghcr.io/acme/train:1'],
  ],
  'Trial.kubeflow.org tune-1': [
    ['regular c', '/spec/runSpec/spec/template/spec/containers/0/image', 'ghcr.io/acme/train:2'],
  ],
  'Composition.apiextensions.crossplane.io app': [
    [
      'regular w',
      '/spec/pipeline/0/input/resources/0/base/spec/forProvider/manifest/spec/template/spec/containers/0/image',
      'ghcr.io/acme/web:3',
    ],
  ],
  'Object.kubernetes.m.crossplane.io web': [
    ['regular w', '/spec/forProvider/manifest/spec/containers/0/image', 'ghcr.io/acme/web:4'],
  ],
  'ManifestWorkReplicaSet.work.open-cluster-management.io web': [
    ['regular w', '/spec/manifestWorkTemplate/workload/manifests/0/spec/containers/0/image', 'ghcr.io/acme/web:5'],
  ],
  'AddOnTemplate.addon.open-cluster-management.io hello': [
    ['regular h', '/spec/agentSpec/workload/manifests/0/spec/template/spec/containers/0/image', 'ghcr.io/acme/hello:1'],
  ],
  'Experiment.kubeflow.org with-collector': [
    [
      'regular pytorch',
      '/spec/trialTemplate/trialSpec/spec/pytorchReplicaSpecs/Master/template/spec/containers/0/image',
      'ghcr.io/acme/train:3',
    ],
    ['regular c', '/spec/metricsCollectorSpec/collector/customCollector/image', 'ghcr.io/acme/collector:1'],
  ],
  'Build.shipwright.io app': [['regular -', '/spec/builder/image', 'quay.io/acme/s2i:20']],
  'ClusterStack.kpack.io base': [
    ['regular -', '/spec/buildImage/image', 'docker.io/acme/build:jammy'],
    ['regular -', '/spec/runImage/image', 'docker.io/acme/run:jammy'],
  ],
  'ClusterStore.kpack.io default': [
    ['regular -', '/spec/sources/0/image', 'gcr.io/acme/java:1'],
    ['regular -', '/spec/sources/1/image', 'gcr.io/acme/nodejs:1'],
  ],
  'Build.kpack.io app-1': [
    ['regular -', '/spec/builder/image', 'gcr.io/acme/builder:base'],
    ['regular -', '/spec/runImage/image', 'gcr.io/acme/run:base'],
  ],
  'NodeFeatureDiscovery.nfd.kubernetes.io nfd': [
    ['regular -', '/spec/operand/image', 'registry.example.com/acme/nfd:v0.17'],
  ],
  'DTPrometheus.dynatrace.com p': [
    ['regular -', '/spec/gateway/image', 'docker.io/acme/gateway:1'],
    ['regular -', '/spec/scraper/image', 'docker.io/acme/scraper:1'],
    ['regular -', '/spec/targetAllocator/image', 'docker.io/acme/ta:1'],
  ],
  'SparkConnect.sparkoperator.k8s.io connect': [
    ['regular -', '/spec/image', 'docker.io/acme/spark:4.0.0'],
    ['regular spark-kubernetes-driver', '/spec/server/template/spec/containers/0/image', 'docker.io/acme/spark:4.0.1'],
  ],
  'DisaggregatedSet.disaggregatedset.x-k8s.io llm': [
    [
      'regular w',
      '/spec/roles/0/spec/leaderWorkerTemplate/workerTemplate/spec/containers/0/image',
      'ghcr.io/acme/prefill:1',
    ],
  ],
};
