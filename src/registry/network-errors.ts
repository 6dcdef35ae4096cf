/** Turns errors of DNS, sockets, TLS, and HTTP into RegistryErrors. */
import { quoteValue } from '../image/quote.ts';
import type { RegistryCause, RegistryFailure } from '../policy/registry-fact.ts';
import { isCredentialFailure } from './causes.ts';
import { RegistryError } from './client.ts';
import { BlockedAddress } from './connector.ts';
import { DnsError } from './host-names.ts';
import { OverloadError } from './congestion.ts';
import { InvalidResponse } from './http-message.ts';

/** The host of a request: `docker.io`, `the token server auth.docker.io of docker.io`. */
export interface RemoteHost {
  readonly name: string;
  /** As in a URL. */
  readonly host: string;
  /** True for the registry itself, under its name in the image. */
  readonly isRegistry?: boolean;
}

/** Converts an error of a request. Throws an error that does not come from the network, as it is a bug. */
export function networkError(error: unknown, remote: RemoteHost, signal: AbortSignal): RegistryError {
  if (error instanceof RegistryError) return error;
  const converted = networkErrorAt(error, remote, signal);
  return remote.isRegistry === true && !isForOperator(error) ? asPublic(converted) : converted;
}

/** The author of an object can change neither the addresses of a network nor its proxy. */
function isForOperator(error: unknown): boolean {
  return error instanceof BlockedAddress ? !error.isLiteral : OF_PROXY.test(codeOf(error) ?? '');
}

/** Returns the same error, visible to tenants. */
export function asPublic({ failure, retryAfterMs, cause }: RegistryError): RegistryError {
  return new RegistryError({ ...failure, isPublic: true }, { cause, retryAfterMs });
}

function networkErrorAt(error: unknown, remote: RemoteHost, signal: AbortSignal): RegistryError {
  // Comes before the timeout: a host without a connection received no request, so it was not slow.
  const unsent = unsentFailure(error, remote);
  if (unsent !== undefined) return new RegistryError(unsent, { cause: error });
  if (signal.aborted) return timeoutError(remote, error);
  if (error instanceof InvalidResponse) return protocolError(`${remote.name} ${error.message}`);
  // Errors of undici's parser have no code.
  const code = error instanceof Error && error.name === 'HTTPParserError' ? 'HPE_INVALID' : codeOf(error);
  if (code === undefined) throw error;
  const [, cause, words, remedy] = ROWS.find(([pattern]) => pattern.test(code)) ?? UNKNOWN_CODE;
  const host = quoteValue(remote.host, 255);
  const failure = { cause, message: `${remote.name} ${words} (${code})`, remedy: remedy?.replace('HOST', host) };
  return new RegistryError(failure, { cause: error });
}

export function timeoutError({ name, isRegistry }: RemoteHost, cause?: unknown): RegistryError {
  const message = `${name} did not respond in time`;
  const error = new RegistryError({ cause: 'timeout', message, remedy: undefined }, { cause });
  return isRegistry === true ? asPublic(error) : error;
}

export function protocolError(message: string, remedy?: string): RegistryError {
  return new RegistryError({ cause: 'protocol', message, remedy });
}

const DNS_PROBLEMS: Readonly<Record<DnsError['kind'], string>> = {
  absent: 'cannot be resolved',
  silent: 'cannot be resolved: DNS did not respond in time',
  broken: 'cannot be resolved: DNS lookup failed',
};

function unsentFailure(error: unknown, remote: RemoteHost): RegistryFailure | undefined {
  if (error instanceof DnsError) return withoutAddress(error, remote);
  if (error instanceof BlockedAddress) return blockedAddressFailure(error, remote);
  if (!(error instanceof OverloadError)) return undefined;
  return { cause: 'tooMany', message: `${remote.name} ${error.message}`, remedy: 'try again in a moment' };
}

function withoutAddress(error: DnsError, { name }: RemoteHost): RegistryFailure {
  const message = `${name} ${DNS_PROBLEMS[error.kind]} (${error.code})`;
  const remedy = error.kind === 'absent' ? 'check the registry name and DNS' : undefined;
  return { cause: 'dns', message, remedy };
}

/** The number of mirrors in an entry is not limited. */
const MAX_MIRRORS_SHOWN = 3;

/** Adds the failures of mirrors to the message. The cause stays that of the registry. */
export function withMirrors(error: RegistryError, mirrors: readonly RegistryError[]): RegistryError {
  if (mirrors.length === 0 || isCredentialFailure(error.failure)) return error;
  const messages = mirrors.slice(0, MAX_MIRRORS_SHOWN).map(({ failure }) => failure.message);
  const message = [error.failure.message, ...messages].join('; ');
  return new RegistryError(
    { ...error.failure, message, isPublic: undefined },
    { cause: error, retryAfterMs: error.retryAfterMs },
  );
}

