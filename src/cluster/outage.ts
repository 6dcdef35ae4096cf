/** Turns errors of DNS, sockets, TLS, proxies, and HTTP into sentences about the API server. */
import { quoteValue } from '../image/quote.ts';
import { ApiError, ApiOutage, ApiResponseTooLong } from './api.ts';
import type { Connection } from './connection.ts';
import { CertificateError } from './connector.ts';
import { ProxyError } from './tunnel.ts';
import { UnusableSettings } from './unusable-settings.ts';

/** The response is not one of an API server. The message is a sentence fragment that follows the server. */
export class InvalidResponse extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'InvalidResponse';
  }
}

export class ResponseTooLong extends InvalidResponse {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'ResponseTooLong';
  }
}

/** Returns errors of the API server, and outages, as they are. */
export function outageOf(error: unknown, connection: Connection): ApiError | ApiOutage {
  if (error instanceof ApiError || error instanceof ApiOutage) return error;
  const server = `the API server ${connection.server.shown}`;
  if (error instanceof ResponseTooLong) return new ApiResponseTooLong(`${server} ${error.message}`, { cause: error });
  if (error instanceof InvalidResponse) return new ApiOutage(`${server} ${error.message}`, { cause: error });
  if (error instanceof UnusableSettings)
    return new ApiOutage(`cannot send requests to ${server}: ${error.message}`, { cause: error });
  const problem = problemOf(error, connection);
  return new ApiOutage(`cannot reach ${server}: ${problem}`, { cause: error });
}

function problemOf(error: unknown, connection: Connection): string {
  if (error instanceof CertificateError) return certificateProblem(error, connection);
  if (error instanceof ProxyError) return error.message;
  const code = codeOf(error);
  if (code === undefined) return error instanceof Error ? error.message : String(error);
  const [, problem] = PROBLEMS.find(([pattern]) => pattern.test(code)) ?? [undefined, 'the request failed'];
  const words = problem
    .replace('HOST', quoteValue(connection.server.url.hostname))
    .replace('USER', connection.user.title);
  return words.includes('; ') ? words.replace('; ', ` (${code}); `) : `${words} (${code})`;
}

/** undici wraps some errors, and Node collects the errors of several addresses in an AggregateError. */
export function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error.name === 'HTTPParserError') return 'HPE_INVALID';
  if ('code' in error && typeof error.code === 'string' && error.code !== '') return error.code;
  if (error instanceof AggregateError) return error.errors.map(codeOf).find((code) => code !== undefined);
  return codeOf(error.cause);
}

const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [/^ENOTFOUND$/, 'the host HOST does not exist in DNS; check "server" in the kubeconfig'],
  [/^EAI_/, 'DNS did not respond for HOST'],
  [/^ECONNREFUSED$/, 'it refused the connection; check that it runs, and "server" in the kubeconfig'],
  [/^(UND_ERR_CONNECT_TIMEOUT|ETIMEDOUT)$/, 'it did not accept a connection in time'],
  [/^UND_ERR_(HEADERS|BODY)_TIMEOUT$/, 'it did not respond in time'],
  [/^(ECONNRESET|EPIPE|UND_ERR_SOCKET)$/, 'it closed the connection'],
  [
    /^ERR_SSL_.*(CERTIFICATE_REQUIRED|ALERT_HANDSHAKE|BAD_CERTIFICATE|CERTIFICATE_EXPIRED|CERTIFICATE_UNKNOWN|UNKNOWN_CA)/,
    'it rejected the client certificate of USER',
  ],
  [/^(ERR_SSL_|EPROTO)/, 'it did not complete the TLS handshake; if it uses plain HTTP, start "server" with http://'],
  [/^UND_ERR_HEADERS_OVERFLOW|HPE_HEADER_OVERFLOW$/, 'it sent too many headers'],
  // ERR_ASSERTION: from undici, for the status 000.
  [/^(HPE_|UND_ERR_RES|ERR_ASSERTION$)/, 'it sent an invalid HTTP response'],
  [/^UND_ERR_(DESTROYED|CLOSED)$/, 'the client is closed'],
];

const TRUSTED = /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_CA|CERT_UNTRUSTED|CERT_SIGNATURE)/;

function certificateProblem({ chain, cause }: CertificateError, { server }: Connection): string {
  const [certificate] = chain;
  const code = codeOf(cause) ?? 'invalid';
  const shown = `its certificate ${nameOf(certificate.subject)}`;
  const host = quoteValue(server.tlsServerName ?? server.url.hostname);
  if (/ALTNAME|HOSTNAME/.test(code)) {
    const names = quoteValue(certificate.subjectAltName ?? '');
    return `${shown} is not for ${host} but for ${names}; use one of these names in "server" or "tls-server-name"`;
  }
  if (/^CERT_HAS_EXPIRED$/.test(code)) return `${expired(chain)}; renew it`;
  if (/^CERT_NOT_YET_VALID$/.test(code)) return `${shown} is valid from ${certificate.validFrom}; check the clocks`;
  if (!TRUSTED.test(code)) return `${shown} is not valid (${code})`;
  const issuer = nameOf(certificate.issuer);
  const remedy =
    server.ca === undefined
      ? `add it to the CAs of the system, or set "certificate-authority-data" in ${server.title}`
      : `update "certificate-authority-data" of ${server.title}`;
  return `${shown} is signed by ${issuer}, which is not a trusted CA; ${remedy} (${code})`;
}

/** The certificate that expired can be one of its CAs. */
function expired(chain: CertificateError['chain']): string {
  const old = chain.find(({ validToDate }) => validToDate.getTime() < Date.now());
  return old === undefined
    ? `a CA of its certificate ${nameOf(chain[0].subject)} has expired`
    : `its certificate ${nameOf(old.subject)} expired on ${old.validToDate.toISOString()}`;
}

/** `O=system:masters\nCN=admin` -> `"O=system:masters, CN=admin"` */
function nameOf(name: string): string {
  return quoteValue(name.split('\n').join(', '));
}
