/**
 * OpenID Connect tokens of an `auth-provider`, as client-go gets them (plugin/pkg/client/auth/oidc): the id-token while it is
 * valid, and then a new one for the refresh-token. New tokens are kept in memory, and not written into the kubeconfig.
 */
import { decodeBase64 } from '../go/base64.ts';
import { isObject, type JsonObject, parsedJsonObject } from '../pod/pointer.ts';
import { textIn } from './entry.ts';
import { createFileContent } from './file-content.ts';
import type { CredentialOptions, Identity, Renewable } from './identity.ts';
import { type IssuerOptions, type IssuerResponse, sendToIssuer, shownStatus } from './oidc-request.ts';
import { createRenewedIdentity, type ExpiringIdentity } from './renewed-identity.ts';
import { systemAuthorities } from './system-authorities.ts';
import { unusableProvider } from './unusable-settings.ts';
import { basicHeader } from './user-info.ts';

/** `provider`: `auth-provider` as written, with the name `oidc`. */
export function createOidcIdentity(provider: JsonObject, options: CredentialOptions): Renewable<Identity> {
  const config = isObject(provider['config']) ? provider['config'] : {};
  const { now } = options;
  let [idToken, refreshToken] = [textIn(config, 'id-token'), textIn(config, 'refresh-token')];
  const fetch = async (): Promise<ExpiringIdentity> => {
    if (idToken === '' || expiryOf(idToken) - MARGIN_MS <= now()) {
      const response = await refresh(config, refreshToken, options);
      idToken = textIn(response, 'id_token');
      refreshToken = textIn(response, 'refresh_token') || refreshToken;
    }
    return { identity: { authorization: `Bearer ${idToken}` }, expiresAt: expiryOf(idToken) };
  };
  const renewed = createRenewedIdentity({ fetch, now, pause: 'it is not used again' });
  // Like kubectl, requests no other token after HTTP 401: many refresh-tokens are valid once.
  return { read: () => renewed.read(), expire: () => {} };
}

/** As in client-go. */
const MARGIN_MS = 10_000;

/** Unix time in milliseconds. A token without `exp` has expired. The message never contains the token. */
function expiryOf(idToken: string): number {
  const [, payload = '', ...rest] = idToken.split('.');
  const text = decodeBase64(payload.replaceAll('-', '+').replaceAll('_', '/'), { padded: false });
  const claims = rest.length === 1 ? parsedJsonObject(text ?? '') : undefined;
  if (claims === undefined) throw unusableProvider('has an id-token that is not a valid JWT; log in again');
  return 1000 * (typeof claims['exp'] === 'number' ? claims['exp'] : 0);
}

/** Returns the response to the grant (RFC 6749, section 6), with an id_token. */
async function refresh(config: JsonObject, refreshToken: string, options: CredentialOptions): Promise<JsonObject> {
  if (refreshToken === '')
    throw unusableProvider('has an id-token that has expired, and no refresh-token; log in again');
  const [issuer, client] = [required(config, 'idp-issuer-url'), required(config, 'client-id')];
  const server = { ...options, ca: await authoritiesOf(config, options) };
  const endpoint = await tokenEndpoint(issuer, server);
  const response = await grant(endpoint, { client, secret: textIn(config, 'client-secret'), refreshToken }, server);
  if (response.status !== 200) {
    throw unusableProvider(`got no token from ${endpoint.origin} (${shownStatus(response)}); log in again`);
  }
  if (textIn(response.body, 'id_token') !== '') return response.body;
  throw unusableProvider(`got no id_token from ${endpoint.origin}; log in again with the scope "openid"`);
}

function required(config: JsonObject, key: string): string {
  const value = textIn(config, key);
  if (value === '') throw unusableProvider(`requires "${key}" to refresh its id-token`);
  return value;
}

async function authoritiesOf(config: JsonObject, { env, now }: CredentialOptions): Promise<string> {
  const [file, data] = ['', '-data'].map((end) => textIn(config, `idp-certificate-authority${end}`));
  if (data) return decodeBase64(data, { padded: true }) ?? '';
  return file ? createFileContent(file, now).read() : (await systemAuthorities(env)).join('\n');
}

async function tokenEndpoint(issuer: string, server: IssuerOptions): Promise<URL> {
  const url = URL.parse(`${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`);
  if (url === null || !isHttp(url)) throw unusableProvider('requires an https:// URL in "idp-issuer-url"');
  const response = await sendToIssuer(url, {}, server);
  const endpoint = URL.parse(textIn(response.body, 'token_endpoint'));
  if (response.status !== 200 || endpoint === null || !isHttp(endpoint))
    throw unusableProvider(`found no token_endpoint at ${url.origin} (${shownStatus(response)})`);
  if (url.protocol === 'https:' && endpoint.protocol === 'http:')
    throw unusableProvider(`does not send its refresh-token over plain HTTP to ${endpoint.origin}`);
  return endpoint;
}

function isHttp({ protocol }: URL): boolean {
  return protocol === 'https:' || protocol === 'http:';
}

interface Grant {
  readonly client: string;
  readonly secret: string;
  readonly refreshToken: string;
}

/** As Go's oauth2, sends the secret as a header, and then in the body if the issuer rejects that. */
async function grant(
  endpoint: URL,
  { client, secret, refreshToken }: Grant,
  server: IssuerOptions,
): Promise<IssuerResponse> {
  const form = { grant_type: 'refresh_token', refresh_token: refreshToken };
  const authorization = basicHeader({ username: queryEscaped(client), password: queryEscaped(secret) });
  const first = await post(endpoint, form, { authorization }, server);
  if (first.status === 200 && Object.keys(first.body).length > 0) return first;
  return post(endpoint, { ...form, client_id: client, ...(secret !== '' && { client_secret: secret }) }, {}, server);
}

async function post(
  endpoint: URL,
  form: Readonly<Record<string, string>>,
  headers: Readonly<Record<string, string>>,
  server: IssuerOptions,
): Promise<IssuerResponse> {
  const body = new URLSearchParams(form).toString();
  const type = { 'content-type': 'application/x-www-form-urlencoded' };
  return sendToIssuer(endpoint, { method: 'POST', body, headers: { ...type, ...headers } }, server);
}

function queryEscaped(text: string): string {
  return new URLSearchParams({ '': text }).toString().slice(1);
}
