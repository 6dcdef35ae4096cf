/** The JSON Schema of `registries` in tidewaiter.yaml, and its form in `--print-config`. */
import { DEFAULT_CONCURRENCY, type Mirror } from '../registry/settings.ts';

const IPV6 = String.raw`\[[0-9A-Fa-f:]+\]`;
const PORT = '(:[0-9]{1,5})?';
const HOST = `(${IPV6}|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)${PORT}`;
const HOSTS = `(${IPV6}|[A-Za-z0-9*]([A-Za-z0-9.*-]*[A-Za-z0-9*])?)${PORT}`;
const PEM = { type: 'string', minLength: 1 };

export const REGISTRIES_SCHEMA = {
  type: 'array',
  default: [],
  description: 'Connection settings of registries; the first entry with a matching host applies',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['host'],
    properties: {
      host: {
        type: 'string',
        pattern: `^${HOSTS}$`,
        hint: 'a host as in image references, with an optional port, for example registry.example.com:5000 or *.example.com, without "https://"',
        description: 'Host as in image references, with an optional port; * matches any text within a label',
      },
      insecure: { type: 'boolean', default: false, description: 'true: plain HTTP, also for the token server' },
      allowPrivate: {
        type: 'boolean',
        default: false,
        description: 'true: private, loopback, and link-local addresses are allowed',
      },
      ca: { ...PEM, description: 'CAs to trust in addition to the well-known CAs (PEM), relative to this file' },
      clientCert: { ...PEM, description: 'Client certificate (PEM), relative to this file' },
      clientKey: { ...PEM, description: 'Private key of the client certificate (PEM), relative to this file' },
      mirrors: {
        type: 'array',
        default: [],
        description: 'Mirrors, queried in order before the registry itself',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['location'],
          properties: {
            location: {
              type: 'string',
              pattern: `^${HOST}(/[a-z0-9._-]+)*$`,
              hint: 'a host with an optional path, for example mirror.example.com/docker-hub, without "https://"',
              description: 'Host and optional path that replace the registry',
            },
            forwardCredentials: {
              type: 'boolean',
              default: false,
              description: 'true: the mirror also gets the credentials for the registry',
            },
          },
        },
      },
      proxy: {
        type: 'string',
        description: 'URL of an HTTP proxy, or "none"; if it is not set, HTTPS_PROXY, HTTP_PROXY, and NO_PROXY apply',
      },
      concurrency: {
        type: 'integer',
        minimum: 1,
        maximum: 100,
        hint: 'a number from 1 to 100',
        default: DEFAULT_CONCURRENCY,
        description: 'Maximum number of parallel requests',
      },
    },
  },
};

/** An entry that the schema accepts, with resolved paths. */
export interface RegistryRow {
  readonly host: string;
  readonly insecure?: boolean;
  readonly allowPrivate?: boolean;
  readonly ca?: string;
  readonly clientCert?: string;
  readonly clientKey?: string;
  readonly mirrors?: readonly (Pick<Mirror, 'location'> & Partial<Mirror>)[];
  readonly proxy?: string;
  readonly concurrency?: number;
}

/** Hides the password of a proxy in `--print-config`. */
export function shownRegistries(value: unknown): readonly RegistryRow[] {
  return (value as readonly RegistryRow[]).map((row) =>
    row.proxy === undefined ? row : { ...row, proxy: withoutPassword(row.proxy) },
  );
}

function withoutPassword(proxy: string): string {
  const url = URL.parse(proxy);
  if (url === null || (url.password === '' && url.username === '')) return proxy;
  // A user name without a password can be a token.
  const user = url.password === '' ? '' : `${url.username}:`;
  return `${url.protocol}//${user}***@${url.host}`;
}
