/** Selects the proxy for requests to a registry: the one of its entry, or the one of the environment. */
import { type Environment, parseProxy, proxyVariable } from '../go/http-proxy.ts';
import { RegistryError } from './client.ts';
import type { RegistryEntry } from './settings.ts';

/** Returns undefined if no proxy is used. An invalid proxy is an error, because direct requests would bypass the proxy. */
export function proxyFor(url: URL, entry: RegistryEntry, env: Environment): URL | undefined {
  const text = entry.proxy ?? proxyVariable(url, env);
  if (text === undefined || entry.proxy === 'none') return undefined;
  const proxy = parseProxy(text);
  if (proxy !== undefined) return proxy;
  // The message omits the value, which can contain a password.
  const message = 'no registry is contacted: the proxy (HTTPS_PROXY, HTTP_PROXY) must be an http:// or https:// URL';
  throw new RegistryError({ cause: 'blocked', message, remedy: 'correct the proxy, or add the registry to NO_PROXY' });
}
