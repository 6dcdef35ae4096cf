/** Requests to an OpenID Connect issuer, through the proxies of the environment. Messages never contain a token. */
import { type Dispatcher, request as send } from 'undici';
import { quoteValue } from '../image/quote.ts';
import type { JsonObject } from '../pod/pointer.ts';
import type { Connection } from './connection.ts';
import { CertificateError } from './connector.ts';
import { createDispatchers } from './dispatchers.ts';
import { textIn } from './entry.ts';
import type { CredentialOptions } from './identity.ts';
import { codeOf, InvalidResponse } from './outage.ts';
import { objectIn } from './response-body.ts';
import { ProxyError } from './tunnel.ts';
import { UnusableSettings, unusableProvider } from './unusable-settings.ts';

export interface IssuerOptions extends Pick<CredentialOptions, 'env' | 'closed'> {
  /** PEM. */
  readonly ca: string;
}

export interface IssuerResponse {
  readonly status: number;
  /** Empty if it is not a JSON object. */
  readonly body: JsonObject;
}

const TIMEOUT_MS = 15_000;
/** As in Go's oauth2. */
const MAX_BYTES = 1024 * 1024;

/** Follows no redirects. */
export async function sendToIssuer(
  url: URL,
  options: Partial<Pick<Dispatcher.RequestOptions, 'method' | 'body'>> & {
    readonly headers?: Readonly<Record<string, string>>;
  },
  { ca, env, closed }: IssuerOptions,
): Promise<IssuerResponse> {
  const dispatchers = createDispatchers(connectionTo(url), env);
  const limit = AbortSignal.timeout(TIMEOUT_MS);
  const signal = closed === undefined ? limit : AbortSignal.any([limit, closed]);
  try {
    const dispatcher = dispatchers.dispatcherFor({ authorization: undefined, ca, cert: undefined, key: undefined });
    const headers = { accept: 'application/json', ...options.headers };
    const { statusCode: status, body } = await send(url, { method: 'GET', ...options, headers, dispatcher, signal });
    body.on('error', () => {});
    return { status, body: (await objectIn(body, MAX_BYTES)) ?? {} };
  } catch (error) {
    throw error instanceof UnusableSettings
      ? error
      : unusableProvider(`cannot reach ${url.origin}: ${reasonOf(error, limit)}`, error);
  } finally {
    await dispatchers.close();
  }
}

function connectionTo(url: URL): Connection {
  const title = `the issuer ${quoteValue(url.origin)}`;
  const certificates = { ca: undefined, skipsTlsVerification: false, tlsServerName: undefined };
  return {
    server: { url, shown: url.origin, ...certificates, proxyUrl: undefined, title, entry: {} },
    user: { title, certificate: undefined, credential: { kind: 'none' }, impersonation: [] },
    namespace: 'default',
  };
}

function reasonOf(error: unknown, limit: AbortSignal): string {
  if (limit.aborted) return `it did not respond within ${TIMEOUT_MS / 1000} s`;
  if (error instanceof CertificateError)
    return `its certificate is not accepted (${codeOf(error.cause) ?? 'invalid'}); check "idp-certificate-authority"`;
  if (error instanceof ProxyError || error instanceof InvalidResponse) return error.message;
  return codeOf(error) ?? 'the request failed';
}

/** ` (HTTP 400, invalid_grant)`; other texts of the issuer can contain anything. */
export function shownStatus({ status, body }: IssuerResponse): string {
  const error = textIn(body, 'error');
  return /^[a-z_]{1,40}$/.test(error) ? `HTTP ${status}, ${error}` : `HTTP ${status}`;
}
