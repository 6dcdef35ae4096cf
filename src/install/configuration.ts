/** The ConfigMaps of the server: its configuration file and its policies. */
import { inNamespace, type InstallOptions } from './options.ts';
import { commented, type Tree, type TreeObject, yamlDocuments } from './yaml.ts';

export const CONFIG_MAP = 'tidewaiter-config';
export const POLICIES_MAP = 'tidewaiter-policies';

/** The directory of each volume in the container. */
export const MOUNTS = {
  config: '/etc/tidewaiter',
  policies: '/etc/tidewaiter-policies',
  tls: '/etc/tidewaiter-tls',
} as const;

export function configurationText({ tls, registration }: Pick<InstallOptions, 'tls' | 'registration'>): string {
  const registered = registration === 'self' ? REGISTERED : {};
  const certificate = tls === 'self' ? { ...GENERATED, ...registered } : FILES;
  return yamlDocuments([
    commented('Every key: docs/configuration.md', { ...ADDRESSES, ...certificate, ...REGISTRIES }),
  ]);
}

const GENERATED = { tlsMode: commented('The servers generate and renew their certificate.', 'self') };
const REGISTERED = {
  registration: commented('The servers apply their webhook configurations when they are ready.', 'self'),
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
    configMap(options, CONFIG_MAP, { 'tidewaiter.yaml': configurationText(options) }),
    configMap(options, POLICIES_MAP, options.policies),
  ];
}

function configMap(options: InstallOptions, name: string, data: Readonly<Record<string, string>>): TreeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: inNamespace(options, name), data };
}