/** An address in the image is caused by its author. The address of a name comes from DNS, and can change for all images. */
function blockedAddressFailure(
  { address, kind, isLiteral }: BlockedAddress,
  { name, host, isRegistry }: RemoteHost,
): RegistryFailure {
  const resolved = isLiteral ? 'has' : 'resolves to';
  const message = `${name} was not contacted: ${quoteValue(host, 255)} ${resolved} the ${kind} address ${address}`;
  const entry = `{host: ${quoteValue(host, 255)}, allowPrivate: true}`;
  return {
    cause: 'blocked',
    message,
    remedy: kind === 'metadata' ? undefined : `to allow this, add ${entry} to "registries" in tidewaiter.yaml`,
    ...(isLiteral && isRegistry === true ? { causedBy: 'author' } : {}),
  };
}

/** undici wraps some errors, and Node collects the errors of several addresses in an AggregateError. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && error.code !== '') return error.code;
  if (error instanceof AggregateError) return error.errors.map(codeOf).find((code) => code !== undefined);
  return codeOf(error.cause);
}

const OF_PROXY = /^(UND_ERR_PRX|UND_ERR_ABORTED|PROXY_)/;
const CUT = /^(UND_ERR_SOCKET|ECONNRESET|EPIPE|ECONNABORTED)$/;

/** Reports whether an established connection was closed by the other side. */
export function wasCut(error: unknown): boolean {
  return error instanceof RegistryError && CUT.test(codeOf(error.cause) ?? '');
}

const CA = 'set "ca" for HOST under "registries" in tidewaiter.yaml';
const PLAIN = 'if the registry uses plain HTTP, set "insecure: true" for HOST under "registries" in tidewaiter.yaml';
const CLIENT = 'set "clientCert" and "clientKey" for HOST under "registries" in tidewaiter.yaml';
const PROXY = 'check the proxy and its address ("proxy" under "registries", HTTPS_PROXY, HTTP_PROXY, NO_PROXY)';
const RENEW = 'renew the certificate';

/** For any other code: a registry chooses the errors that it causes, so no error may look like a bug. */
const UNKNOWN_CODE = [/^/, 'protocol', 'failed with an unknown error'] as const satisfies (typeof ROWS)[number];

/** The first match decides. Codes come from OpenSSL, libuv, undici, and Node's HTTP parser (HPE_…). */
const ROWS: readonly (readonly [RegExp, RegistryCause, string, string?])[] = [
  [/^CERT_HAS_EXPIRED$/, 'tls', 'uses an expired certificate', RENEW],
  [/^CERT_NOT_YET_VALID$/, 'tls', 'uses a certificate that is not valid yet', 'check the clocks'],
  [/^(ERR_TLS_CERT_ALTNAME_INVALID|HOSTNAME_MISMATCH)$/, 'tls', 'uses a certificate for another hostname', RENEW],
  [
    /^(UNABLE_TO_|SELF_SIGNED|DEPTH_ZERO|INVALID_CA|CERT_UNTRUSTED|CERT_SIGNATURE)/,
    'tls',
    'uses a certificate from an untrusted CA',
    CA,
  ],
  [
    /^ERR_SSL_.*(CERTIFICATE_REQUIRED|ALERT_HANDSHAKE|ALERT_BAD_CERTIFICATE|UNKNOWN_CA)/,
    'tls',
    'rejected the client in the TLS handshake',
    CLIENT,
  ],
  [/^(ERR_SSL_|EPROTO$)/, 'tls', 'did not complete the TLS handshake', PLAIN],
  // UNSPECIFIED: errors that Node does not name (an unknown critical extension, a key that is too small, …).
  [
    /^(CERT_|CRL_|ERR_TLS_|INVALID_PURPOSE|PATH_LENGTH|ERROR_IN_|UNSPECIFIED$|OUT_OF_MEM$)/,
    'tls',
    'uses an invalid certificate',
    RENEW,
  ],
  [/^(UND_ERR_(CONNECT|HEADERS|BODY)_TIMEOUT|ETIMEDOUT)$/, 'timeout', 'did not respond in time'],
  // ERR_ASSERTION: from undici, for a status below 100.
  [
    /^(HPE_|UND_ERR_HEADERS_OVERFLOW|UND_ERR_RES_|UND_ERR_RESPONSE|ERR_ASSERTION$)/,
    'protocol',
    'sent an invalid HTTP response',
  ],
  [OF_PROXY, 'unreachable', 'cannot be reached through the proxy', PROXY],
  [/^UND_ERR_(DESTROYED|CLOSED)$/, 'unreachable', 'was not contacted: the client is closed'],
  [/^ECONNREFUSED$/, 'unreachable', 'refused the connection'],
  [CUT, 'unreachable', 'closed the connection'],
  [/^E[A-Z]+$/, 'unreachable', 'cannot be reached'],
];
