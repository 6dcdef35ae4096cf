/** The endpoints that are queried for an image: the mirrors of its registry, then the registry itself. */
import { quoteValue } from '../image/quote.ts';
import { RegistryError, type Target } from './client.ts';
import type { Credential } from './credential.ts';
import { addressOf, DOCKER_HUB_SERVER } from './registry-address.ts';
import type { RemoteHost } from './network-errors.ts';
import { type Mirror, type RegistryEntry, type RegistrySettings, UNLISTED } from './settings.ts';

export interface RegistryEndpoint {
  /** For messages: `docker.io`, `mirror.example.com/docker-hub (mirror of docker.io)`. */
  readonly name: string;
  /** The cache key of the registry or mirror. */
  readonly key: string;
  /** Scheme, host, and port. */
  readonly base: URL;
  /** The repository at this endpoint: `library/nginx`, `docker-hub/library/nginx`. */
  readonly repository: string;
  /** The requested tag or digest. */
  readonly reference: string;
  readonly entry: RegistryEntry;
  readonly credential: Credential | undefined;
  readonly mirror: string | undefined;
  /** See Target. */
  readonly tenant: string;
}

const NO_HOST = 'is not a valid registry host';

/** In the order in which they are queried. */
export interface RegistryEndpoints {
  readonly mirrors: readonly RegistryEndpoint[];
  readonly registry: RegistryEndpoint;
}

/** Throws a RegistryError if the configuration does not allow the registry. This needs no DNS lookup. */
export function endpointsOf(target: Target, { registries, access }: RegistrySettings): RegistryEndpoints {
  const { domain, path: repository } = target.reference;
  if (domain === '') {
    const text = quoteValue(target.reference.text);
    throw blocked(`${text} has no registry: the part before the first "/" is not a hostname`, undefined);
  }
  const address = addressOf(domain, registries);
  if (address === undefined) throw blocked(`${shown(domain)} ${NO_HOST}`, 'check the host and the port');
  const { key, base, entry } = address;
  if (entry === undefined && access === 'listed') {
    const remedy = `add {host: ${quoteValue(domain, 100)}} to "registries" in tidewaiter.yaml, or set registryAccess: any`;
    throw blocked(`${shown(domain)} is not listed under "registries" in the configuration`, remedy);
  }
  const reference = requestedReference(target);
  const registry: RegistryEndpoint = {
    name: shown(domain),
    key,
    base,
    repository,
    reference,
    entry: entry ?? UNLISTED,
    credential: target.credential,
    mirror: undefined,
    tenant: target.tenant ?? '',
  };
  const mirrors = (entry?.mirrors ?? []).map((mirror) => mirrorEndpoint(mirror, registry, registries));
  return { mirrors, registry };
}

function mirrorEndpoint(
  { location, forwardCredentials }: Mirror,
  itself: RegistryEndpoint,
  registries: readonly RegistryEntry[],
): RegistryEndpoint {
  const name = `${location} (mirror of ${itself.name})`;
  const [host = '', ...prefix] = location.split('/').filter((part) => part !== '');
  const address = addressOf(host, registries);
  if (address === undefined)
    throw new RegistryError({ cause: 'blocked', message: `${name} ${NO_HOST}`, remedy: undefined });
  const { key, base, entry = UNLISTED } = address;
  return {
    ...itself,
    name,
    key,
    base,
    repository: [...prefix, itself.repository].join('/'),
    entry,
    credential: forwardCredentials ? itself.credential : undefined,
    mirror: location,
  };
}

function requestedReference({ reference, by }: Target): string {
  const tag = reference.effectiveTag;
  return (by === 'tag' ? (tag ?? reference.digest) : (reference.digest ?? tag)) ?? 'latest';
}

/** The endpoint in messages. */
export function remoteHostOf({ name, base, mirror }: RegistryEndpoint): RemoteHost {
  return { name, host: base.host, isRegistry: mirror === undefined };
}

/** The grammar of image references does not limit the length of a host. */
function shown(domain: string): string {
  return domain.length > 255 ? `${domain.slice(0, 255)}…` : domain;
}

function blocked(message: string, remedy: string | undefined): RegistryError {
  return new RegistryError({ cause: 'blocked', causedBy: 'author', message, remedy, isPublic: true });
}

/** The image in messages: `"library/nginx:1.27"`. */
export function subjectOf({ repository, reference }: RegistryEndpoint): string {
  return quoteValue(`${repository}${reference.includes(':') ? '@' : ':'}${reference}`, 400);
}

export const WITHOUT_CREDENTIALS = 'without credentials';

/** `with pull secret "regcred" (user ci)`. */
export function withCredential({ credential }: RegistryEndpoint): string {
  return credential === undefined ? WITHOUT_CREDENTIALS : `with ${credential.label}`;
}

export function isDockerHub({ base }: RegistryEndpoint): boolean {
  return base.hostname === DOCKER_HUB_SERVER;
}
