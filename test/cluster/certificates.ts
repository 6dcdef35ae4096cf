// A throw-away certificate authority for tests: EC keys (quick to make), one day of life.
import { isIP } from 'node:net';

import { generate } from 'selfsigned';

/** A certificate and its private key, both PEM. */
export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

export interface Authority {
  /** The certificate to trust, PEM. */
  readonly cert: string;
  /** A certificate for a server that is reached by these DNS names and IP addresses, for a day unless `lastsMs` says less. */
  serverCertificate(names: readonly string[], lastsMs?: number): Promise<KeyPair>;
  /** A client certificate; the API server reads the user from the common name, the group from the organization. */
  clientCertificate(user: string, group: string): Promise<KeyPair>;
}

const common = { algorithm: 'sha256', keyType: 'ec', curve: 'P-256' } as const;
const dayMs = 24 * 60 * 60 * 1000;

export async function createAuthority(): Promise<Authority> {
  const made = await generate([{ name: 'commonName', value: 'tidewaiter test authority' }], {
    ...common,
    ...validity(),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, cRLSign: true, digitalSignature: true, critical: true },
    ],
  });
  const ca = { cert: made.cert, key: made.private };

  return {
    cert: ca.cert,
    async serverCertificate(names, lastsMs) {
      const leaf = await generate([{ name: 'commonName', value: names[0] ?? 'server' }], {
        ...common,
        ...validity(lastsMs),
        ca,
        extensions: [
          { name: 'keyUsage', digitalSignature: true, critical: true },
          { name: 'extKeyUsage', serverAuth: true },
          { name: 'subjectAltName', altNames: names.map(alternativeName) },
        ],
      });
      return { cert: leaf.cert, key: leaf.private };
    },
    async clientCertificate(user, group) {
      const subject = [
        { name: 'organizationName', value: group },
        { name: 'commonName', value: user },
      ];
      const leaf = await generate(subject, {
        ...common,
        ...validity(),
        ca,
        extensions: [
          { name: 'keyUsage', digitalSignature: true, critical: true },
          { name: 'extKeyUsage', clientAuth: true },
        ],
      });
      return { cert: leaf.cert, key: leaf.private };
    },
  };
}

function alternativeName(name: string): { type: 7; ip: string } | { type: 2; value: string } {
  return isIP(name) === 0 ? { type: 2, value: name } : { type: 7, ip: name };
}

/** From an hour ago, so that clocks that differ a little do not matter. */
function validity(lastsMs = dayMs): { notBeforeDate: Date; notAfterDate: Date } {
  const now = Date.now();
  return { notBeforeDate: new Date(now - dayMs / 24), notAfterDate: new Date(now + lastsMs) };
}
