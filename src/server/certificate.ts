/** Checks of certificates, keys, and files, generated or configured. */
import { createPrivateKey, type KeyObject, type X509Certificate } from 'node:crypto';

export interface ServingCertificate {
  /** PEM, the serving certificate first. */
  readonly cert: string;
  /** PEM. */
  readonly key: string;
  /** PEM of our own authority; `undefined` when the certificate was given. */
  readonly ca: string | undefined;
  /** The certificate's file, as the user would name it. */
  readonly from: string;
  readonly notAfter: Date;
  /** What was renewed or replaced on the way, one sentence each; for the user to see. */
  readonly notes: readonly string[];
}

/** What is wrong with it at this moment, if anything. */
export function invalidAt({ validFromDate, validToDate }: X509Certificate, now: Date): string | undefined {
  if (validToDate <= now) return `expired on ${day(validToDate)}`;
  return validFromDate > now ? `is not valid before ${day(validFromDate)}` : undefined;
}

/** OpenSSL's word for a missing passphrase differs from version to version; the marks in the file do not. */
const ENCRYPTED = /^(?:-----BEGIN ENCRYPTED PRIVATE KEY-----|Proc-Type: 4,ENCRYPTED)/m;

export function readKey(text: string): KeyObject | 'encrypted' | 'damaged' {
  if (ENCRYPTED.test(text)) return 'encrypted';
  try {
    return createPrivateKey(text);
  } catch {
    return 'damaged';
  }
}

/** The day, as people read it. */
export function day(date: Date): string {
  return date.toISOString().slice(0, 10);
}

/** The code of an error of Node's, such as ENOENT. */
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

/** Why a file cannot be read or written, in words. */
export function reasonOf(error: unknown): string {
  return REASONS[codeOf(error) ?? ''] ?? (error instanceof Error ? error.message : String(error));
}
