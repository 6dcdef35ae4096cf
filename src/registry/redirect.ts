/**
 * One request and the redirects that answer it. `Authorization` goes to the origin that was asked and to no other (scheme,
 * host and port), and once a redirect has left that origin it is not sent again, not even back to it.
 */
import { quoteValue } from '../image/quote.ts';
import { entryOfUrl } from './registry-entry.ts';
import { type RegistryEntry, type RegistrySettings, UNLISTED } from './settings.ts';
import type { Site } from './endpoint.ts';
import type { HttpAnswer, HttpRequest } from './http-message.ts';
import { type Place, protocolError } from './network-errors.ts';
import { RegistryError } from './client.ts';

export interface Asking extends Omit<HttpRequest, 'entry' | 'tenant'> {
  readonly site: Site;
  readonly place: Place;
  readonly authorization: string | undefined;
}

export interface FinalAnswer extends HttpAnswer {
  readonly place: Place;
  /** Whether it came from where the question went, so that a challenge in it may be answered. */
  readonly isFromOrigin: boolean;
}

export type Send = (request: HttpRequest, place: Place, signal: AbortSignal) => Promise<HttpAnswer>;

const MAX_REDIRECTS = 5;

export function createFollower(
  send: Send,
  settings: RegistrySettings,
): (asking: Asking, signal: AbortSignal) => Promise<FinalAnswer> {
  return async ({ site, headers, authorization, ...asking }, signal) => {
    let { url, place } = asking;
    let hasLeft = false;
    for (let hop = 0; hop <= MAX_REDIRECTS; hop += 1) {
      const secret = hasLeft || authorization === undefined ? {} : { authorization };
      const entry = entryFor(url, site, settings);
      const request = { ...asking, url, entry, tenant: site.tenant, headers: { ...headers, ...secret } };
      const answer = await send(request, place, signal);
      const next = redirectOf(answer, url, { asking, site, settings, place });
      if (next === undefined) return { ...answer, place, isFromOrigin: !hasLeft };
      if (next.origin !== url.origin) {
        hasLeft = true;
        place = { name: `${shownHost(next)}, where ${asking.place.name} redirects to,`, host: next.host };
      }
      url = next;
    }
    throw protocolError(`${asking.place.name} redirects more than ${MAX_REDIRECTS} times`);
  };
}

/** What the configuration says about a host: that of the registry for its own host and port, else the entry of that host. */
export function entryFor(url: URL, site: Site, { registries }: RegistrySettings): RegistryEntry {
  return url.host === site.base.host ? site.entry : (entryOfUrl(registries, url) ?? UNLISTED);
}

export function shownHost({ host }: URL): string {
  return host.length > 255 ? `${host.slice(0, 255)}…` : host;
}

interface Hop {
  readonly asking: Pick<Asking, 'method'>;
  readonly site: Site;
  readonly settings: RegistrySettings;
  readonly place: Place;
}

function redirectOf(answer: HttpAnswer, from: URL, hop: Hop): URL | undefined {
  if (![301, 302, 303, 307, 308].includes(answer.status)) return undefined;
  const { name } = hop.place;
  // The body of a POST holds a credential.
  if (hop.asking.method === 'POST') throw protocolError(`${name} redirects a request that holds a credential`);
  const location = answer.headers.get('location')?.[0];
  const url = location === undefined ? null : URL.parse(location, from.href);
  if (url === null) throw protocolError(`${name} redirects to what is no URL`);
  return checkedUrl(url, `${name} redirects`, hop);
}

/** Where a registry sends us: https, or http where the configuration says that this registry or that host is insecure. */
export function checkedUrl(url: URL, words: string, { site, settings }: Pick<Hop, 'site' | 'settings'>): URL {
  if (url.username !== '' || url.password !== '') throw protocolError(`${words} to a URL with a user in it`);
  if (url.protocol === 'https:') return url;
  const scheme = quoteValue(url.protocol, 40);
  if (url.protocol !== 'http:') throw protocolError(`${words} to a URL that begins with ${scheme}`);
  if (site.entry.insecure || entryFor(url, site, settings).insecure) return url;
  const message = `${words} to plain HTTP at ${shownHost(url)}, which is not asked`;
  const remedy = `if that is meant, set "insecure: true" in the entry for ${quoteValue(url.host, 255)} under "registries" in tidewaiter.yaml`;
  throw new RegistryError({ cause: 'blocked', message, remedy });
}
