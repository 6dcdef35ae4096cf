/**
 * The normal form of a registry: its URL, its entry in the configuration, and a cache key made of both. Equal keys mean the same
 * server, however its name is spelled. Credentials are looked up by the name in the image, as in the kubelet, and responses are
 * cached by credential.
 */
import { DOCKER_HUB, splitPort } from '../image/grammar.ts';
import { entryOf, hostOfEntry } from './registry-entry.ts';
import type { RegistryEntry } from './settings.ts';

export interface RegistryAddress {
  readonly key: string;
  /** Scheme, host, and port. */
  readonly base: URL;
  readonly entry: RegistryEntry | undefined;
}

/** The host that serves Docker Hub's images; references contain docker.io. */
export const DOCKER_HUB_SERVER = 'registry-1.docker.io';

/** `domain`: the host in an image reference. `undefined`: the host cannot be queried. */
export function addressOf(domain: string, registries: readonly RegistryEntry[]): RegistryAddress | undefined {
  const authority = authorityOf(domain);
  if (authority === undefined) return undefined;
  const { host, port } = authority;
  // containerd treats only this spelling as Docker Hub; for others it queries the host docker.io.
  const isDockerHub = domain === DOCKER_HUB;
  const entries = isDockerHub ? registries : registries.filter((entry) => !isAboutDockerHub(entry));
  const entry = entryOf(entries, host, port);
  const scheme = entry?.insecure === true ? 'http' : 'https';
  const server = isDockerHub ? DOCKER_HUB_SERVER : host;
  const base = URL.parse(`${scheme}://${server}${port === undefined ? '' : `:${port}`}`);
  if (base === null) return undefined;
  return { base, entry, key: entry === undefined ? base.origin : `${base.origin} ${entry.host.toLowerCase()}` };
}

export function registryKey(domain: string, registries: readonly RegistryEntry[]): string {
  return addressOf(domain, registries)?.key ?? domain;
}

/** Lowercase, with an IPv6 address in its shortest form and a port without leading zeros. */
function authorityOf(domain: string): { readonly host: string; readonly port: string | undefined } | undefined {
  const url = URL.parse(`https://${domain}`);
  if (url === null) return undefined;
  const written = splitPort(domain);
  const host = written.host.toLowerCase();
  if (!isQueryable(host, url)) return undefined;
  return { host: url.hostname, port: written.port === undefined ? undefined : url.port || '443' };
}

/** RFC 1035, 2.3.4. */
const MAX_NAME = 253;
const MAX_LABEL = 63;

function isQueryable(host: string, { hostname, port }: URL): boolean {
  if (port === '0') return false;
  if (host.startsWith('[')) return true;
  // URL parsing treats 127.1 and 0x7f000001 as addresses; a node treats them as names.
  if (hostname !== host || host.length > MAX_NAME) return false;
  return host.split('.').every((label) => label.length <= MAX_LABEL);
}

function isAboutDockerHub(entry: RegistryEntry): boolean {
  const { host, port = '443' } = hostOfEntry(entry);
  return host === DOCKER_HUB && port === '443';
}
