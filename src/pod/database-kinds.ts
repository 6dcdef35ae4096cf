/** Images in kinds of SQL databases and MongoDB, from their CRD schemas. A part of the table in `kinds.ts`. */
import { entries, partImages as images, type KindEntry, podImages, volumeImages } from './kind-entry.ts';

const catalog = (kind: string, clusterScoped: boolean): KindEntry => ({
  group: 'postgresql.cnpg.io',
  kind,
  clusterScoped,
  images: ['/spec/images/*/image', '/spec/images/*/extensions/*/image/reference', '/spec/componentImages/*/image'],
});

const crunchyVolumes = [
  'instances/*',
  'proxy/pgBouncer',
  'backups/pgbackrest/jobs',
  'backups/pgbackrest/repoHost',
  'backups/pgbackrest/restore',
  'dataSource/pgbackrest',
  'dataSource/postgresCluster',
];

const POSTGRES: readonly KindEntry[] = [
  ...entries('postgresql.cnpg.io', ['Cluster'], {
    images: ['/spec/imageName', '/spec/postgresql/extensions/*/image/reference'],
  }),
  catalog('ImageCatalog', false),
  catalog('ClusterImageCatalog', true),
  ...entries('postgresql.cnpg.io', ['Pooler'], {
    images: ['/spec/pgbouncer/image', ...podImages('/spec/template/spec')],
  }),
  ...entries('acid.zalan.do', ['postgresql'], {
    images: [
      '/spec/dockerImage',
      '/spec/connectionPooler/dockerImage',
      '/spec/sidecars/*/image',
      '/spec/initContainers/*/image',
    ],
  }),
  ...entries('acid.zalan.do', ['OperatorConfiguration'], {
    images: [
      'docker_image',
      'connection_pooler/connection_pooler_image',
      'logical_backup/logical_backup_docker_image',
      'scalyr/scalyr_image',
      'sidecar_docker_images/*',
      'sidecars/*/image',
    ].map((location) => `/configuration/${location}`),
  }),
  ...entries('postgres-operator.crunchydata.com', ['PostgresCluster'], {
    images: [
      '/spec/image',
      '/spec/backups/pgbackrest/image',
      '/spec/proxy/pgBouncer/image',
      '/spec/monitoring/pgmonitor/exporter/image',
      '/spec/instrumentation/image',
      '/spec/userInterface/pgAdmin/image',
      '/spec/instances/*/containers/*/image',
      '/spec/proxy/pgBouncer/containers/*/image',
      ...crunchyVolumes.map((at) => volumeImages(`/spec/${at}/volumes/additional`)),
    ],
  }),
  ...entries('postgres-operator.crunchydata.com', ['PGAdmin', 'PGUpgrade'], {
    images: ['/spec/image', '/spec/instrumentation/image', volumeImages('/spec/volumes/additional')],
  }),
];

/** Sidecars in Percona's kinds. */
const sidecars = (...parts: string[]): string[] =>
  parts.flatMap((part) => [`/spec/${part}/sidecars/*/image`, volumeImages(`/spec/${part}/sidecarVolumes`)]);

const members = (at: string): string[] => ['', '/arbiter', '/hidden', '/nonvoting'].map((member) => `${at}${member}`);

const PERCONA: readonly KindEntry[] = [
  ...entries('pxc.percona.com', ['PerconaXtraDBCluster'], {
    images: [
      '/spec/initImage',
      ...images('pxc', 'haproxy', 'proxysql', 'pmm', 'logcollector', 'backup', 'initContainer'),
      ...sidecars('pxc', 'haproxy', 'proxysql'),
    ],
  }),
  ...entries('psmdb.percona.com', ['PerconaServerMongoDB'], {
    images: [
      '/spec/image',
      '/spec/initImage',
      ...images('pmm', 'backup', 'logcollector', 'search'),
      ...sidecars(...members('replsets/*'), ...members('sharding/configsvrReplSet'), 'sharding/mongos'),
    ],
  }),
  ...entries('ps.percona.com', ['PerconaServerMySQL'], {
    images: [
      '/spec/initImage',
      '/spec/initContainer/image',
      ...['mysql', 'proxy/haproxy', 'proxy/router', 'orchestrator', 'backup', 'backup/pitr/binlogServer'].flatMap(
        (part) => [`/spec/${part}/image`, `/spec/${part}/initImage`, `/spec/${part}/initContainer/image`],
      ),
      ...images('pmm', 'toolkit'),
      ...sidecars('mysql', 'proxy/haproxy', 'proxy/router'),
    ],
  }),
  ...entries('pgv2.percona.com', ['PerconaPGCluster'], {
    images: [
      '/spec/image',
      ...images(
        'initContainer',
        'instances/*/initContainer',
        'instances/*/initContainers/*',
        'proxy/pgBouncer',
        'backups/pgbackrest',
        'backups/pgbackrest/initContainer',
        'extensions',
        'logcollector',
        'pmm',
      ),
      ...sidecars('instances/*', 'proxy/pgBouncer', 'backups/pgbackrest/repoHost'),
    ],
  }),
];

const mongo = (...parts: string[]): string[] => parts.flatMap((part) => podImages(`/spec/${part}/spec`));

const MONGODB: readonly KindEntry[] = [
  ...entries('mongodbcommunity.mongodb.com', ['MongoDBCommunity'], { images: mongo('statefulSet/spec/template') }),
  ...entries('mongodb.com', ['MongoDB'], {
    images: mongo(
      ...['podSpec', 'mongosPodSpec', 'configSrvPodSpec', 'shardPodSpec', 'shardSpecificPodSpec/*'].map(
        (pod) => `${pod}/podTemplate`,
      ),
      'statefulSet/spec/template',
    ),
  }),
  ...entries('mongodb.com', ['MongoDBMultiCluster'], {
    images: mongo('statefulSet/spec/template', 'clusterSpecList/*/statefulSet/spec/template'),
  }),
  ...entries('mongodb.com', ['MongoDBOpsManager'], {
    images: mongo(
      'statefulSet/spec/template',
      'backup/statefulSet/spec/template',
      'applicationDatabase/podSpec/podTemplate',
    ),
  }),
];

const SQL: readonly KindEntry[] = [
  ...entries('k8s.mariadb.com', ['MariaDB'], {
    imagesOrParts: ['/spec/image', '/spec/metrics/exporter/image'],
    images: [
      ...images('initContainers/*', 'sidecarContainers/*'),
      ...images('galera/agent', 'galera/initContainer', 'replication/agent', 'replication/initContainer'),
    ],
  }),
  ...entries('k8s.mariadb.com', ['MaxScale'], { images: ['/spec/image', '/spec/metrics/exporter/image'] }),
  ...entries('mysql.oracle.com', ['InnoDBCluster'], {
    images: [
      ...images('metrics', 'logs/collector'),
      ...['/spec/podSpec', '/spec/router/podSpec', '/spec/readReplicas/*/podSpec'].flatMap(podImages),
    ],
  }),
  ...entries('clickhouse.altinity.com', ['ClickHouseInstallation', 'ClickHouseInstallationTemplate'], {
    images: podImages('/spec/templates/podTemplates/*/spec'),
  }),
  ...entries('clickhouse-keeper.altinity.com', ['ClickHouseKeeperInstallation'], {
    images: podImages('/spec/templates/podTemplates/*/spec'),
  }),
];

export const DATABASE_KINDS: readonly KindEntry[] = [...POSTGRES, ...PERCONA, ...MONGODB, ...SQL];
