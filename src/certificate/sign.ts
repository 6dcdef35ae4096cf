/** Keys and certificates of generated CAs: EC P-256, SHA-256, with key identifiers (RFC 5280, 4.2.1.1 and 4.2.1.2). */
import { createPublicKey, generateKeyPairSync, type KeyObject, randomBytes } from 'node:crypto';
import { isIP } from 'node:net';
import type { Extension, X509CertificateCreateParamsName } from '@peculiar/x509';

/** Clock skew allowance: a client with a slow clock rejects a certificate that starts now. */
export const BACKDATE_MS = 60 * 60 * 1000;

export interface Authority {
  /** PEM. */
  readonly cert: string;
  readonly key: KeyObject;
}

interface Lifetime {
  readonly now: Date;
  readonly lifetimeMs: number;
}

/** Returns PEM (PKCS #8). */
export function newKey(): string {
  return generateKeyPairSync('ec', { namedCurve: 'P-256' })
    .privateKey.export({ type: 'pkcs8', format: 'pem' })
    .toString();
}

/** Returns the PEM certificate of a CA that signs only leaf certificates. */
export async function signAuthority(commonName: string, key: KeyObject, lifetime: Lifetime): Promise<string> {
  const x509 = await library();
  const issuer = commonNameOf(commonName);
  return sign({ subject: issuer, issuer, key, signingKey: key, lifetime }, [
    new x509.BasicConstraintsExtension(true, 0, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign + x509.KeyUsageFlags.cRLSign, true),
  ]);
}

interface LeafInputs extends Lifetime {
  readonly authority: Authority;
  readonly key: KeyObject;
}

/** Returns the PEM certificate of a server with these DNS names and IP addresses. */
export async function signLeaf(names: readonly string[], { authority, key, ...lifetime }: LeafInputs): Promise<string> {
  const x509 = await library();
  const issuer = new x509.X509Certificate(authority.cert).subjectName;
  const alternatives = names.map((name) => ({
    type: isIP(name) === 0 ? ('dns' as const) : ('ip' as const),
    value: name,
  }));
  return sign({ subject: commonNameOf('tidewaiter'), issuer, key, signingKey: authority.key, lifetime }, [
    new x509.BasicConstraintsExtension(false, undefined, true),
    new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage.serverAuth]),
    new x509.SubjectAlternativeNameExtension(alternatives),
  ]);
}

interface SignInputs {
  readonly subject: X509CertificateCreateParamsName;
  readonly issuer: X509CertificateCreateParamsName;
  readonly key: KeyObject;
  readonly signingKey: KeyObject;
  readonly lifetime: Lifetime;
}

const EC = { name: 'ECDSA', namedCurve: 'P-256' };

async function sign(
  { subject, issuer, key, signingKey, lifetime: { now, lifetimeMs } }: SignInputs,
  extensions: readonly Extension[],
): Promise<string> {
  const x509 = await library();
  const publicKey = createPublicKey(key).toCryptoKey(EC, true, ['verify']);
  const issuerKey = createPublicKey(signingKey).toCryptoKey(EC, true, ['verify']);
  const certificate = await x509.X509CertificateGenerator.create({
    serialNumber: newSerialNumber(),
    subject,
    issuer,
    publicKey,
    signingKey: signingKey.toCryptoKey(EC, false, ['sign']),
    signingAlgorithm: { name: 'ECDSA', hash: 'SHA-256' },
    notBefore: new Date(now.getTime() - BACKDATE_MS),
    notAfter: new Date(now.getTime() + lifetimeMs),
    extensions: [
      ...extensions,
      await x509.SubjectKeyIdentifierExtension.create(publicKey),
      await x509.AuthorityKeyIdentifierExtension.create(issuerKey),
    ],
  });
  return `${certificate.toString('pem').trimEnd()}\n`;
}

function commonNameOf(name: string): X509CertificateCreateParamsName {
  return [{ CN: [name] }];
}

/** 127 bits of entropy in a positive number (RFC 5280, 4.1.2.2). */
function newSerialNumber(): string {
  const bytes = randomBytes(16);
  bytes[0] = ((bytes[0] ?? 0) & 0x3f) | 0x40;
  return bytes.toString('hex');
}

/** Loaded on demand, because most starts find a certificate. The library needs the metadata functions of `Reflect`. */
async function library(): Promise<typeof import('@peculiar/x509')> {
  await import('reflect-metadata');
  // In the bundle, a CommonJS package has only its default export.
  const { default: x509 } = await import('@peculiar/x509');
  return x509;
}
