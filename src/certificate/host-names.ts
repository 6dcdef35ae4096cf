/** The DNS names and IP addresses of certificates. */
import type { X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { domainToASCII } from 'node:url';

/** Normalizes a host for certificates: lowercase, ASCII, no zone, no final dot, one spelling for each IPv6 address. */
export function hostName(host: string): string | undefined {
  const bare = host.replace(/%.*$/, '').replace(/\.$/, '');
  if (isIP(bare) === 6) return new URL(`https://[${bare}]`).hostname.slice(1, -1);
  // Checked before the conversion, which turns "a/b" into "a" as in a URL.
  const name = /^[\p{L}\p{M}\p{N}._-]+$/u.test(bare) ? domainToASCII(bare) : '';
  return isIP(name) !== 0 || /^[a-z0-9_-]{1,63}(\.[a-z0-9_-]{1,63})*$/.test(name) ? name : undefined;
}

/** The DNS names and IP addresses in the subject alternative names, normalized. */
export function hostsOf({ subjectAltName = '' }: X509Certificate): readonly string[] {
  const hosts = [...subjectAltName.matchAll(/(?:DNS|IP Address):([^,"\s]+)/g)];
  return hosts.flatMap(([, host = '']) => hostName(host) ?? []);
}

/** The name by which API servers call a Service. */
const OF_SERVICE = /^[^.]+\.[^.]+\.svc$/;

/**
 * Returns what the next certificate lacks if clients that accept the current one reject it, or undefined. API servers call a server
 * by one of its names; if these include names of Services, by one of them.
 */
export function lostNames(current: X509Certificate, next: X509Certificate): string | undefined {
  const all = hostsOf(current);
  const ofServices = all.filter((host) => OF_SERVICE.test(host));
  const expected = ofServices.length > 0 ? ofServices : all;
  if (expected.length === 0 || expected.some((host) => hasHost(next, host))) return undefined;
  const listed = expected.slice(0, MAX_LISTED).join(', ');
  return expected.length > MAX_LISTED ? `${listed}, and ${expected.length - MAX_LISTED} more` : listed;
}

const MAX_LISTED = 3;

/** Also through a wildcard. */
function hasHost(certificate: X509Certificate, host: string): boolean {
  if (isIP(host) !== 0) return certificate.checkIP(host) !== undefined;
  return certificate.checkHost(host, { subject: 'never' }) !== undefined;
}
