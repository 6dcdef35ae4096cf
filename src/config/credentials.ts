/** `nodeCredentials` and `registryCache` in tidewaiter.yaml: their JSON Schemas and readers. */
import { UserError } from '../error/user-error.ts';
import { parseDurationMs } from '../go/duration.ts';
import type { CacheSettings } from '../lookup/image-source.ts';
import type { Value } from './values.ts';

export interface NodeCredentialConfig {
  readonly dockerConfig: string | undefined;
  readonly helpers: readonly string[];
  readonly providers: { readonly config: string; readonly binDir: string } | undefined;
  readonly timeoutMs: number;
}

/** `url` or `urlFile`. */
export interface SharedCacheConfig {
  readonly url: string | undefined;
  readonly urlFile: string | undefined;
  readonly keyFile: string;
  readonly caFile: string | undefined;
}

const DURATION = {
  type: 'string',
  pattern: '^(\\d+(\\.\\d*)?(h|ms|m|us|µs|ns|s)){1,10}$',
  hint: 'a duration, for example 60s or 24h',
};
const FILE = { type: 'string', minLength: 1 };

export const NODE_CREDENTIALS_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  description: 'Credentials of nodes, used after pull secrets; {} if nodes have none',
  properties: {
    dockerConfig: { ...FILE, description: "Docker's config.json of a node, relative to this file" },
    helpers: {
      type: 'array',
      items: {
        type: 'string',
        pattern: '^[A-Za-z0-9][A-Za-z0-9._-]{0,100}$',
        hint: 'the name behind docker-credential-, for example ecr-login',
      },
      default: [],
      description:
        'Credential helpers that tidewaiter can run if dockerConfig refers to them: ecr-login for docker-credential-ecr-login',
    },
    providers: {
      type: 'object',
      additionalProperties: false,
      required: ['config', 'binDir'],
      description: "The kubelet's credential providers",
      properties: {
        config: { ...FILE, description: 'File of kind CredentialProviderConfig, relative to this file' },
        binDir: { ...FILE, description: 'Directory of the provider programs, relative to this file' },
      },
    },
    timeout: { ...DURATION, default: '10s', description: 'Time limit for one helper or provider, up to 1m' },
  },
};

export const REGISTRY_CACHE_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'How long registry responses are cached',
  properties: {
    tagTtl: { ...DURATION, default: '60s', description: 'How long the digest of a tag is used without another query' },
    digestTtl: {
      ...DURATION,
      default: '24h',
      description: 'How long the facts about a digest, which never change, are used without another query',
    },
    staleMax: {
      ...DURATION,
      default: '168h',
      description: 'Maximum age of a cached response that a policy can use while a registry is unavailable',
    },
    maxImages: {
      type: 'integer',
      minimum: 100,
      maximum: 1_000_000,
      hint: 'a number from 100 to 1000000',
      default: 20_000,
      description: 'Number of cached images; each takes about 1 KB',
    },
    shared: {
      type: 'object',
      additionalProperties: false,
      required: ['keyFile'],
      description: 'Valkey or Redis server that replicas share',
      properties: {
        url: { ...FILE, description: 'URL without a password, for example rediss://cache.example.com:6379' },
        urlFile: { ...FILE, description: 'File with the URL, which can contain a password, relative to this file' },
        keyFile: {
          ...FILE,
          description:
            'File with a secret of at least 32 characters that only the replicas have and that seals shared responses, relative to this file',
        },
        caFile: { ...FILE, description: 'CA of the server certificate (PEM), relative to this file' },
      },
    },
  },
};

/** A value that NODE_CREDENTIALS_SCHEMA accepts. */
interface NodeCredentialKeys {
  readonly dockerConfig?: string;
  readonly helpers?: readonly string[];
  readonly providers?: { readonly config: string; readonly binDir: string };
  readonly timeout?: string;
}

/** A value that REGISTRY_CACHE_SCHEMA accepts. */
interface RegistryCacheKeys {
  readonly tagTtl?: string;
  readonly digestTtl?: string;
  readonly staleMax?: string;
  readonly maxImages?: number;
  readonly shared?: {
    readonly url?: string;
    readonly urlFile?: string;
    readonly keyFile: string;
    readonly caFile?: string;
  };
}

/** The kubelet waits a minute for a provider. */
const MAX_TIMEOUT_MS = 60_000;

/** Returns undefined if the node credentials are unknown. */
export function nodeCredentialConfig({ value, from }: Value): NodeCredentialConfig | undefined {
  if (value === undefined) return undefined;
  const { dockerConfig, helpers = [], providers, timeout = '10s' } = value as NodeCredentialKeys;
  if (helpers.length > 0 && dockerConfig === undefined) {
    throw new UserError(
      `${from}: nodeCredentials/helpers: "helpers" requires "dockerConfig", which maps registries to credential helpers`,
    );
  }
  const timeoutMs = parseDurationMs(timeout) ?? 0;
  if (timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS) {
    throw new UserError(`${from}: nodeCredentials/timeout: expected a duration from 1ms to 1m, found "${timeout}"`);
  }
  return { dockerConfig, helpers, providers, timeoutMs };
}

export interface CacheConfig extends CacheSettings {
  readonly shared: SharedCacheConfig | undefined;
}

export function cacheSettings({ value, from }: Value): CacheConfig {
  const keys = value as RegistryCacheKeys;
  const { tagTtl = '60s', digestTtl = '24h', staleMax = '168h', maxImages = 20_000, shared } = keys;
  return {
    tagTtlMs: parseDurationMs(tagTtl) ?? 0,
    digestTtlMs: parseDurationMs(digestTtl) ?? 0,
    staleMaxMs: parseDurationMs(staleMax) ?? 0,
    maxImages,
    shared: shared === undefined ? undefined : sharedConfig(shared, from),
  };
}

function sharedConfig(
  { url, urlFile, keyFile, caFile }: NonNullable<RegistryCacheKeys['shared']>,
  from: string,
): SharedCacheConfig {
  if ((url === undefined) === (urlFile === undefined)) {
    throw new UserError(`${from}: registryCache/shared: set exactly one of "url" and "urlFile"`);
  }
  // The message omits the value, which can contain a password.
  if (url !== undefined && !/^(redis|valkey)s?:\/\/[^@?#\s]+$/.test(url)) {
    throw new UserError(
      `${from}: registryCache/shared/url: expected redis://HOST:PORT or rediss://HOST:PORT; put a URL with a password in "urlFile"`,
    );
  }
  return { url, urlFile, keyFile, caFile };
}
