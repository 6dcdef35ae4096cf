/**
 * Verifies client certificates without an authority key identifier if several CAs have the same subject, as after a rotation. OpenSSL
 * then checks the signature with one of these CAs only (X509_STORE_CTX_get1_issuer); Go, and so an API server, tries all.
 */
import { X509Certificate } from 'node:crypto';
import { pemCertificates } from '../go/pem.ts';

/** The error of OpenSSL if it has chosen another CA of the same subject. */
const WRONG_ISSUER = 'CERT_SIGNATURE_FAILURE';
/** The OID of clientAuth. */
const FOR_CLIENTS = '1.3.6.1.5.5.7.3.2';
/** The encoded OID of name constraints (2.5.29.30), which are not evaluated here. */
const NAME_CONSTRAINTS = Buffer.from([0x06, 0x03, 0x55, 0x1d, 0x1e]);

/** Reports whether a CA has signed the certificate that OpenSSL rejected with `error`. */
export type VerifyDirectly = (leaf: X509Certificate, error: string, nowMs: number) => boolean;

/** `ca`: PEM. Certificates of intermediate CAs are not followed. */
export function verifyDirectly(ca: string): VerifyDirectly {
  const all = pemCertificates(ca).map((block) => new X509Certificate(block));
  const authorities = all.filter(
    (one) =>
      all.some((other) => other.subject === one.subject && other.fingerprint256 !== one.fingerprint256) &&
      !one.raw.includes(NAME_CONSTRAINTS),
  );
  return (leaf, error, nowMs) =>
    error === WRONG_ISSUER &&
    isUsable(leaf, nowMs) &&
    authorities.some((one) => isUsable(one, nowMs) && leaf.checkIssued(one) && leaf.verify(one.publicKey));
}

/** A certificate without an extended key usage allows every use. */
function isUsable({ validFromDate, validToDate, keyUsage }: X509Certificate, nowMs: number): boolean {
  const isValid = validFromDate.getTime() <= nowMs && nowMs <= validToDate.getTime();
  return isValid && (keyUsage === undefined || keyUsage.includes(FOR_CLIENTS));
}
