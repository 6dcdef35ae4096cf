/** The table of keys in tidewaiter.yaml; a row defines everything about its key. */
import path from 'node:path';
import type { OriginOf } from '../error/path-origin.ts';
import type { KindEntry } from '../pod/kinds.ts';
import type { Environment } from '../go/http-proxy.ts';
import type { RegistrySettings } from '../registry/settings.ts';
import { cacheSettings, NODE_CREDENTIALS_SCHEMA, nodeCredentialConfig, REGISTRY_CACHE_SCHEMA } from './credentials.ts';
import type { FlagOf, Intersection, Key, ResultsOf } from './key.ts';
import { HELM_SCHEMA, helmSets } from './helm.ts';
import { KINDS_SCHEMA } from './kinds-schema.ts';
import { RECORDING_KEYS } from './recording-keys.ts';
import { REGISTRIES_SCHEMA, shownRegistries } from './registry-schema.ts';
import { FAIL, REGISTRATION, TLS_MODE } from './tls-keys.ts';
import {
  addressOf,
  certificateOf,
  clientConfig,
  clusterSettings,
  LOG_LEVELS,
  type LogLevel,
  operationsAddress,
  textsOf,
  type Value,
} from './values.ts';
import { WEBHOOK_KINDS } from './webhook-kinds.ts';

export const PLUGIN_TIMEOUT_MS = 1000;

const TEXT = { type: 'string', minLength: 1 } as const;
const TEXTS = { type: 'array', items: TEXT, default: [] } as const;
export const KEYS = {
  listen: {
    schema: {
      type: 'string',
      default: '127.0.0.1:8443',
      description: 'HOST:PORT of the HTTPS server for reviews, or :PORT for all interfaces',
    },
    variable: true,
    flag: { name: 'listen', value: 'HOST:PORT', help: 'Address of the HTTPS server' },
    read: { listen: (value) => addressOf(value, 'listen') },
  },
  operationsPort: {
    schema: {
      type: 'integer',
      minimum: 0,
      maximum: 65_535,
      hint: 'a port from 0 to 65535',
      default: 8080,
      description: 'Plain HTTP port for /healthz, /readyz, /metrics, and /version; 0 disables it',
    },
    variable: true,
    flag: {
      name: 'operationsPort',
      value: 'PORT',
      help: 'Plain HTTP port for /healthz, /readyz, /metrics, and /version; 0 disables it',
    },
    uses: ['operationsListen', 'listen'],
    /** undefined: no operations port. */
    read: { operations: (port, given) => operationsAddress(given('operationsListen'), port, given('listen')) },
  },
  operationsListen: {
    schema: {
      type: 'string',
      description: 'HOST:PORT for the same endpoints on a separate address, instead of operationsPort',
    },
    variable: true,
    flag: {
      name: 'operationsListen',
      value: 'HOST:PORT',
      help: 'Address of the plain HTTP server, instead of --operations-port',
    },
  },
  policies: {
    schema: {
      ...TEXTS,
      description: 'Policy files and directories, relative to this file; without any, the built-in policy applies',
    },
    variable: path.delimiter,
    flag: {
      name: 'policy',
      short: 'p',
      value: 'FILE|DIR',
      help: 'Policy file or directory; repeatable (default: built-in policy)',
      isRepeatable: true,
    },
    paths: ['policies'],
    read: { policies: textsOf },
  },
  plugins: {
    schema: { ...TEXTS, description: 'TypeScript or JavaScript modules with custom rules, relative to this file' },
    variable: path.delimiter,
    flag: {
      name: 'plugin',
      value: 'FILE',
      help: 'TypeScript or JavaScript module with custom rules; repeatable',
      isRepeatable: true,
    },
    paths: ['plugins'],
    read: { plugins: textsOf },
  },
  ignore: {
    schema: {
      ...TEXTS,
      description:
        'Files that check, pin, and drift skip in directories: patterns as in .gitignore, relative to this file',
    },
    read: {
      ignored: ({ value, directory = '.' }) => ({ directory, patterns: value as readonly string[] }),
    },
  },
  helm: { schema: HELM_SCHEMA, read: { helmSets } },
  pluginTimeoutMs: {
    schema: {
      type: 'integer',
      minimum: 1,
      // The API server waits 30 s at most, and the server answers no other review meanwhile.
      maximum: 10_000,
      hint: 'milliseconds from 1 to 10000',
      default: PLUGIN_TIMEOUT_MS,
      description: 'Time limit for all plugin rules on one object',
    },
    variable: true,
    read: { pluginTimeoutMs: ({ value }) => Number(value) },
  },
  cert: {
    schema: { ...TEXT, description: 'Serving certificate (PEM), relative to this file' },
    variable: true,
    flag: { name: 'cert', value: 'FILE', help: 'Serving certificate, PEM (default: generated in --certs-dir)' },
    paths: ['cert'],
    uses: ['key'],
    /** undefined: a certificate is generated in `certsDir`. */
    read: { certificate: (cert, given) => certificateOf(cert, given('key')) },
  },
  key: {
    schema: { ...TEXT, description: 'Private key of the serving certificate (PEM), relative to this file' },
    variable: true,
    flag: { name: 'key', value: 'FILE', help: 'Private key of the serving certificate, PEM' },
    paths: ['key'],
  },
  tlsMode: TLS_MODE,
  registration: REGISTRATION,
  fail: FAIL,
  certsDir: {
    schema: {
      ...TEXT,
      default: 'certs',
      description: 'Directory for a generated certificate if cert is not set, relative to this file; its CA is ca.crt',
    },
    variable: true,
    flag: {
      name: 'certsDir',
      value: 'DIR',
      help: 'Directory for the generated certificate and its CA, ca.crt',
    },
    paths: ['certsDir'],
    read: { certsDir: ({ value }) => String(value) },
  },
  clientCa: {
    schema: {
      ...TEXT,
      description:
        'CA that signs the client certificates of API servers (PEM), relative to this file; other clients get no reviews',
    },
    variable: true,
    flag: {
      name: 'clientCa',
      value: 'FILE',
      help: 'CA of client certificates, PEM; reviews from other clients are rejected',
    },
    paths: ['clientCa'],
    uses: ['clientNames'],
    /** undefined: every client can send reviews. */
    read: { clients: (authority, given) => clientConfig(authority, given('clientNames')) },
  },
  clientNames: {
    schema: {
      ...TEXTS,
      description: 'Accepted client certificates have one of these common names or subject alternative names',
    },
    // Kubernetes user names contain colons.
    variable: ',',
    flag: {
      name: 'clientName',
      value: 'NAME',
      help: 'Name that a client certificate must have; requires --client-ca; repeatable',
      isRepeatable: true,
    },
  },
  ...RECORDING_KEYS,
  logLevel: {
    schema: { enum: LOG_LEVELS, default: 'info', description: 'Lowest level that is logged' },
    variable: true,
    read: { logLevel: ({ value }): LogLevel => value as LogLevel },
  },
  cluster: {
    schema: {
      enum: ['auto', 'on', 'off'],
      default: 'auto',
      description:
        'Whether serve reads objects from a cluster; auto: from the cluster of its Pod, or if kubeconfig or context is set',
    },
    variable: true,
    flag: {
      name: 'cluster',
      value: 'auto|on|off',
      help: 'Read objects from a cluster; auto: in a Pod, or with --kubeconfig or --context',
    },
    uses: ['kubeconfig', 'context'],
    read: { cluster: (mode, given) => clusterSettings(mode, given('kubeconfig'), given('context')) },
  },
  kubeconfig: {
    schema: {
      ...TEXT,
      description: 'Kubeconfig file, instead of $KUBECONFIG and ~/.kube/config, relative to this file',
    },
    variable: true,
    flag: { name: 'kubeconfig', value: 'FILE', help: 'Kubeconfig file, instead of $KUBECONFIG and ~/.kube/config' },
    paths: ['kubeconfig'],
  },
  context: {
    schema: { ...TEXT, description: 'Context in the kubeconfig, instead of its current context' },
    variable: true,
    flag: { name: 'context', value: 'NAME', help: 'Context in the kubeconfig, instead of its current context' },
  },
  kinds: {
    schema: KINDS_SCHEMA,
    read: {
      kinds: async ({ value }) => {
        const { kindTable } = await import('../pod/kinds.ts');
        return kindTable(value as readonly KindEntry[]);
      },
    },
  },
  webhookKinds: WEBHOOK_KINDS,
  nodeCredentials: {
    schema: NODE_CREDENTIALS_SCHEMA,
    paths: ['dockerConfig', 'config', 'binDir'],
    read: { nodeCredentials: nodeCredentialConfig },
  },
  registryCache: {
    schema: REGISTRY_CACHE_SCHEMA,
    paths: ['urlFile', 'keyFile', 'caFile'],
    read: { registryCache: cacheSettings },
  },
  registries: {
    schema: REGISTRIES_SCHEMA,
    paths: ['ca', 'clientCert', 'clientKey'],
    shown: shownRegistries,
    uses: ['registryAccess'],
    read: { registries: registrySettings },
  },
  registryAccess: {
    schema: {
      enum: ['any', 'listed'],
      default: 'any',
      description:
        'Registries that tidewaiter can query: any with a public address, or only those that match an entry in registries',
    },
  },
} as const satisfies Readonly<Record<string, Key>>;

