/** The server: its namespace, ServiceAccount, Deployment, Service, PodDisruptionBudget, and NetworkPolicy. */
import { CONFIG_MAP, MOUNTS, PLUGINS_MAP, POLICIES_MAP } from './configuration.ts';
import { inNamespace, type InstallOptions, LABELS, NAME, SELECTOR, TLS_SECRET } from './options.ts';
import { recordingVolume } from './recording.ts';
import { commented, type Tree, type TreeObject } from './yaml.ts';

export const OPERATIONS_PORT = 8080;

export function namespaceObject({ namespace }: InstallOptions): TreeObject {
  return {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: {
      name: namespace,
      labels: commented(
        'Anyone who can write to this namespace can disable the webhook, so give no team access to it.',
        {
          ...LABELS,
          'pod-security.kubernetes.io/enforce': 'restricted',
          'pod-security.kubernetes.io/warn': 'restricted',
        },
      ),
    },
  };
}

export function serviceAccount(options: InstallOptions): TreeObject {
  return {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: inNamespace(options),
    automountServiceAccountToken: false,
  };
}

/** Filled in by the server; without it in the manifests, it would remain when they are deleted. */
export function certificateSecret(options: InstallOptions): TreeObject {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    // Without a type, which cannot change: the Secret may exist.
    metadata: commented('The servers fill in their CA and their certificate.', inNamespace(options, TLS_SECRET)),
  };
}

export function service(options: InstallOptions): TreeObject {
  const operations = { name: 'operations', port: OPERATIONS_PORT, targetPort: 'operations' };
  return {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: inNamespace(options),
    spec: {
      selector: SELECTOR,
      ports: commented(
        'The API server connects to port 8443 of the Pods. If it is outside of the cluster network, a firewall rule must allow it: docs/install.md',
        [{ name: 'https', port: 443, targetPort: 'https' }, ...(options.serviceMonitor ? [operations] : [])],
      ),
    },
  };
}

export function podDisruptionBudget(options: InstallOptions): TreeObject {
  return {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: inNamespace(options),
    spec: {
      maxUnavailable: commented('A drain evicts one Pod at a time; a Pod that is not ready does not block it.', 1),
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: SELECTOR },
    },
  };
}

/** Requests to registries and to the API server can go anywhere. */
export function networkPolicy(options: InstallOptions): TreeObject {
  const from = options.apiServerRanges.map((cidr) => ({ ipBlock: { cidr } }));
  return {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: inNamespace(options),
    spec: {
      podSelector: { matchLabels: SELECTOR },
      policyTypes: ['Ingress'],
      ingress: [
        commented(from.length === 0 ? ANY_SOURCE : CHOSEN_SOURCES, {
          ...(from.length === 0 ? {} : { from }),
          ports: [{ port: 'https', protocol: 'TCP' }],
        }),
        commented('Probes of the kubelet, and Prometheus.', { ports: [{ port: 'operations', protocol: 'TCP' }] }),
      ],
    },
  };
}

const ANY_SOURCE =
  'Reviews, from any address: with a wrong range, no API server reaches the webhook. To choose ranges: --api-server-range';
const CHOSEN_SOURCES = 'Reviews, from the API servers only, by the addresses that the Pods see.';

