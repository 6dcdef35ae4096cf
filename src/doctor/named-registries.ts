/** The registries that policy documents name, for `doctor --registries`. */
import { parsePattern } from '../image/pattern.ts';
import { isObject } from '../pod/pointer.ts';

/** Keys whose patterns are no images that the cluster pulls, or no patterns. */
const OTHER_KEYS: ReadonlySet<string> = new Set(['deny', 'exclude', 'namespaceSelector', 'message', 'expression']);

/** Hosts without `*`, from the patterns with a host that begin with a domain or an address. */
export function namedRegistries(documents: readonly unknown[]): readonly string[] {
  const hosts = new Set<string>();
  const visit = (value: unknown): void => {
    if (typeof value === 'string') {
      const host = hostOf(value);
      if (host !== undefined) hosts.add(host);
    } else if (Array.isArray(value)) value.forEach(visit);
    else if (isObject(value)) for (const [key, inner] of Object.entries(value)) if (!OTHER_KEYS.has(key)) visit(inner);
  };
  for (const document of documents) if (isObject(document)) visit(document['spec']);
  return [...hosts].toSorted();
}

function hostOf(text: string): string | undefined {
  const parsed = /^[^/\s]+\//.test(text) ? parsePattern(text) : undefined;
  if (parsed?.ok !== true) return undefined;
  const { host } = parsed.pattern;
  const isNamed = host !== undefined && !host.includes('*') && /[.:]/.test(host);
  return isNamed ? host : undefined;
}
