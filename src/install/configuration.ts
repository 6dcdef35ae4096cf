/** The ConfigMaps of the server: its configuration file, its policies, and its plugins. */
import { FAIL_LABEL, inNamespace, type InstallOptions } from './options.ts';
import { RECORDINGS, recordingSettings } from './recording.ts';
import { commented, type Tree, type TreeObject, yamlDocuments } from './yaml.ts';

export const CONFIG_MAP = 'tidewaiter-config';
/** In the first ConfigMap. */
export const CONFIG_FILE = 'tidewaiter.yaml';
export const POLICIES_MAP = 'tidewaiter-policies';
export const PLUGINS_MAP = 'tidewaiter-plugins';

/** The directory of each volume in the container. */
export const MOUNTS = {
  config: '/etc/tidewaiter',
  policies: '/etc/tidewaiter-policies',
  plugins: '/etc/tidewaiter-plugins',
  tls: '/etc/tidewaiter-tls',
  recordings: RECORDINGS,
} as const;

/** The names of files that a ConfigMap can contain; also for the schema of the chart's values, which Go reads. */
export const FILE_NAME = '^\\.?[-_a-zA-Z0-9][-._a-zA-Z0-9]{0,251}$';
/** Those that the server reads from its directory of policies. */
export const POLICY_NAME = '^[-_a-zA-Z0-9][-._a-zA-Z0-9]{0,246}\\.(yaml|yml|json)$';

/** Keys of the configuration file that the manifests themselves set. */
export const OWN_KEYS: ReadonlySet<string> = new Set([
  'listen',
  'operationsPort',
  'operationsListen',
  'policies',
  'plugins',
  'cert',
  'key',
  'tlsMode',
  'registration',
  'fail',
  'certsDir',
  'kubeconfig',
  'context',
  'record',
]);

type ConfigurationOptions = Pick<InstallOptions, 'tls' | 'registration' | 'fail' | 'plugins' | 'settings' | 'record'>;

export function configurationText(options: ConfigurationOptions): string {
  const { tls, registration, fail, plugins, settings, record } = options;
  const registered = registration === 'self' ? { ...REGISTERED, fail: commented(FAIL[fail], fail) } : {};
  const certificate = tls === 'self' ? { ...GENERATED, ...registered } : FILES;
  const loaded = plugins.load.map((name) => `${MOUNTS.plugins}/${name}`);
  return yamlDocuments([
    commented('Every key: docs/configuration.md', {
      ...ADDRESSES,
      ...(loaded.length === 0 ? {} : { plugins: loaded }),
      ...certificate,
      ...REGISTRIES,
      ...settings,
      ...(record === undefined ? {} : recordingSettings(record, settings)),
    }),
  ]);
}

const GENERATED = { tlsMode: commented('The servers generate and renew their certificate.', 'self') };
const REGISTERED = {
  registration: commented('The servers register their webhooks when they are ready.', 'self'),
};
const OUTAGE = `A namespace chooses by the label ${FAIL_LABEL}.`;
const FAIL: Readonly<Record<InstallOptions['fail'], string>> = {
  open: `During an outage of the server, objects are allowed without a review. ${OUTAGE}`,
  closed: `During an outage of the server, objects are rejected. ${OUTAGE}`,
};
const FILES = { cert: `${MOUNTS.tls}/tls.crt`, key: `${MOUNTS.tls}/tls.key` };

const ADDRESSES: { readonly [key: string]: Tree } = {
  listen: commented('All addresses of the Pod. In an IPv6-only cluster, use "[::]:8443".', '0.0.0.0:8443'),
  operationsPort: commented('Plain HTTP for probes and Prometheus: /healthz /readyz /metrics /version', 8080),
  policies: [MOUNTS.policies],
};

const REGISTRIES = {
  registries: commented(
    'Registries with private addresses need an entry, because anyone who can create a Pod chooses the hosts that tidewaiter contacts.',
    [],
  ),
};

export function configMaps(options: InstallOptions): readonly TreeObject[] {
  return [
    configMap(options, CONFIG_MAP, { [CONFIG_FILE]: configurationText(options) }),
    configMap(options, POLICIES_MAP, options.policies),
    ...(options.plugins.load.length === 0 ? [] : [configMap(options, PLUGINS_MAP, options.plugins.files)]),
  ];
}

function configMap(options: InstallOptions, name: string, data: Readonly<Record<string, string>>): TreeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: inNamespace(options, name), data };
}
