/** Selects the proxy for a URL from HTTPS_PROXY, HTTP_PROXY, and NO_PROXY, as Go and therefore nodes do (x/net/http/httpproxy). */
import { BlockList, isIP } from 'node:net';
import { RegistryError } from './client.ts';
import type { RegistryEntry } from './settings.ts';

export type Environment = Readonly<Record<string, string | undefined>>;

/** Returns the proxy's URL. `undefined`: no proxy. `proxy` in an entry has precedence. */
export function proxyFor(url: URL, entry: RegistryEntry, env: Environment): URL | undefined {
  if (entry.proxy === 'none') return undefined;
  if (entry.proxy !== undefined) return proxyUrl(entry.proxy);
  const name = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY';
  const proxy = variable(env, name);
  return proxy === undefined || isExcluded(url, variable(env, 'NO_PROXY') ?? '') ? undefined : proxyUrl(proxy);
}

function variable(env: Environment, name: string): string | undefined {
  return env[name] || env[name.toLowerCase()] || undefined;
}

/** The scheme is optional. An invalid proxy is an error, because direct requests would bypass the proxy. */
function proxyUrl(text: string): URL {
  const url = URL.parse(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  if (url !== null && /^https?:$/.test(url.protocol)) return url;
  // The message omits the value, which can contain a password.
  const message = 'no registry is contacted: the proxy (HTTPS_PROXY, HTTP_PROXY) must be an http:// or https:// URL';
  throw new RegistryError({ cause: 'blocked', message, remedy: 'correct the proxy, or add the registry to NO_PROXY' });
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
  return host === '::1' || (isIP(host) === 4 && host.startsWith('127.'));
}

function excludes(item: string, host: string, port: string): boolean {
  if (item === '*') return true;
  if (item.includes('/')) return isInRange(host, item);
  const [, name = item, wanted] = /^(\[[^\]]*\]|[^:]*)(?::([0-9]+))?$/.exec(item) ?? [];
  if (wanted !== undefined && wanted !== port) return false;
  const bare = name.replaceAll(/^\[|\]$/g, '');
  return isIP(bare) === 0 ? isWithin(host, bare) : bare === host;
}

/** `.example.com` and `*.example.com` match only subdomains; `example.com` also matches itself. */
function isWithin(host: string, domain: string): boolean {
  const parent = domain.replace(/^\*?\./, '');
  if (parent === '') return false;
  return host.endsWith(`.${parent}`) || (parent === domain && host === domain);
}

function isInRange(host: string, range: string): boolean {
  const [address = '', bits = ''] = range.split('/');
  const family = isIP(address);
  if (family === 0 || isIP(host) !== family || !/^[0-9]{1,3}$/.test(bits)) return false;
  if (Number(bits) > (family === 4 ? 32 : 128)) return false;
  const list = new BlockList();
  list.addSubnet(address, Number(bits), family === 4 ? 'ipv4' : 'ipv6');
  return list.check(host, family === 4 ? 'ipv4' : 'ipv6');
}
