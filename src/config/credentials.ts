/** The keys of tidewaiter.yaml about credentials of nodes and about remembering what registries said. */
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
  description: 'What nodes hold beside pull secrets; {} when they hold nothing',
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
        'Credential helpers that may be run where dockerConfig names them: ecr-login for docker-credential-ecr-login',
    },
    providers: {
      type: 'object',
      additionalProperties: false,
      required: ['config', 'binDir'],
      description: "The kubelet's credential providers",
      properties: {
        config: { ...FILE, description: 'A file of kind CredentialProviderConfig, relative to this file' },
        binDir: { ...FILE, description: 'The folder of their programs, relative to this file' },
      },
    },
    timeout: { ...DURATION, default: '10s', description: 'How long one helper or provider may take, up to 1m' },
  },
};

export const REGISTRY_CACHE_SCHEMA = {
  type: 'object',
  additionalProperties: false,
  default: {},
  description: 'How long answers of registries are remembered',
  properties: {
    tagTtl: { ...DURATION, default: '60s', description: 'How long the digest of a tag is given without asking again' },
    digestTtl: { ...DURATION, default: '24h', description: 'The same for a digest, which never means anything else' },
    staleMax: {
      ...DURATION,
      default: '168h',
      description: 'How old an answer may get that a policy accepts while a registry is in trouble',
    },
    maxImages: {
      type: 'integer',
      minimum: 100,
      maximum: 1_000_000,
      hint: 'a number from 100 to 1000000',
      default: 20_000,
      description: 'How many images are remembered; each takes about 1 KB',
    },
    shared: {
      type: 'object',
      additionalProperties: false,
      required: ['keyFile'],
      description: 'A Valkey or Redis that replicas share',
      properties: {
        url: { ...FILE, description: 'Without a password, for example rediss://cache.example.com:6379' },
        urlFile: { ...FILE, description: 'A file with the URL, which may hold a password, relative to this file' },
        keyFile: {
          ...FILE,
          description:
            'A file with at least 32 characters that all replicas have and nobody else: what is shared is sealed with it',
        },
        caFile: { ...FILE, description: 'The CA of its certificate, PEM, relative to this file' },
      },
    },
  },
};

/** What NODE_CREDENTIALS_SCHEMA lets through. */
interface NodeCredentialKeys {
  readonly dockerConfig?: string;
  readonly helpers?: readonly string[];
  readonly providers?: { readonly config: string; readonly binDir: string };
  readonly timeout?: string;
}

/** What REGISTRY_CACHE_SCHEMA lets through. */
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

/** `undefined`: the configuration does not say what nodes have. */
export function nodeCredentialConfig({ value, from }: Value): NodeCredentialConfig | undefined {
  if (value === undefined) return undefined;
  const { dockerConfig, helpers = [], providers, timeout = '10s' } = value as NodeCredentialKeys;
  if (helpers.length > 0 && dockerConfig === undefined) {
    throw new UserError(
      `${from}: nodeCredentials.helpers: "helpers" requires "dockerConfig", which maps registries to credential helpers`,
    );
  }
  const timeoutMs = parseDurationMs(timeout) ?? 0;
  if (timeoutMs < 1 || timeoutMs > MAX_TIMEOUT_MS) {
    throw new UserError(`${from}: nodeCredentials.timeout: expected a duration from 1ms to 1m, found "${timeout}"`);
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
    throw new UserError(`${from}: registryCache.shared: set exactly one of "url" and "urlFile"`);
  }
  // The message leaves the value out: there may be a password in it.
  if (url !== undefined && !/^(redis|valkey)s?:\/\/[^@?#\s]+$/.test(url)) {
    throw new UserError(
      `${from}: registryCache.shared.url: expected redis://HOST:PORT or rediss://HOST:PORT; put a URL with a password in "urlFile"`,
    );
  }
  return { url, urlFile, keyFile, caFile };
}
