/**
 * Sends one request and follows its redirects. `Authorization` is sent only to the origin of the request (scheme, host, and
 * port). After a redirect to another origin it is not sent again, even to the first origin.
 */
import { quoteValue } from '../image/quote.ts';
import { entryOfUrl } from './registry-entry.ts';
import { type RegistryEntry, type RegistrySettings, UNLISTED } from './settings.ts';
import type { RegistryEndpoint } from './endpoint.ts';
import type { HttpResponse, HttpRequest } from './http-message.ts';
import { type RemoteHost, protocolError } from './network-errors.ts';
import { RegistryError } from './client.ts';

export interface RegistryRequest extends Omit<HttpRequest, 'entry' | 'tenant'> {
  readonly endpoint: RegistryEndpoint;
  readonly remote: RemoteHost;
  readonly authorization: string | undefined;
}

export interface FinalResponse extends HttpResponse {
  readonly remote: RemoteHost;
  /** True if it came from the origin of the request, so that its challenge can be answered. */
  readonly isFromOrigin: boolean;
}

export type Send = (request: HttpRequest, remote: RemoteHost, signal: AbortSignal) => Promise<HttpResponse>;

const MAX_REDIRECTS = 5;

export function createFollower(
  send: Send,
  settings: RegistrySettings,
): (request: RegistryRequest, signal: AbortSignal) => Promise<FinalResponse> {
  return async ({ endpoint, headers, authorization, ...rest }, signal) => {
    let { url, remote } = rest;
    let hasLeft = false;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const secret = hasLeft || authorization === undefined ? {} : { authorization };
      const entry = entryFor(url, endpoint, settings);
      const request = { ...rest, url, entry, tenant: endpoint.tenant, headers: { ...headers, ...secret } };
      const response = await send(request, remote, signal);
      const next = redirectOf(response, url, { request: rest, endpoint, settings, remote });
      if (next === undefined) return { ...response, remote, isFromOrigin: !hasLeft };
      if (next.origin !== url.origin) {
        hasLeft = true;
        remote = { name: `${shownHost(next)} (redirect from ${rest.remote.name})`, host: next.host };
      }
      url = next;
    }
    throw protocolError(`${rest.remote.name} redirects more than ${MAX_REDIRECTS} times`);
  };
}

/** Returns the settings of a host: those of the registry for its own host and port, otherwise the entry of that host. */
export function entryFor(url: URL, endpoint: RegistryEndpoint, { registries }: RegistrySettings): RegistryEntry {
  return url.host === endpoint.base.host ? endpoint.entry : (entryOfUrl(registries, url) ?? UNLISTED);
}

export function shownHost({ host }: URL): string {
  return host.length > 255 ? `${host.slice(0, 255)}…` : host;
}

interface Hop {
  readonly request: Pick<RegistryRequest, 'method'>;
  readonly endpoint: RegistryEndpoint;
  readonly settings: RegistrySettings;
  readonly remote: RemoteHost;
}

function redirectOf(response: HttpResponse, from: URL, hop: Hop): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(response.status)) return undefined;
  const { name } = hop.remote;
  // The body of a POST contains a credential.
  if (hop.request.method === 'POST') throw protocolError(`${name} redirects a request that contains a credential`);
  const location = response.headers.get('location')?.[0];
  const url = location === undefined ? null : URL.parse(location, from.href);
  if (url === null) throw protocolError(`${name} redirects to an invalid URL`);
  return checkedUrl(url, `${name} redirects`, hop);
}

/** Checks a URL from a registry: https, or http if the configuration marks the registry or the host as insecure. */
export function checkedUrl(url: URL, words: string, { endpoint, settings }: Pick<Hop, 'endpoint' | 'settings'>): URL {
  if (url.username !== '' || url.password !== '') throw protocolError(`${words} to a URL with a user name`);
  if (url.protocol === 'https:') return url;
  const scheme = quoteValue(url.protocol, 40);
  if (url.protocol !== 'http:') throw protocolError(`${words} to a URL with the scheme ${scheme}`);
  if (endpoint.entry.insecure || entryFor(url, endpoint, settings).insecure) return url;
  const message = `${words} to plain HTTP at ${shownHost(url)}, which is not allowed`;
  const remedy = `to allow this, set "insecure: true" for ${quoteValue(url.host, 255)} under "registries" in tidewaiter.yaml`;
  throw new RegistryError({ cause: 'blocked', message, remedy });
}
