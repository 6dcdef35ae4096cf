/** tidewaiter.yaml: its defaults, and its JSON Schema with what each key means. */
import { NODE_CREDENTIALS_SCHEMA, REGISTRY_CACHE_SCHEMA } from './credentials.ts';
import { REGISTRIES_SCHEMA } from './registry-schema.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error', 'silent'] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

export const PLUGIN_TIMEOUT_MS = 1000;

export const DEFAULTS: Readonly<Record<string, unknown>> = {
  listen: '127.0.0.1:8443',
  operationsPort: 8080,
  operationsListen: undefined,
  policies: [],
  plugins: [],
  pluginTimeoutMs: PLUGIN_TIMEOUT_MS,
  cert: undefined,
  key: undefined,
  certsDir: 'certs',
  clientCa: undefined,
  clientNames: [],
  logLevel: 'info',
  kinds: [],
  nodeCredentials: undefined,
  registryCache: {},
  registries: [],
  registryAccess: 'any',
};

const POINTERS = {
  type: 'array',
  items: {
    type: 'string',
    pattern: '^/',
    hint: 'a JSON pointer that begins with "/", for example /spec/template/spec',
  },
};

/** JSON Schema (draft 2020-12) of tidewaiter.yaml. */
export const CONFIG_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  properties: {
    listen: {
      type: 'string',
      default: DEFAULTS['listen'],
      description: 'HOST:PORT where reviews are answered over HTTPS, or :PORT for all interfaces',
    },
    operationsPort: {
      type: 'integer',
      default: DEFAULTS['operationsPort'],
      description: 'Port of /healthz, /readyz, /metrics and /version over plain HTTP; 0 turns it off',
    },
    operationsListen: {
      type: 'string',
      description: 'HOST:PORT of the same, on an address apart; instead of operationsPort',
    },
    policies: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      default: DEFAULTS['policies'],
      description: 'Files and folders of policies, relative to this file; none: the built-in policy',
    },
    plugins: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      default: DEFAULTS['plugins'],
      description: 'TypeScript or JavaScript modules with more rules, relative to this file',
    },
    pluginTimeoutMs: {
      type: 'integer',
      default: DEFAULTS['pluginTimeoutMs'],
      description: 'How long the rules of plugins may take for one object, in milliseconds',
    },
    cert: { type: 'string', minLength: 1, description: 'Serving certificate, PEM, relative to this file' },
    key: { type: 'string', minLength: 1, description: 'Its private key, PEM, relative to this file' },
    certsDir: {
      type: 'string',
      minLength: 1,
      default: DEFAULTS['certsDir'],
      description: 'Where a certificate is made when none is given, relative to this file; its CA is ca.crt',
    },
    clientCa: {
      type: 'string',
      minLength: 1,
      description:
        'Authority of the client certificates of API servers, PEM, relative to this file; then no other client gets a review',
    },
    clientNames: {
      type: 'array',
      items: { type: 'string', minLength: 1 },
      default: DEFAULTS['clientNames'],
      description: 'Names (common name or subject alternative name) of which an accepted client certificate has one',
    },
    logLevel: { enum: LOG_LEVELS, default: DEFAULTS['logLevel'], description: 'The least important lines to log' },
    kinds: {
      type: 'array',
      default: DEFAULTS['kinds'],
      description: 'Kinds of your own that hold pods or images',
      items: {
        type: 'object',
        additionalProperties: false,
        required: ['group', 'kind'],
        properties: {
          group: {
            type: 'string',
            pattern: '^([a-z0-9]([a-z0-9-]*[a-z0-9])?(\\.[a-z0-9]([a-z0-9-]*[a-z0-9])?)*)?$',
            hint: 'a DNS name in lowercase without a version, for example batch.example.com',
            description: 'API group',
          },
          kind: {
            type: 'string',
            maxLength: 63,
            pattern: '^[A-Za-z]([A-Za-z0-9-]*[A-Za-z0-9])?$',
            hint: 'the name of one kind without its group, for example Job',
            description: 'Kind',
          },
          podSpecs: { ...POINTERS, description: 'Where its pod specs stand, as JSON pointers' },
          images: { ...POINTERS, description: 'Where its other images stand, as JSON pointers' },
          clusterScoped: { type: 'boolean', default: false, description: 'true: its objects are in no namespace' },
        },
      },
    },
    nodeCredentials: NODE_CREDENTIALS_SCHEMA,
    registryCache: REGISTRY_CACHE_SCHEMA,
    registries: REGISTRIES_SCHEMA,
    registryAccess: {
      enum: ['any', 'listed'],
      default: DEFAULTS['registryAccess'],
      description: 'Which registries may be asked: any with a public address, or only those that an entry matches',
    },
  },
};
