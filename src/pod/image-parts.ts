/** Images that operators compose from the fields of a map: `{repository: quay.io/acme/web, tag: v2}`. */
import {
  escapeSegment,
  isObject,
  type JsonObject,
  jsonType,
  type Location,
  locationsAt,
  pointerSegments,
  ShapeError,
} from './pointer.ts';
import { readString } from './read.ts';

export interface ImageParts {
  /** Locations of the maps, as in the table of kinds. */
  readonly at: readonly string[];
  /** Keys of the values to join with `/`. If one is missing, the operator uses its default image. */
  readonly name: readonly string[];
  /** Key of an optional prefix of the name. */
  readonly registry?: string;
  readonly tag: string;
}

/** Omits images without a tag and a digest: they get the tag of the operator's release, which is unknown. */
export function imagesInParts(object: JsonObject, parts: ImageParts): readonly Location[] {
  return parts.at.flatMap((at) =>
    locationsAt(object, pointerSegments(at)).flatMap((location) => {
      const image = imageOf(location, parts);
      return image === undefined ? [] : [image];
    }),
  );
}

function imageOf({ pointer, value: map }: Location, { name, registry, tag }: ImageParts): Location | undefined {
  if (!isObject(map)) throw new ShapeError(pointer, 'an object', jsonType(map));
  const names = name.map((key) => readString(map, key, pointer) ?? '');
  const host = registry === undefined ? undefined : readString(map, registry, pointer);
  const text = [...(host ? [host] : []), ...names.filter((part) => part !== '')].join('/');
  if (names.at(-1) !== '' && hasVersion(text))
    return { pointer: `${pointer}/${escapeSegment(name.at(-1) ?? tag)}`, value: text };
  if (names.includes('')) return undefined;
  return withVersion(text, { pointer, value: map }, tag);
}

function withVersion(name: string, { pointer, value: map }: MapLocation, tag: string): Location | undefined {
  const digest = readString(map, 'digest', pointer);
  if (digest) return { pointer: `${pointer}/digest`, value: `${name}@${digest}` };
  const version = readString(map, tag, pointer);
  if (!version) return undefined;
  const value = `${name}${version.startsWith('sha256:') ? '@' : ':'}${version}`;
  return { pointer: `${pointer}/${escapeSegment(tag)}`, value };
}

export interface MapLocation {
  readonly pointer: string;
  readonly value: JsonObject;
}

/** Reports whether an image string contains a tag or a digest. */
export const hasVersion = (image: string): boolean => /@|:[^/]*$/.test(image);

/** Reads a map of `repository` and `tag`, where a missing tag is `latest`, as in a string. */
export function imageInParts({ pointer, value: map }: MapLocation): Location {
  const repository = readString(map, 'repository', pointer);
  if (!repository) throw new ShapeError(`${pointer}/repository`, 'a string', 'nothing');
  return (
    withVersion(repository, { pointer, value: map }, 'tag') ?? { pointer: `${pointer}/repository`, value: repository }
  );
}

type PartsReader = (object: JsonObject) => readonly Location[];

/** Maps with `repository` and `tag`. */
const repositories =
  (...at: string[]): PartsReader =>
  (object) =>
    imagesInParts(object, { at, name: ['repository'], tag: 'tag' });

const MONITORED = ['VMAgent', 'VMAlert', 'VMAlertmanager', 'VMAuth', 'VMAnomaly', 'VLAgent', 'VLSingle', 'VTSingle'];

const LOGGING = [
  'image',
  'bufferVolumeImage',
  'volumeModImage',
  'configReloaderImage',
  'configHotReload/image',
  'scaling/drain/image',
  'scaling/drain/pauseImage',
  'syslogNGImage',
  'configReloadImage',
  'metricsExporterImage',
  'bufferVolumeMetricsImage',
];

