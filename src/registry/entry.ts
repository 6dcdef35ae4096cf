/** Which entry of the configuration is about a host. */
import { splitPort } from '../image/grammar.ts';
import { compileSegments, type SegmentsTest } from '../image/segments.ts';
import type { RegistryEntry } from './settings.ts';

interface CompiledHost {
  readonly matches: SegmentsTest;
  readonly port: string | undefined;
}

/** By entry: they are few, and live as long as the process. */
const compiled = new WeakMap<RegistryEntry, CompiledHost>();

/** For the host of an image reference: `docker.io`, `registry.example.com:5000`. */
export function entryOfDomain(entries: readonly RegistryEntry[], domain: string): RegistryEntry | undefined {
  const { host, port } = splitPort(domain);
  return entryOf(entries, host, port === '443' ? undefined : port);
}

/** For a URL that a registry names: its token server, its storage. */
export function entryOfUrl(entries: readonly RegistryEntry[], url: URL): RegistryEntry | undefined {
  // URL leaves the scheme's own port out, which for http is 80.
  return entryOf(entries, url.hostname, url.port === '443' || url.port === '' ? undefined : url.port);
}

function entryOf(entries: readonly RegistryEntry[], host: string, port: string | undefined): RegistryEntry | undefined {
  const labels = host.toLowerCase().split('.');
  return entries.find((entry) => {
    const { matches, port: wanted } = compiledHost(entry);
    return wanted === port && matches(labels);
  });
}

function compiledHost(entry: RegistryEntry): CompiledHost {
  const known = compiled.get(entry);
  if (known !== undefined) return known;
  const { host, port } = splitPort(entry.host.toLowerCase());
  const made = { matches: compileSegments(host.split('.')), port: port === '443' ? undefined : port };
  compiled.set(entry, made);
  return made;
}
