/** An Indexed Job that evaluates recordings, one shard in each Pod, and what it mounts. */
import type { PluginFiles } from './options.ts';
import { CONTAINER_SECURITY, NO_SERVICE_LINKS, podSecurity } from './server.ts';
import { commented, type Tree, type TreeObject, yamlDocuments } from './yaml.ts';

export interface ReplayJobOptions {
  /** Of the Job, and the start of the names of its ConfigMaps. */
  readonly name: string;
  readonly namespace: string;
  readonly image: string;
  readonly shards: number;
  /** PersistentVolumeClaims. */
  readonly recordings: string;
  readonly results: string;
  /** The policy files, by name. */
  readonly policies: Readonly<Record<string, string>>;
  /** undefined: the recorded responses are compared. */
  readonly against: Readonly<Record<string, string>> | undefined;
  readonly plugins: PluginFiles;
  /** Keys of the configuration file. */
  readonly settings: TreeObject;
  /** More options of `replay`. */
  readonly options: readonly string[];
}

/** The directories in the container. */
const MOUNTS = {
  recordings: '/recordings',
  results: '/results',
  config: '/etc/tidewaiter',
  policies: '/etc/tidewaiter-policies',
  against: '/etc/tidewaiter-against',
  plugins: '/etc/tidewaiter-plugins',
} as const;
type Mount = keyof typeof MOUNTS;

/** Not those of the server: its Service and its NetworkPolicy must not select the Pods of the Job. */
const LABELS = { 'app.kubernetes.io/name': 'tidewaiter-replay', 'app.kubernetes.io/part-of': 'tidewaiter' } as const;

const CONFIG_FILE = 'tidewaiter.yaml';

export function replayJob(options: ReplayJobOptions): readonly TreeObject[] {
  const data = configData(options);
  return [
    ...data.map(([mount, files]) => configMap(options, mount, files)),
    job(
      options,
      data.map(([mount]) => mount),
    ),
  ];
}

type ConfigData = readonly [mount: Mount, files: Readonly<Record<string, string>>];

function configData({ policies, against, plugins, settings }: ReplayJobOptions): readonly ConfigData[] {
  const loaded = plugins.load.map((name) => `${MOUNTS.plugins}/${name}`);
  const configuration = { ...settings, ...(loaded.length === 0 ? {} : { plugins: loaded }) };
  return [
    ...(Object.keys(configuration).length === 0
      ? []
      : [['config', { [CONFIG_FILE]: yamlDocuments([configuration]) }] as const]),
    ['policies', policies],
    ...(against === undefined ? [] : [['against', against] as const]),
    ...(loaded.length === 0 ? [] : [['plugins', plugins.files] as const]),
  ];
}

function metadata({ name, namespace }: ReplayJobOptions, suffix = ''): TreeObject {
  return { name: `${name}${suffix}`, namespace, labels: LABELS };
}

function configMap(options: ReplayJobOptions, mount: Mount, data: Readonly<Record<string, string>>): TreeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: metadata(options, `-${mount}`), data };
}

function job(options: ReplayJobOptions, maps: readonly Mount[]): TreeObject {
  const { shards } = options;
  return {
    apiVersion: 'batch/v1',
    kind: 'Job',
    metadata: metadata(options),
    spec: {
      completionMode: commented('Each Pod gets the index of its shard in JOB_COMPLETION_INDEX.', 'Indexed'),
      completions: commented('The number of shards, also in the arguments.', shards),
      parallelism: commented('How many shards are evaluated at the same time.', shards),
      backoffLimitPerIndex: commented('One lost shard does not end the others.', 2),
      podFailurePolicy: {
        rules: [
          commented('A Pod that a drain or an eviction ended starts again, any number of times.', {
            action: 'Ignore',
            onPodConditions: [{ type: 'DisruptionTarget' }],
          }),
          commented(
            'These exit codes would be the same again: a review cannot be evaluated (2), or, without --exit-zero, something differs (1).',
            {
              action: 'FailIndex',
              onExitCodes: { containerName: 'replay', operator: 'In', values: [1, 2].map((code): Tree => code) },
            },
          ),
        ],
      },
      template: { metadata: { labels: LABELS }, spec: podSpec(options, maps) },
    },
  };
}

function podSpec(options: ReplayJobOptions, maps: readonly Mount[]): TreeObject {
  const { name, recordings, results } = options;
  const volumes: readonly { readonly name: Mount; readonly [source: string]: Tree }[] = [
    { name: 'recordings', persistentVolumeClaim: { claimName: recordings, readOnly: true } },
    { name: 'results', persistentVolumeClaim: { claimName: results } },
    ...maps.map((mount) => ({ name: mount, configMap: { name: `${name}-${mount}` } })),
  ];
  return {
    restartPolicy: 'Never',
    automountServiceAccountToken: commented('A replay sends no requests.', false),
    enableServiceLinks: NO_SERVICE_LINKS,
    securityContext: podSecurity('Allows the group to write results.'),
    containers: [
      container(
        options,
        volumes.map((volume) => volume.name),
      ),
    ],
    volumes,
  };
}

function container(options: ReplayJobOptions, mounts: readonly Mount[]): TreeObject {
  return {
    name: 'replay',
    image: options.image,
    args: replayArguments(options, mounts),
    resources: {
      requests: { cpu: '1', memory: '256Mi' },
      limits: { memory: '512Mi' },
    },
    securityContext: CONTAINER_SECURITY,
    volumeMounts: mounts.map((name): Tree => ({
      name,
      mountPath: MOUNTS[name],
      ...(name === 'results' ? {} : { readOnly: true }),
    })),
  };
}

function replayArguments({ shards, options }: ReplayJobOptions, mounts: readonly Mount[]): Tree {
  const has = new Set(mounts);
  return [
    'replay',
    MOUNTS.recordings,
    ...(has.has('config') ? ['--config', `${MOUNTS.config}/${CONFIG_FILE}`] : []),
    '--policy',
    MOUNTS.policies,
    ...(has.has('against') ? ['--against', MOUNTS.against] : []),
    '--shards',
    String(shards),
    '--out',
    MOUNTS.results,
    '--exit-zero',
    '--jobs',
    '1',
    ...options,
  ];
}