const GPU_PARTS = [
  'ccManager',
  'dcgm',
  'dcgmExporter',
  'devicePlugin',
  'driver/manager',
  'gdrcopy',
  'gds',
  'gfd',
  'kataManager',
  'kataSandboxDevicePlugin',
  'migManager',
  'nodeStatusExporter',
  'operator/initContainer',
  'sandboxDevicePlugin',
  'toolkit',
  'validator',
  'vfioManager',
  'vfioManager/driverManager',
  'vgpuDeviceManager',
  'vgpuManager/driverManager',
];

const DATACENTERS = ['/spec/cassandra', '/spec/cassandra/datacenters/*'];

const K8SSANDRA = [
  ...DATACENTERS.map((at) => `${at}/jmxInitContainerImage`),
  ...['stargate/containerImage', 'cassandra/datacenters/*/stargate/containerImage', 'medusa/containerImage'].map(
    (image) => `/spec/${image}`,
  ),
  ...['reaper/containerImage', 'reaper/initContainerImage'].map((image) => `/spec/${image}`),
];

const withVersions =
  (at: readonly string[]): PartsReader =>
  (object) =>
    imagesInParts(object, { at, name: ['image'], tag: 'version' });

const AWX = ['image', 'redis_image', 'postgres_image', 'init_container_image', 'metrics_utility_image'];

/** By `group/kind`. */
export const PARTS_READERS: Readonly<Record<string, PartsReader>> = {
  ...Object.fromEntries(
    MONITORED.map((kind) => [`operator.victoriametrics.com/${kind}`, repositories('/spec/image')] as const),
  ),
  'operator.victoriametrics.com/VMSingle': repositories('/spec/image', '/spec/vmBackup/image'),
  'operator.victoriametrics.com/VMCluster': repositories(
    ...['vmselect', 'vminsert', 'vmstorage', 'vmstorage/vmBackup', 'requestsLoadBalancer/spec'].map(
      (part) => `/spec/${part}/image`,
    ),
  ),
  'operator.victoriametrics.com/VLCluster': repositories(
    ...['vlselect', 'vlinsert', 'vlstorage'].map((part) => `/spec/${part}/image`),
  ),
  'operator.victoriametrics.com/VTCluster': repositories(
    ...['select', 'insert', 'storage'].map((part) => `/spec/${part}/image`),
  ),
  'solr.apache.org/SolrCloud': repositories(
    ...['solrImage', 'busyBoxImage', 'zookeeperRef/provided/image'].map((image) => `/spec/${image}`),
  ),
  'solr.apache.org/SolrPrometheusExporter': repositories('/spec/image', '/spec/busyBoxImage'),
  'zookeeper.pravega.io/ZookeeperCluster': repositories('/spec/image'),
  'logging.banzaicloud.io/Logging': repositories(
    ...['fluentbit', 'fluentd', 'syslogNG'].flatMap((part) => LOGGING.map((image) => `/spec/${part}/${image}`)),
  ),
  'logging.banzaicloud.io/FluentbitAgent': repositories(...LOGGING.map((image) => `/spec/${image}`)),
  'logging.banzaicloud.io/FluentdConfig': repositories(...LOGGING.map((image) => `/spec/${image}`)),
  'dynatrace.com/DynaKube': repositories('/spec/templates/*/imageRef'),
  'dynatrace.com/EdgeConnect': repositories('/spec/imageRef'),
  'k8ssandra.io/K8ssandraCluster': (object) =>
    imagesInParts(object, { at: K8SSANDRA, registry: 'registry', name: ['repository', 'name'], tag: 'tag' }),
  'nvidia.com/ClusterPolicy': (object) =>
    imagesInParts(object, {
      at: GPU_PARTS.map((part) => `/spec/${part}`),
      name: ['repository', 'image'],
      tag: 'version',
    }),
  'awx.ansible.com/AWX': (object) =>
    AWX.flatMap((image) => imagesInParts(object, { at: ['/spec'], name: [image], tag: `${image}_version` })),
  'argoproj.io/ArgoCD': withVersions(
    ['', '/repo', '/redis', '/sso/dex', '/sso/keycloak', '/applicationSet', '/notifications', '/grafana', '/dex'].map(
      (part) => `/spec${part}`,
    ),
  ),
};
