/** Images in kinds of monitoring, tracing, and logging, from their CRD schemas. A part of the table in `kinds.ts`. */
import { entries, partImages as images, type KindEntry, podImages, volumeImages } from './kind-entry.ts';

const PROMETHEUS: readonly KindEntry[] = [
  ...entries('monitoring.coreos.com', ['Prometheus', 'PrometheusAgent', 'Alertmanager', 'ThanosRuler'], {
    images: ['/spec/image', '/spec/thanos/image', ...podImages('/spec')],
  }),
];

const victoria = ['VMAgent', 'VMAlert', 'VMAlertmanager', 'VMAuth', 'VMSingle'];
const victoriaLater = ['VMAnomaly', 'VLAgent', 'VLSingle', 'VTSingle'];

const clustered = (kind: string, ...parts: string[]): KindEntry => ({
  group: 'operator.victoriametrics.com',
  kind,
  images: parts.flatMap((part) => podImages(`/spec/${part}`)),
});

/** Kinds whose `image` is a map: see `odd-images.ts`. */
const VICTORIA_METRICS: readonly KindEntry[] = [
  ...entries('operator.victoriametrics.com', victoria, {
    // Both contain a whole image.
    images: ['/spec/configReloaderImage', '/spec/configReloaderImageTag', ...podImages('/spec')],
  }),
  ...entries('operator.victoriametrics.com', victoriaLater, { images: podImages('/spec') }),
  clustered('VMCluster', 'vmselect', 'vminsert', 'vmstorage'),
  clustered('VLCluster', 'vlselect', 'vlinsert', 'vlstorage'),
  clustered('VTCluster', 'select', 'insert', 'storage'),
];

const LANGUAGES = ['java', 'nodejs', 'python', 'dotnet', 'go', 'apacheHttpd', 'nginx'];

const collectorImages = [
  '/spec/image',
  ...images('initContainers/*', 'additionalContainers/*'),
  volumeImages('/spec/volumes'),
];

const TRACING: readonly KindEntry[] = [
  ...entries('opentelemetry.io', ['OpenTelemetryCollector'], {
    images: ['/spec/image', '/spec/targetAllocator/image', ...collectorImages.slice(1)],
  }),
  ...entries('opentelemetry.io', ['TargetAllocator', 'OpAMPBridge'], { images: collectorImages }),
  ...entries('opentelemetry.io', ['Instrumentation'], {
    images: [...images(...LANGUAGES), '/spec/java/extensions/*/image'],
  }),
  ...entries('jaegertracing.io', ['Jaeger'], {
    images: images(
      'allInOne',
      'agent',
      'collector',
      'ingester',
      'query',
      ...['cassandraCreateSchema', 'dependencies', 'elasticsearch', 'esIndexCleaner', 'esRollover', 'grpcPlugin'].map(
        (part) => `storage/${part}`,
      ),
    ),
  }),
  ...entries('tempo.grafana.com', ['TempoStack'], { images: ['/spec/images/*'] }),
];

const k6 = ['runner', 'initializer', 'starter'];

const OTHERS: readonly KindEntry[] = [
  ...entries('grafana.integreatly.org', ['Grafana'], { images: podImages('/spec/deployment/spec/template/spec') }),
  ...entries('k6.io', ['TestRun'], {
    images: k6.flatMap((part) => [...images(part, `${part}/initContainers/*`), volumeImages(`/spec/${part}/volumes`)]),
  }),
  ...entries('k6.io', ['PrivateLoadZone'], { images: ['/spec/image'] }),
  ...entries('fluentbit.fluent.io', ['FluentBit', 'Collector'], {
    images: ['/spec/image', '/spec/initContainers/*/image', volumeImages('/spec/volumes')],
  }),
  ...entries('fluentd.fluent.io', ['Fluentd'], { images: ['/spec/image', volumeImages('/spec/volumes')] }),
  // Most images in these kinds are maps: see `odd-images.ts`.
  ...entries('logging.banzaicloud.io', ['Logging'], {
    images: ['/spec/fluentd/sidecarContainers/*/image', ...podImages('/spec/syslogNG/statefulSet/spec/template/spec')],
    clusterScoped: true,
  }),
  ...entries('logging.banzaicloud.io', ['FluentbitAgent'], { clusterScoped: true }),
  ...entries('logging.banzaicloud.io', ['FluentdConfig'], { images: ['/spec/sidecarContainers/*/image'] }),
  ...entries('dynatrace.com', ['DynaKube'], {
    images: [
      '/spec/oneAgent/classicFullStack/image',
      '/spec/oneAgent/cloudNativeFullStack/image',
      '/spec/oneAgent/cloudNativeFullStack/codeModulesImage',
      '/spec/oneAgent/applicationMonitoring/codeModulesImage',
      '/spec/oneAgent/hostMonitoring/image',
      '/spec/activeGate/image',
      '/spec/kubernetesMonitoring/image',
    ],
  }),
  ...entries('dynatrace.com', ['EdgeConnect'], {}),
  ...entries('dynatrace.com', ['DTPrometheus'], { images: images('gateway', 'scraper', 'targetAllocator') }),
];

export const OBSERVABILITY_KINDS: readonly KindEntry[] = [...PROMETHEUS, ...VICTORIA_METRICS, ...TRACING, ...OTHERS];
