/** `registries` of tidewaiter.yaml: its JSON Schema, and how it is printed. */
import { DEFAULT_CONCURRENCY, type Mirror } from '../registry/settings.ts';

const IPV6 = String.raw`\[[0-9A-Fa-f:]+\]`;
const PORT = '(:[0-9]{1,5})?';
const HOST = `(${IPV6}|[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?)${PORT}`;
const HOSTS = `(${IPV6}|[A-Za-z0-9*]([A-Za-z0-9.*-]*[A-Za-z0-9*])?)${PORT}`;
const PEM = { type: 'string', minLength: 1 };

export const REGISTRIES_SCHEMA = {
  type: 'array',
  default: [],
  description: 'How registries are reached; the first entry whose host matches counts',
  items: {
    type: 'object',
    additionalProperties: false,
    required: ['host'],
    properties: {
      host: {
        type: 'string',
        pattern: `^${HOSTS}$`,
        hint: 'a host as in image references, with an optional port, for example registry.example.com:5000 or *.example.com, without "https://"',
        description: 'Host as images name it, with its port if it has one; * stands for any text in a label',
      },
      insecure: { type: 'boolean', default: false, description: 'true: plain HTTP, for its token server, too' },
      allowPrivate: {
        type: 'boolean',
        default: false,
        description: 'true: it may have a private, loopback or link-local address',
      },
      ca: { ...PEM, description: 'Authorities to trust beside the well-known ones, PEM, relative to this file' },
      clientCert: { ...PEM, description: 'Certificate to show, PEM, relative to this file' },
      clientKey: { ...PEM, description: 'Its private key, PEM, relative to this file' },
      mirrors: {
        type: 'array',
        default: [],
        description: 'Asked in order before the registry itself',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['location'],
          properties: {
            location: {
              type: 'string',
              pattern: `^${HOST}(/[a-z0-9._-]+)*$`,
              hint: 'a host with an optional path, for example mirror.example.com/docker-hub, without "https://"',
              description: 'Host, and path if there is one, in the place of the registry',
            },
            forwardCredentials: {
              type: 'boolean',
              default: false,
              description: 'true: the credentials for the registry are sent to the mirror, too',
            },
          },
        },
      },
      proxy: {
        type: 'string',
        description: 'URL of an HTTP proxy, or "none"; else HTTPS_PROXY, HTTP_PROXY and NO_PROXY decide',
      },
      concurrency: {
        type: 'integer',
        minimum: 1,
        maximum: 100,
        hint: 'a number from 1 to 100',
        default: DEFAULT_CONCURRENCY,
        description: 'Requests to it at the same time',
      },
    },
  },
};

/** As it stands in the file, checked by the schema; paths are resolved. */
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

/** For `--print-config`: a proxy's password is not shown. */
export function shownRegistries(value: unknown): readonly RegistryRow[] {
  return (value as readonly RegistryRow[]).map((row) =>
    row.proxy === undefined ? row : { ...row, proxy: withoutPassword(row.proxy) },
  );
}

function withoutPassword(proxy: string): string {
  const url = URL.parse(proxy);
  if (url === null || (url.password === '' && url.username === '')) return proxy;
  // A name alone may be a token.
  const user = url.password === '' ? '' : `${url.username}:`;
  return `${url.protocol}//${user}***@${url.host}`;
}
