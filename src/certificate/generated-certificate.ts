/**
 * Generated serving certificates for loopback and development, signed by a generated CA. A configured certificate is checked in
 * configured-certificate.ts; certificate-directory.ts reads and writes the files.
 */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import path from 'node:path';
import { quoteValue } from '../image/quote.ts';
import { day, invalidAt, type ServingCertificate } from './certificate.ts';
import {
  ELSEWHERE,
  type CertificateDirectory,
  type StoredFile,
  OUR_CA,
  readDirectory,
  storeFile,
} from './certificate-directory.ts';
import { hostName, hostsOf } from './host-names.ts';
import { type Authority, newKey, signAuthority, signLeaf } from './sign.ts';
import { UserError } from '../error/user-error.ts';

export { type ServingCertificate } from './certificate.ts';
export { loadCertificate } from './configured-certificate.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const LEAF_DAYS = 90;
const CA_DAYS = 3650;
const RENEW_DAYS = 30;
const ALWAYS = [
  'localhost',
  '127.0.0.1',
  '::1',
  'tidewaiter.tidewaiter.svc',
  'tidewaiter.tidewaiter.svc.cluster.local',
];

/**
 * Generates missing files one at a time until all files match. A key is never overwritten, and a certificate is generated for
 * the existing key, so several processes can do this at the same time, and each can be killed at any time: after each file, a
 * process reads the whole directory again. Throws UserError.
 */
export async function ensureCertificate(
  dir: string,
  hosts: readonly string[],
  now = new Date(),
): Promise<ServingCertificate> {
  const required = [...new Set([...ALWAYS, ...hosts].map(requiredName))];
  const notes: string[] = [];
  for (let step = 0; step < 50; step += 1) {
    const task = nextTask(await readDirectory(dir), required, now);
    if ('serve' in task) return { ...task.serve, from: path.join(dir, 'tls.crt'), notes };
    if (task.problem !== undefined) notes.push(`regenerated ${path.join(dir, task.file)}: it ${task.problem}`);
    await storeFile(path.join(dir, task.file), task.stored, await task.make());
  }
  throw new UserError(`the certificates in ${quoteValue(dir)} keep changing; ${ELSEWHERE}`);
}

function requiredName(host: string): string {
  const name = hostName(host);
  if (name !== undefined) return name;
  throw new UserError(`cannot generate a certificate for ${quoteValue(host)}; expected a DNS name or an IP address`);
}

type ReadyToServe = { readonly serve: Pick<ServingCertificate, 'cert' | 'key' | 'ca' | 'notAfter'> };

interface FileTask {
  readonly file: 'ca.key' | 'ca.crt' | 'tls.key' | 'tls.crt';
  readonly stored: StoredFile<unknown>;
  /** Why the existing file is not used; undefined: there is no file. */
  readonly problem: string | undefined;
  make(): Promise<string> | string;
}

/** Finds the next file to generate: a certificate needs its CA and its key. The CA's key is needed only to sign. */
function nextTask(directory: CertificateDirectory, required: readonly string[], now: Date): ReadyToServe | FileTask {
  const leaf = checkLeaf(directory, required, now);
  if ('serve' in leaf) return leaf;
  const authority = checkAuthority(directory, now);
  if ('file' in authority) return authority;
  const { key, cert } = directory;
  if (key.state !== 'good') return { file: 'tls.key', stored: key, problem: key.problem, make: newKey };
  // The names of the old certificate stay; otherwise, two servers with different hosts and one directory would replace each
  // other's certificate again and again.
  const names = [...new Set([...required, ...(cert.state === 'good' ? hostsOf(cert.value) : [])])];
  const make = (): Promise<string> =>
    signLeaf(names, { authority, key: key.value, now, lifetimeMs: LEAF_DAYS * DAY_MS });
  return { file: 'tls.crt', stored: cert, problem: leaf.problem, make };
}

function checkLeaf(
  { ca, key, cert }: CertificateDirectory,
  required: readonly string[],
  now: Date,
): ReadyToServe | { readonly problem: string | undefined } {
  if (cert.state !== 'good') return { problem: cert.problem };
  // Both are generated first, and then the certificate is checked again.
  if (key.state !== 'good' || ca.state !== 'good') return { problem: undefined };
  const problem =
    pairProblem(cert.value, key.value, ca.value) ?? leafProblem(cert.value, required, now) ?? invalidAt(ca.value, now);
  if (problem !== undefined) return { problem };
  return { serve: { cert: cert.text, key: key.text, ca: ca.text, notAfter: cert.value.validToDate } };
}

function pairProblem(leaf: X509Certificate, key: KeyObject, ca: X509Certificate): string | undefined {
  if (!leaf.checkPrivateKey(key)) return 'did not match tls.key';
  return leaf.checkIssued(ca) && leaf.verify(ca.publicKey) ? undefined : 'was not signed by ca.crt';
}

function leafProblem(leaf: X509Certificate, required: readonly string[], now: Date): string | undefined {
  const missing = required.find((name) => (isIP(name) === 0 ? leaf.checkHost(name) : leaf.checkIP(name)) === undefined);
  if (missing !== undefined) return `did not include ${quoteValue(missing)}`;
  return invalidAt(leaf, now) ?? endsWithin(RENEW_DAYS, leaf, now);
}

/** A CA must outlive the certificates that it signs. A new CA with the same key keeps older certificates valid. */
function checkAuthority({ ca, caKey }: CertificateDirectory, now: Date): FileTask | Authority {
  if (caKey.state !== 'good') return { file: 'ca.key', stored: caKey, problem: caKey.problem, make: newKey };
  const problem = ca.state === 'good' ? authorityProblem(ca.value, caKey.value, now) : ca.problem;
  if (ca.state === 'good' && problem === undefined) return { cert: ca.text, key: caKey.value };
  return { file: 'ca.crt', stored: ca, problem, make: () => newAuthority(caKey.value, now) };
}

function authorityProblem(ca: X509Certificate, key: KeyObject, now: Date): string | undefined {
  if (!ca.ca || !ca.checkPrivateKey(key)) return 'did not match ca.key';
  return invalidAt(ca, now) ?? endsWithin(LEAF_DAYS + 1, ca, now);
}

function endsWithin(days: number, { validToDate }: X509Certificate, now: Date): string | undefined {
  return validToDate.getTime() - now.getTime() < days * DAY_MS ? `expires on ${day(validToDate)}` : undefined;
}

function newAuthority(key: KeyObject, now: Date): Promise<string> {
  return signAuthority(OUR_CA, key, { now, lifetimeMs: CA_DAYS * DAY_MS });
}
