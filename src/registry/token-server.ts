/** Fetches tokens for Bearer challenges: CNCF distribution, docs/content/spec/auth/{token,oauth}.md. */
import { quoteValue } from '../image/quote.ts';
import type { Challenge } from './challenge.ts';
import { parsedObject } from './response-json.ts';
import { type RegistryRequest, type createFollower, checkedUrl, type FinalResponse, shownHost } from './redirect.ts';
import { httpError } from './http-errors.ts';
import { basicAuthorization } from './authorization.ts';
import type { RegistrySettings } from './settings.ts';
import type { RegistryEndpoint } from './endpoint.ts';
import type { Realm, Token } from './token-cache.ts';
import { type RemoteHost, protocolError } from './network-errors.ts';

const MAX_TOKEN_BYTES = 64 * 1024;
const DEFAULT_LIFE_S = 60;
/** Returned by token servers without the OAuth form (Artifactory 401, ACR 400); containerd then uses the other form. */
const WITHOUT_FORM: readonly number[] = [400, 401, 404, 405];
const CLIENT_ID = 'tidewaiter';

/** Throws a RegistryError if the registry names a realm that is not allowed. */
export function realmOf({ params }: Challenge, endpoint: RegistryEndpoint, settings: RegistrySettings): Realm {
  const text = params.get('realm') ?? '';
  const url = URL.parse(text);
  if (url === null)
    throw protocolError(`${endpoint.name} names the token server ${quoteValue(text, 100)}, which is not a valid URL`);
  checkedUrl(url, `${endpoint.name} points`, { endpoint, settings });
  url.hash = '';
  const scopes = (params.get('scope') ?? '').split(' ').filter((scope) => scope !== '');
  return { url, service: params.get('service'), scopes: scopes.length === 0 ? [usualScope(endpoint)] : scopes };
}

/** The scope that nearly all registries request, and the default. */
export function usualScope({ repository }: RegistryEndpoint): string {
  return `repository:${repository}:pull`;
}

/** The token server in messages. */
export function tokenServerOf({ url }: Realm, endpoint: RegistryEndpoint): RemoteHost {
  const which = url.host === endpoint.base.host ? '' : ` ${shownHost(url)}`;
  return { name: `the token server${which} of ${endpoint.name}`, host: url.host };
}

export interface TokenRequest {
  readonly realm: Realm;
  readonly endpoint: RegistryEndpoint;
}

export function createTokenServerClient(
  follow: ReturnType<typeof createFollower>,
  now: () => number,
): (request: TokenRequest, signal: AbortSignal) => Promise<Token> {
  return async (request, signal) => {
    const { endpoint } = request;
    const [first, second] = attempts(request);
    let sent = first;
    let response = await follow(sent, signal);
    if (second !== undefined && WITHOUT_FORM.includes(response.status)) {
      sent = second;
      response = await follow(sent, signal);
    }
    const { remote, status } = response;
    if (status === 404) throw protocolError(`${remote.name} returned HTTP 404`);
    if (status !== 200) throw httpError({ remote, response, endpoint, authorization: sent.authorization, now: now() });
    return tokenIn(response);
  };
}

function attempts(request: TokenRequest): readonly [RegistryRequest, RegistryRequest?] {
  const secret = request.endpoint.credential?.secret;
  if (secret?.kind === 'basic') return [byQuery(request, basicAuthorization(secret.username, secret.password()))];
  if (secret?.kind !== 'identity-token') return [byQuery(request, undefined)];
  const token = secret.token();
  return [byForm(request, token), byQuery(request, basicAuthorization('', token))];
}

/** auth/token.md; keeps the query of the realm. */
function byQuery({ realm, endpoint }: TokenRequest, authorization: string | undefined): RegistryRequest {
  const url = new URL(realm.url);
  if (realm.service !== undefined) url.searchParams.append('service', realm.service);
  for (const scope of realm.scopes) url.searchParams.append('scope', scope);
  const remote = tokenServerOf(realm, endpoint);
  return { method: 'GET', url, headers: {}, authorization, endpoint, remote, maxBytes: MAX_TOKEN_BYTES };
}

/** auth/oauth.md, "Refresh Token Format". */
function byForm({ realm, endpoint }: TokenRequest, refreshToken: string): RegistryRequest {
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
    endpoint,
    remote: tokenServerOf(realm, endpoint),
    maxBytes: MAX_TOKEN_BYTES,
  };
}

function tokenIn({ body, remote }: FinalResponse): Token {
  const response = parsedObject(body);
  const value = [response?.['token'], response?.['access_token']].find(
    (text) => typeof text === 'string' && text !== '',
  );
  if (typeof value !== 'string' || !isBearerToken(value)) throw protocolError(`${remote.name} returned no token`);
  const seconds = response?.['expires_in'];
  const isGiven = typeof seconds === 'number' && Number.isFinite(seconds) && seconds > 0;
  return { value, expiresInS: isGiven ? seconds : DEFAULT_LIFE_S };
}

/** Wider than RFC 6750, 2.1: all characters that a header can contain. */
export function isBearerToken(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
