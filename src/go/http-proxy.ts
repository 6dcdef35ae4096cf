/** Selects the proxy for a URL from HTTPS_PROXY, HTTP_PROXY, and NO_PROXY, as Go does (x/net/http/httpproxy). */
import { type IpAddress, parseIp } from './ip.ts';

/** Environment variables. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the text of the variable; `undefined`: no proxy. */
export function proxyVariable(url: URL, env: Environment): string | undefined {
  const proxy = variable(env, url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY');
  return proxy === undefined || isExcluded(url, variable(env, 'NO_PROXY') ?? '') ? undefined : proxy;
}

function variable(env: Environment, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined;
}

/** The scheme is optional. Returns `undefined` if it is not a URL with one of these protocols. */
export function parseProxy(text: string, protocols: readonly string[] = ['http:', 'https:']): URL | undefined {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  return url !== null && protocols.includes(url.protocol) ? url : undefined;
}

function isExcluded(url: URL, noProxy: string): boolean {
  const host = url.hostname.replaceAll(/^\[|\]$|\.$/g, '').toLowerCase();
  const port = url.port || (url.protocol === 'https:' ? '443' : '80');
  if (host === 'localhost' || isLoopback(host)) return true;
  return noProxy
    .split(/[\s,]+/)
    .filter((item) => item !== '')
    .some((item) => excludes(item.toLowerCase(), host, port));
}

function isLoopback(host: string): boolean {
  return host === '::1' || (parseIp(host)?.family === 4 && host.startsWith('127.'));
}

function excludes(item: string, host: string, port: string): boolean {
  if (item === '*') return true;
  if (item.includes('/')) return isInRange(host, item);
  const [, name = item, wanted] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/.exec(item) ?? [];
  if (wanted !== undefined && wanted !== port) return false;
  const bare = name.replaceAll(/^\[|\]$/g, '');
  return parseIp(bare) === undefined ? isWithin(host, bare) : bare === host;
}

/** `.example.com` and `*.example.com` match only subdomains; `example.com` also matches itself. */
function isWithin(host: string, domain: string): boolean {
  const parent = domain.replace(/^\*?\./, '');
  if (parent === '') return false;
  return host.endsWith(`.${parent}`) || (parent === domain && host === domain);
}

function isInRange(host: string, range: string): boolean {
  const [network = '', length = ''] = range.split('/');
  const [address, start] = [parseIp(host), parseIp(network)];
  if (address === undefined || address.family !== start?.family || !/^[0-9]{1,3}$/.test(length)) return false;
  const bits = Number(length);
  return bits <= (start.family === 4 ? 32 : 128) && prefixOf(address, bits) === prefixOf(start, bits);
}

function prefixOf({ words }: IpAddress, bits: number): string {
  return words
    .map((word) => word.toString(2).padStart(16, '0'))
    .join('')
    .slice(0, bits);
}
