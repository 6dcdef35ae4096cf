/** Token servers: a Bearer challenge -> a token. CNCF distribution, docs/content/spec/auth/{token,oauth}.md. */
import { quoteValue } from '../image/quote.ts';
import type { Challenge } from './challenge.ts';
import { parsedObject } from './response-json.ts';
import { type Asking, type createFollower, checkedUrl, type FinalAnswer, shownHost } from './redirect.ts';
import { refusalOf } from './http-errors.ts';
import { basicAuthorization } from './secret.ts';
import type { RegistrySettings } from './settings.ts';
import type { Site } from './endpoint.ts';
import type { Realm, Token } from './token-cache.ts';
import { type Place, protocolError } from './network-errors.ts';

const MAX_TOKEN_BYTES = 64 * 1024;
const DEFAULT_LIFE_S = 60;
/** Token servers that know no OAuth form answer so (Artifactory 401, ACR 400), and containerd then asks in the other form. */
const WITHOUT_FORM: readonly number[] = [400, 401, 404, 405];
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

/** How messages name it. */
export function tokenPlace({ url }: Realm, site: Site): Place {
  const which = url.host === site.base.host ? '' : ` ${shownHost(url)}`;
  return { name: `the token server${which} of ${site.name}`, host: url.host };
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
    const { site } = asking;
    const [first, second] = attempts(asking);
    let sent = first;
    let answer = await follow(sent, signal);
    if (second !== undefined && WITHOUT_FORM.includes(answer.status)) {
      sent = second;
      answer = await follow(sent, signal);
    }
    const { place, status } = answer;
    if (status === 404) throw protocolError(`${place.name} has nothing where ${site.name} says tokens are`);
    if (status !== 200) throw refusalOf({ place, answer, site, authorization: sent.authorization, now: now() });
    return tokenIn(answer);
  };
}

function attempts(asking: TokenAsking): readonly [Asking, Asking?] {
  const secret = asking.site.credential?.secret;
  if (secret?.kind === 'basic') return [byQuery(asking, basicAuthorization(secret.username, secret.password()))];
  if (secret?.kind !== 'identity-token') return [byQuery(asking, undefined)];
  const token = secret.token();
  return [byForm(asking, token), byQuery(asking, basicAuthorization('', token))];
}

/** auth/token.md; what the realm has of a query stays. */
function byQuery({ realm, site }: TokenAsking, authorization: string | undefined): Asking {
  const url = new URL(realm.url);
  if (realm.service !== undefined) url.searchParams.append('service', realm.service);
  for (const scope of realm.scopes) url.searchParams.append('scope', scope);
  const place = tokenPlace(realm, site);
  return { method: 'GET', url, headers: {}, authorization, site, place, maxBytes: MAX_TOKEN_BYTES };
}

/** auth/oauth.md, "Refresh Token Format". */
function byForm({ realm, site }: TokenAsking, refreshToken: string): Asking {
  const { url, service, scopes } = realm;
  const body = new URLSearchParams({
    grant_type: 'refresh_token',
    refresh_token: refreshToken,
    client_id: CLIENT_ID,
    ...(service === undefined ? {} : { service }),
    scope: scopes.join(' '),
  });
  return {
    method: 'POST',
    url,
    headers: { 'content-type': 'application/x-www-form-urlencoded' },
    body: body.toString(),
    authorization: undefined,
    site,
    place: tokenPlace(realm, site),
    maxBytes: MAX_TOKEN_BYTES,
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
