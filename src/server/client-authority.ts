/** `clientCa` and `clientNames`: only clients with a certificate of that CA and an accepted name can send reviews. */
import type { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { TLSSocket } from 'node:tls';
import { quoteValue } from '../image/quote.ts';
import { parseCertificates, reasonOf } from '../certificate/certificate.ts';
import type { Identify } from './connection.ts';
import { NO_ORIGIN, type OriginOf } from '../error/path-origin.ts';
import { UserError } from '../error/user-error.ts';
import { verifyDirectly } from './unidentified-authority.ts';

export interface ClientAuthority {
  /** PEM, one or more certificates. */
  readonly ca: string;
  /** Common names and subject alternative names, compared exactly. */
  readonly names: readonly string[];
}

/** Throws UserError. */
export async function loadClientAuthority(
  file: string,
  names: readonly string[],
  originOf: OriginOf = NO_ORIGIN,
): Promise<ClientAuthority> {
  const name = `clientCa ${quoteValue(file)}`;
  let ca: string;
  try {
    ca = await readFile(file, 'utf8');
  } catch (error) {
    throw new UserError(`cannot read ${name}: ${reasonOf(error)}${originOf(file)}; expected a PEM file`, {
      cause: error,
    });
  }
  const certificates = parseCertificates(ca);
  if (typeof certificates === 'string') throw new UserError(`${name}: ${certificates}`);
  for (const [index, certificate] of certificates.entries()) {
    if (!certificate.ca)
      throw new UserError(
        `${name}: certificate ${index + 1} is not a CA certificate; use the CA that signs the client certificates`,
      );
  }
  return { ca, names };
}

const HOW = "set it in the kubeConfigFile of the API server's AdmissionConfiguration";

export function identifyBy({ ca, names }: ClientAuthority): Identify {
  const accepted = new Set(names);
  const verify = verifyDirectly(ca);
  return (socket: TLSSocket) => {
    const certificate = socket.getPeerX509Certificate();
    if (certificate === undefined) return { code: 401, problem: `a client certificate is required; ${HOW}` };
    const found = namesOf(certificate);
    const subject = `the client certificate of ${
      found
        .slice(0, 5)
        .map((one) => quoteValue(one))
        .join(', ') || 'no name'
    }`;
    const reason = String(socket.authorizationError ?? 'unknown reason');
    if (!socket.authorized && !verify(certificate, reason, Date.now())) {
      return { code: 403, problem: `${subject} is not accepted: verification with clientCa failed (${reason})` };
    }
    if (found.some((one) => accepted.has(one))) return undefined;
    return { code: 403, problem: `${subject} is not accepted: none of its names is in clientNames` };
  };
}

/** Returns common names, then DNS names, URIs, IP addresses, and email addresses. */
function namesOf(certificate: X509Certificate): readonly string[] {
  const { CN = [] } = certificate.toLegacyObject().subject as { readonly CN?: string | readonly string[] };
  const alternative = certificate.subjectAltName ?? '';
  // Node.js writes a name as a JSON string if it contains text that looks like a second name.
  const found = alternative.matchAll(/(?:^|, )(?:DNS|URI|IP Address|email):("(?:[^"\\]|\\.)*"|[^",]*)(?=, |$)/g);
  const others = [...found].flatMap(([, text = '']) => (text.startsWith('"') ? [] : text));
  return [...new Set([CN, others].flat())];
}
