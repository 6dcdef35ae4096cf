/** Says why a review could not be sent. */
import { quoteValue } from '../../../image/quote.ts';
import { DnsError } from '../../../registry/host-names.ts';
import { RemoteAddress } from './loopback.ts';

/** A sentence fragment that follows the URL. `serverName`: the expected name in the certificate. Throws an error that does not come from the network, as it is a bug. */
export function failureText(error: unknown, serverName: string): string {
  if (error instanceof RemoteAddress) return `is not contacted: ${error.message}`;
  if (error instanceof DnsError) return `cannot be resolved (${error.code})`;
  const code = codeOf(error);
  if (code === undefined) throw error;
  const [, words] = PROBLEMS.find(([pattern]) => pattern.test(code)) ?? [undefined, 'did not respond'];
  return `${words.replace('HOST', quoteValue(serverName))} (${code})`;
}

/** Node collects the errors of several addresses in an AggregateError. */
function codeOf(error: unknown): string | undefined {
  if (!(error instanceof Error)) return undefined;
  if ('code' in error && typeof error.code === 'string' && error.code !== '') return error.code;
  return error instanceof AggregateError
    ? error.errors.map(codeOf).find((code) => code !== undefined)
    : codeOf(error.cause);
}

const PROBLEMS: readonly (readonly [RegExp, string])[] = [
  [/^ECONNREFUSED$/, 'refused the connection'],
  [/^(ECONNRESET|EPIPE)$/, 'closed the connection'],
  [/^(ETIMEDOUT|EHOSTUNREACH|ENETUNREACH)$/, 'is unreachable'],
  [/^ERR_TLS_CERT_ALTNAME_INVALID$/, 'has a certificate for other names than HOST; set --tls-server-name'],
  [/^CERT_HAS_EXPIRED$/, 'has a certificate that has expired'],
  [
    /^(DEPTH_ZERO_SELF_SIGNED_CERT|SELF_SIGNED_CERT_IN_CHAIN|UNABLE_TO_\w+|CERT_\w+)$/,
    'has a certificate of an unknown CA; name the file of its CA with --ca',
  ],
  [
    /^ERR_SSL_.*(?:CERTIFICATE_REQUIRED|BAD_CERTIFICATE|UNKNOWN_CA|CERTIFICATE_UNKNOWN|CERTIFICATE_EXPIRED)$/,
    'requires a client certificate that it trusts; set --client-cert and --client-key',
  ],
  [/^(ERR_SSL_|EPROTO)/, 'did not complete the TLS handshake'],
  [/^HPE_/, 'did not respond with HTTP'],
];
