/** Checks of certificates, keys, and files, generated or configured. */
import { createPrivateKey, type KeyObject, X509Certificate } from 'node:crypto';
import { pemCertificates } from '../go/pem.ts';

export interface ServingCertificate {
  /** PEM, the serving certificate first. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** PEM of the generated CA; undefined: the certificate is configured. */
  readonly ca: string | undefined;
  /** The path of the certificate, for messages. */
  readonly from: string;
  readonly notAfter: Date;
  /** Files that were regenerated, one sentence each, for the user. */
  readonly notes: readonly string[];
}

/** Returns why a certificate is not valid at `now`, or undefined. */
export function invalidAt({ validFromDate, validToDate }: X509Certificate, now: Date): string | undefined {
  if (validToDate <= now) return `expired on ${day(validToDate)}`;
  return validFromDate > now ? `is not valid before ${day(validFromDate)}` : undefined;
}

/** Returns the first certificate in a PEM text, or undefined if it is damaged. */
export function parseCertificate(pem: string): X509Certificate | undefined {
  try {
    return new X509Certificate(pem);
  } catch {
    return undefined;
  }
}

export type Certificates = readonly [X509Certificate, ...X509Certificate[]];

/** Returns all certificates in a PEM text, or what is wrong with it, as a sentence. */
export function parseCertificates(text: string): Certificates | string {
  const found: X509Certificate[] = [];
  for (const [index, block] of pemCertificates(text).entries()) {
    const certificate = parseCertificate(block);
    if (certificate === undefined) return `certificate ${index + 1} is damaged; use complete PEM certificates`;
    found.push(certificate);
  }
  const [first, ...rest] = found;
  return first === undefined ? `it contains no certificate${swappedKey(text)}; ${EXPECTED}` : [first, ...rest];
}

const EXPECTED = 'expected PEM that begins with "-----BEGIN CERTIFICATE-----"';

function swappedKey(text: string): string {
  return /-----BEGIN [A-Z ]*PRIVATE KEY-----/.test(text) ? ' but a private key (are the files swapped?)' : '';
}

/** OpenSSL's error for a missing passphrase differs between versions; these PEM headers do not. */
const ENCRYPTED = /^(?:-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED)/m;

export function readKey(text: string): KeyObject | 'encrypted' | 'damaged' {
  if (ENCRYPTED.test(text)) return 'encrypted';
  try {
    return createPrivateKey(text);
  } catch {
    return 'damaged';
  }
}

/** Formats the UTC date as YYYY-MM-DD. */
export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** The SHA-256 fingerprint as 64 hexadecimal digits. */
export function shownFingerprint({ fingerprint256 }: Pick<X509Certificate, 'fingerprint256'>): string {
  return fingerprint256.replaceAll(':', '').toLowerCase();
}

/** Returns the code of a Node.js error, such as ENOENT. */
export function codeOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: 'no such file',
  EACCES: 'permission denied',
  EISDIR: 'it is a directory',
  ENOTDIR: 'part of the path is not a directory',
  EROFS: 'the file system is read-only',
};

/** Describes why a file cannot be read or written. */
export function reasonOf(error: unknown): string {
  return REASONS[codeOf(error) ?? ''] ?? (error instanceof Error ? error.message : String(error));
}
