/** `/etc/resolv.conf`: where short names may be found. The servers in it are read by c-ares itself. */

/** What the C library takes. */
const MAX_DOMAINS = 32;

/** `search` or `domain`, whichever comes last (resolv.conf(5)); a cluster gives a Pod `NAMESPACE.svc.cluster.local` and its parents. */
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
 * The full names that a host name may stand for, in the order in which they are tried. A name with a dot is tried as it is
 * first, as nodes do (`ndots:1`): with the `ndots:5` of a Pod, `docker.io` would first be a Service `docker` in a namespace
 * `io`, which a tenant can create.
 */
export function fullNames(host: string, search: readonly string[]): readonly string[] {
  if (host.endsWith('.')) return [host.slice(0, -1)];
  const below = search.map((domain) => `${host}.${domain}`);
  return host.includes('.') ? [host, ...below] : [...below, host];
}