export function deployment(options: InstallOptions, checksum: string): TreeObject {
  return {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: inNamespace(options),
    spec: {
      replicas: commented(
        'One Pod can stop at any time, with its node or in a rollout; another one still responds.',
        options.replicas,
      ),
      selector: { matchLabels: SELECTOR },
      strategy: { rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: {
        metadata: { labels: LABELS, annotations: { [CHECKSUM]: commented('A change starts a rollout.', checksum) } },
        spec: podSpec(options),
      },
    },
  };
}

const CHECKSUM = 'tidewaiter.dev/configuration';

function podSpec({ image, tls, plugins, record }: InstallOptions): TreeObject {
  const volumes: readonly { readonly name: keyof typeof MOUNTS; readonly [source: string]: Tree }[] = [
    { name: 'config', configMap: { name: CONFIG_MAP } },
    { name: 'policies', configMap: { name: POLICIES_MAP } },
    ...(plugins.load.length === 0 ? [] : [{ name: 'plugins' as const, configMap: { name: PLUGINS_MAP } }]),
    ...(tls === 'self' ? [] : [{ name: 'tls' as const, secret: { secretName: TLS_SECRET, defaultMode: 0o440 } }]),
    ...(record === undefined ? [] : [{ name: 'recordings' as const, ...recordingVolume(record) }]),
  ];
  return {
    serviceAccountName: NAME,
    automountServiceAccountToken: commented(
      'For its certificate and its webhooks, for what the policies read, and to notice that its namespace is being deleted.',
      true,
    ),
    enableServiceLinks: NO_SERVICE_LINKS,
    securityContext: podSecurity('Allows the group to read the files of the Secret, and to write recordings.'),
    topologySpreadConstraints: commented(
      'Prefers different nodes and zones; a cluster with one node still runs all Pods.',
      ['kubernetes.io/hostname', 'topology.kubernetes.io/zone'].map((topologyKey) => ({
        topologyKey,
        maxSkew: 1,
        whenUnsatisfiable: 'ScheduleAnyway',
        labelSelector: { matchLabels: SELECTOR },
      })),
    ),
    terminationGracePeriodSeconds: commented('5 s in preStop, up to 10 s for reviews in progress, and a margin.', 30),
    containers: [
      container(
        image,
        volumes.map(({ name }) => name),
      ),
    ],
    volumes,
  };
}

export const NO_SERVICE_LINKS = commented(
  'The variables of a Service named tidewaiter would have the prefix of the configuration variables.',
  false,
);

const USER = 65_532;

/** As the Pod security level `restricted` requires it. `groupNote`: what the group of the volumes is for. */
export function podSecurity(groupNote: string): TreeObject {
  return {
    runAsNonRoot: true,
    runAsUser: USER,
    runAsGroup: USER,
    fsGroup: commented(groupNote, USER),
    seccompProfile: { type: 'RuntimeDefault' },
  };
}

export const CONTAINER_SECURITY: TreeObject = {
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  capabilities: { drop: ['ALL'] },
};

function container(image: string, mounts: readonly (keyof typeof MOUNTS)[]): TreeObject {
  return {
    name: NAME,
    image,
    args: ['serve', '--config', `${MOUNTS.config}/tidewaiter.yaml`],
    env: commented(
      'The image sets this variable, which would override the configuration file; an empty value counts as not set.',
      [{ name: 'TIDEWAITER_LISTEN', value: '' }],
    ),
    ports: [
      { name: 'https', containerPort: 8443 },
      { name: 'operations', containerPort: OPERATIONS_PORT },
    ],
    startupProbe: { ...probe('/healthz'), periodSeconds: 1, failureThreshold: 60 },
    readinessProbe: { ...probe('/readyz'), periodSeconds: 5, failureThreshold: 2 },
    livenessProbe: { ...probe('/healthz'), periodSeconds: 10, timeoutSeconds: 5, failureThreshold: 6 },
    lifecycle: {
      preStop: commented(
        'Keep responding until every API server knows that this Pod is stopping, because it does not retry a lost review.',
        { exec: { command: ['node', '-e', 'setTimeout(() => {}, 5000)'] } },
      ),
    },
    resources: {
      requests: { cpu: '100m', memory: '160Mi' },
      limits: commented(
        'No CPU limit: throttling slows down single reviews, and an API server waits for each of them.',
        {
          memory: '256Mi',
        },
      ),
    },
    securityContext: CONTAINER_SECURITY,
    volumeMounts: mounts.map((name): Tree => ({
      name,
      mountPath: MOUNTS[name],
      ...(name === 'recordings' ? {} : { readOnly: true }),
    })),
  };
}

function probe(path: string): TreeObject {
  return { httpGet: { path, port: 'operations' } };
}
