/** Which entry of the configuration is about a host and a port. */
import { splitPort } from '../image/grammar.ts';
import { compileSegments, type SegmentsTest } from '../image/segments.ts';
import type { RegistryEntry } from './settings.ts';

interface CompiledHost {
  readonly matches: SegmentsTest;
  readonly port: string | undefined;
}

/** By entry: they are few, and live as long as the process. */
const compiled = new WeakMap<RegistryEntry, CompiledHost>();

/** For a URL that a registry names: its token server, its storage. URL leaves the scheme's own port out. */
export function entryOfUrl(entries: readonly RegistryEntry[], url: URL): RegistryEntry | undefined {
  return entryOf(entries, url.hostname, url.port === '' ? undefined : url.port);
}

/**
 * `host` in lower case. An entry without a port is about that of its scheme, 443 or 80: for a registry that speaks plain HTTP,
 * port 443 is another place.
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
  const { host, port } = splitPort(entry.host.toLowerCase());
  const made = { matches: compileSegments(shortest(host).split('.')), port: port?.replace(/^0+(?=.)/, '') };
  compiled.set(entry, made);
  return made;
}

/** An IPv6 address has many spellings. */
function shortest(host: string): string {
  return host.startsWith('[') ? (URL.parse(`https://${host}`)?.hostname ?? host) : host;
}
