/** Finds the configuration entry for a host and a port. */
import { splitPort } from '../image/grammar.ts';
import { compileSegments, type SegmentsTest } from '../image/segments.ts';
import type { RegistryEntry } from './settings.ts';

interface CompiledHost {
  readonly matches: SegmentsTest;
  readonly port: string | undefined;
}

/** Entries are few, and live as long as the process. */
const compiled = new WeakMap<RegistryEntry, CompiledHost>();

/** For a URL from a registry: its token server or its storage. URL omits the scheme's default port. */
export function entryOfUrl(entries: readonly RegistryEntry[], url: URL): RegistryEntry | undefined {
  return entryOf(entries, url.hostname, url.port === '' ? undefined : url.port);
}

/**
 * `host`: lowercase. An entry without a port applies to the default port of its scheme, 443 or 80: for a registry with plain
 * HTTP, port 443 is another server.
 */
export function entryOf(
  entries: readonly RegistryEntry[],
  host: string,
  port: string | undefined,
): RegistryEntry | undefined {
  const labels = host.split('.');
  return entries.find((entry) => isPortOf(entry, port) && compiledHost(entry).matches(labels));
}

function isPortOf(entry: RegistryEntry, port: string | undefined): boolean {
  const own = compiledHost(entry).port;
  if (own === port) return true;
  if (port === undefined) return own === '443' && !entry.insecure;
  return own === undefined && port === (entry.insecure ? '80' : '443');
}

function compiledHost(entry: RegistryEntry): CompiledHost {
  const known = compiled.get(entry);
  if (known !== undefined) return known;
  const { host, port } = hostOfEntry(entry);
  const matchesLabels = compileSegments(host.split('.'));
  // An address in brackets has no labels, so no glob matches it.
  const matches: SegmentsTest = (labels) =>
    labels[0]?.startsWith('[') === true ? labels[0] === host : matchesLabels(labels);
  const made = { matches, port };
  compiled.set(entry, made);
  return made;
}

/** The normal form of an entry's host: lowercase, with an IPv6 address in its shortest form and a port without leading zeros. */
export function hostOfEntry({ host: text }: Pick<RegistryEntry, 'host'>): {
  readonly host: string;
  readonly port: string | undefined;
} {
  const { host, port } = splitPort(text.toLowerCase());
  const shortest = host.startsWith('[') ? (URL.parse(`https://${host}`)?.hostname ?? host) : host;
  return { host: shortest, port: port?.replace(/^0+(?=.)/, '') };
}
