/** Parses the search domains in `/etc/resolv.conf`. c-ares reads the servers itself. */

/** The C library's limit. */
const MAX_DOMAINS = 32;

/** The last `search` or `domain` applies (resolv.conf(5)). Pods have `NAMESPACE.svc.cluster.local` and its parent domains. */
export function parseSearch(text: string): readonly string[] {
  let search: readonly string[] = [];
  for (const line of text.split('\n')) {
    const [keyword, ...values] = line
      .replace(/[#;].*$/s, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'search') search = values;
    if (keyword === 'domain') search = values.slice(0, 1);
  }
  return search
    .map((domain) => domain.replace(/\.$/, ''))
    .filter((domain) => domain !== '')
    .slice(0, MAX_DOMAINS);
}

/**
 * Returns the full names to try for a host name, in order. A name with a dot is first tried as it is, as on nodes (`ndots:1`):
 * with the `ndots:5` of a Pod, `docker.io` would first be a Service `docker` in a namespace `io`, which a tenant can create.
 */
export function fullNames(host: string, search: readonly string[]): readonly string[] {
  if (host.endsWith('.')) return [host.slice(0, -1)];
  const below = search.map((domain) => `${host}.${domain}`);
  return host.includes('.') ? [host, ...below] : [...below, host];
}
