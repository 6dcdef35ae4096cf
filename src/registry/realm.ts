/** Token servers: a Bearer challenge -> a token. CNCF distribution, docs/content/spec/auth/{token,oauth}.md. */
import { quoteValue } from '../image/quote.ts';
import type { Challenge } from './challenge.ts';
import { parsedObject } from './json.ts';
import { type createFollower, checkedUrl, type FinalAnswer, shownHost } from './redirect.ts';
import { refusalOf } from './refusal.ts';
import { basicAuthorization } from './secret.ts';
import type { RegistrySettings } from './settings.ts';
import type { Site } from './site.ts';
import type { Realm, Token } from './token-cache.ts';
import { type Place, protocolError } from './trouble.ts';

const MAX_TOKEN_BYTES = 64 * 1024;
const DEFAULT_LIFE_S = 60;
const CLIENT_ID = 'tidewaiter';

/** Throws a RegistryError when the registry names a realm that may not be asked. */
export function realmOf({ params }: Challenge, site: Site, settings: RegistrySettings): Realm {
  const text = params.get('realm') ?? '';
  const url = URL.parse(text);
  if (url === null)
    throw protocolError(`${site.name} names the token server ${quoteValue(text, 100)}, which is no URL`);
  checkedUrl(url, `${site.name} points`, { site, settings });
  url.hash = '';
  const scopes = (params.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  return { url, service: params.get('service'), scopes: scopes.length === 0 ? [usualScope(site)] : scopes };
}

/** What nearly every registry asks for, and what is asked where one does not say. */
export function usualScope({ repository }: Site): string {
  return `repository:${repository}:pull`;
}

export interface TokenAsking {
  readonly realm: Realm;
  readonly site: Site;
}

export function createTokenServerClient(
  follow: ReturnType<typeof createFollower>,
  now: () => number,
): (asking: TokenAsking, signal: AbortSignal) => Promise<Token> {
  return async (asking, signal) => {
    const { realm, site } = asking;
    const { url, service, scopes } = realm;
    const place: Place = { name: `the token server ${shownHost(url)} of ${site.name}`, host: url.host };
    const common = { site, place, maxBytes: MAX_TOKEN_BYTES };
    const secret = site.credential?.secret;
    const post = async (refreshToken: string): Promise<FinalAnswer> => {
      const form = { grant_type: 'refresh_token', refresh_token: refreshToken, client_id: CLIENT_ID };
      const body = new URLSearchParams({
        ...form,
        ...(service === undefined ? {} : { service }),
        scope: scopes.join(' '),
      });
      const headers = { 'content-type': 'application/x-www-form-urlencoded' };
      return follow(
        { ...common, method: 'POST', url, headers, body: body.toString(), authorization: undefined },
        signal,
      );
    };
    const get = async (authorization: string | undefined): Promise<FinalAnswer> => {
      const full = new URL(url);
      if (service !== undefined) full.searchParams.append('service', service);
      for (const scope of scopes) full.searchParams.append('scope', scope);
      return follow({ ...common, method: 'GET', url: full, headers: {}, authorization }, signal);
    };
    let answer: FinalAnswer;
    let authorization: string | undefined;
    if (secret?.kind === 'identity-token') {
      answer = await post(secret.token());
      authorization = basicAuthorization('', secret.token());
      // Token servers without the OAuth form answer so; what containerd does then.
      if (answer.status === 404 || answer.status === 405) answer = await get(authorization);
    } else {
      authorization = secret?.kind === 'basic' ? basicAuthorization(secret.username, secret.password()) : undefined;
      answer = await get(authorization);
    }
    if (answer.status === 404)
      throw protocolError(`${answer.place.name} has nothing where ${site.name} says tokens are`);
    if (answer.status !== 200) throw refusalOf({ place: answer.place, answer, site, authorization, now: now() });
    return tokenIn(answer);
  };
}

function tokenIn({ body, place }: FinalAnswer): Token {
  const answer = parsedObject(body);
  const value = [answer?.['token'], answer?.['access_token']].find((text) => typeof text === 'string' && text !== '');
  if (typeof value !== 'string' || !isBearerToken(value)) throw protocolError(`${place.name} sent no token`);
  const seconds = answer?.['expires_in'];
  const isGiven = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
  return { value, expiresInS: isGiven ? seconds : DEFAULT_LIFE_S };
}

/** Wider than RFC 6750, 2.1; anything else could not stand in a header. */
export function isBearerToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
