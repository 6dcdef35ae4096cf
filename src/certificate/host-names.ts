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