async function registrySettings(rows: Value, given: (key: string) => Value): Promise<RegistrySettings> {
  const access = given('registryAccess').value === 'listed' ? 'listed' : 'any';
  if ((rows.value as readonly unknown[]).length === 0) return { registries: [], access };
  // Loads TLS and certificates only if there are entries.
  const { readRegistries } = await import('./registries.ts');
  return { registries: await readRegistries(rows), access };
}

type Row = (typeof KEYS)[keyof typeof KEYS];
type Readers = Intersection<Row extends infer R ? (R extends { readonly read: infer F } ? F : never) : never>;
type Fields = ResultsOf<Readers>;

export interface Config extends Fields {
  /** The environment of the process, for proxies and credential programs. Never printed. */
  readonly env: Environment;
  /** The settings that contain the paths of this configuration. */
  readonly originOf: OriginOf;
}

type TableFlags = Intersection<Row extends infer R ? FlagOf<R> : never>;

/** Values from flags, as typed, without absent flags. */
export interface Flags extends TableFlags {
  readonly config?: string | undefined;
}

/** The same rows, one type for all. */
export const ROWS: ReadonlyMap<string, Key> = new Map(Object.entries(KEYS));

/** JSON Schema (draft 2020-12) of tidewaiter.yaml. */
export const CONFIG_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries([...ROWS].map(([key, { schema }]) => [key, schema])),
};
