/** Checks the certificate of --cert and --key completely before the server listens. */
import type { KeyObject, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { quoteValue } from '../image/quote.ts';
import {
  type Certificates,
  invalidAt,
  parseCertificates,
  readKey,
  reasonOf,
  type ServingCertificate,
} from './certificate.ts';
import { UserError } from '../error/user-error.ts';

/** OIDs of serverAuth and anyExtendedKeyUsage. */
const FOR_SERVERS = ['1.3.6.1.5.5.7.3.1', '2.5.29.37.0'];

/** Paths of PEM files. */
export interface CertificateFiles {
  readonly cert: string;
  readonly key: string;
}

/** Throws UserError. */
export async function loadCertificate(files: CertificateFiles, now = new Date()): Promise<ServingCertificate> {
  const certName = `certificate ${quoteValue(files.cert)}`;
  const keyName = `private key ${quoteValue(files.key)}`;
  const cert = await readGiven(files.cert, 'cert', certName);
  const key = await readGiven(files.key, 'key', keyName);
  const [leaf] = requirePair({ cert, key }, { certName, keyName });
  checkLeaf(leaf, certName, now);
  try {
    createSecureContext({ cert, key });
  } catch (error) {
    throw new UserError(`${certName}: OpenSSL rejects it: ${reasonOf(error)}; use RSA 2048 or EC P-256`, {
      cause: error,
    });
  }
  return { cert, key, ca: undefined, from: files.cert, notAfter: leaf.validToDate, notes: [] };
}

interface PairNames {
  readonly certName: string;
  readonly keyName: string;
}

/** PEM texts that belong together. Throws UserError. */
export function requirePair(
  { cert, key }: { readonly cert: string; readonly key: string },
  names: PairNames,
): Certificates {
  const chain = chainOf(cert, names.certName);
  checkPair(chain, privateKeyOf(key, names.keyName), names);
  return chain;
}

async function readGiven(file: string, setting: 'cert' | 'key', name: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const remedy = `set "${setting}" (--${setting}) to a PEM file, or remove "cert" and "key" to use a generated certificate`;
    throw new UserError(`cannot read the ${name}: ${reasonOf(error)}; ${remedy}`, { cause: error });
  }
}

function chainOf(text: string, name: string): Certificates {
  const certificates = parseCertificates(text);
  if (typeof certificates === 'string') throw new UserError(`${name}: ${certificates}`);
  return certificates;
}

function privateKeyOf(text: string, name: string): KeyObject {
  const key = readKey(text);
  if (key === 'encrypted') {
    throw new UserError(`${name}: the key is encrypted; remove the passphrase, for example with openssl pkey`);
  }
  if (key !== 'damaged') return key;
  const swapped = text.includes('-----BEGIN CERTIFICATE-----') ? ' but a certificate (are the files swapped?)' : '';
  throw new UserError(
    `${name}: it contains no readable private key${swapped}; expected PEM that begins with "-----BEGIN PRIVATE KEY-----"`,
  );
}

function checkPair(chain: Certificates, key: KeyObject, { certName, keyName }: PairNames): void {
  const place = chain.findIndex((certificate) => certificate.checkPrivateKey(key));
  if (place === 0) return;
  if (place > 0) {
    throw new UserError(`${certName}: certificate ${place + 1} matches the ${keyName}; put it first`);
  }
  throw new UserError(`the ${keyName} does not match the ${certName}`);
}

function checkLeaf(leaf: X509Certificate, name: string, now: Date): void {
  const problem = invalidAt(leaf, now);
  if (problem !== undefined) throw new UserError(`${name}: it ${problem}; use a certificate that is valid now`);
  if (leaf.subjectAltName === undefined) {
    const example = 'for example DNS:tidewaiter.tidewaiter.svc';
    throw new UserError(
      `${name}: no subjectAltName; API servers ignore the common name, so add the host there, ${example}`,
    );
  }
  // A certificate without an extended key usage allows every use.
  const uses = leaf.keyUsage ?? FOR_SERVERS;
  if (!FOR_SERVERS.some((use) => uses.includes(use))) {
    throw new UserError(`${name}: its extended key usage does not include serverAuth`);
  }
}
