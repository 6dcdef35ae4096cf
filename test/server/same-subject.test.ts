/** Several CAs with one subject in `clientCa`, as after a rotation: each client is verified with the CA that signed its certificate. */
import { createPrivateKey, webcrypto } from 'node:crypto';
import 'reflect-metadata';
import * as x509 from '@peculiar/x509';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compose } from '../../src/wiring.ts';
import type { KeyPair } from '../cluster/certificates.ts';
import { kinds } from '../policy/fixtures.ts';
import { type TestServer, startAdmissionServer } from '../support/admission-server.ts';
import { createReview } from '../support/review.ts';
import { head, open, type RawReply } from './raw-http.ts';

const DAY_MS = 24 * 60 * 60 * 1000;
const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };

interface Authority {
  readonly cert: string;
  readonly keys: webcrypto.CryptoKeyPair;
}

interface Options {
  readonly withIdentifiers: boolean;
  readonly isExpired?: boolean;
  readonly extensions?: readonly x509.Extension[];
}

async function certificateOf(
  name: string,
  issuer: Authority | undefined,
  { withIdentifiers, isExpired = false, extensions = [] }: Options,
): Promise<Authority> {
  const keys = await webcrypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);
  const signer = issuer?.keys ?? keys;
  const now = Date.now();
  const certificate = await x509.X509CertificateGenerator.create({
    subject: `CN=${name}`,
    issuer: `CN=${issuer === undefined ? name : 'authority'}`,
    publicKey: keys.publicKey,
    signingKey: signer.privateKey,
    signingAlgorithm: ALGORITHM,
    notBefore: new Date(now - 2 * DAY_MS),
    notAfter: new Date(now + (isExpired ? -DAY_MS : DAY_MS)),
    extensions: [
      ...(issuer === undefined ? [new x509.BasicConstraintsExtension(true, undefined, true)] : []),
      ...extensions,
      ...(withIdentifiers
        ? [
            await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
            await x509.AuthorityKeyIdentifierExtension.create(signer.publicKey),
          ]
        : []),
    ],
  });
  return { cert: `${certificate.toString('pem')}\n`, keys };
}

async function pairOf({ cert, keys }: Authority): Promise<KeyPair> {
  const key = createPrivateKey({
    key: Buffer.from(await webcrypto.subtle.exportKey('pkcs8', keys.privateKey)),
    format: 'der',
    type: 'pkcs8',
  });
  return { cert, key: key.export({ type: 'pkcs8', format: 'pem' }).toString() };
}

const usage = (use: x509.ExtendedKeyUsage): x509.Extension => new x509.ExtendedKeyUsageExtension([use]);
const FOR_CLIENTS = usage(x509.ExtendedKeyUsage.clientAuth);
/** Name constraints (RFC 5280, 4.2.1.10) with one permitted DNS name, `other.example`. */
const CONSTRAINED = new x509.Extension(
  '2.5.29.30',
  true,
  Buffer.from(`3013a011300f820d${Buffer.from('other.example').toString('hex')}`, 'hex'),
);

/** Clients by the CA that signed their certificate, and variants. */
const clients = new Map<string, KeyPair>();
const authorities = new Map<string, Authority>();

let server: TestServer;
beforeAll(async () => {
  for (const withIdentifiers of [true, false]) {
    for (const name of ['old', 'new', 'foreign']) {
      const id = `${name}${withIdentifiers ? ' with identifiers' : ''}`;
      const authority = await certificateOf('authority', undefined, { withIdentifiers });
      authorities.set(id, authority);
      const client = await certificateOf('api', authority, { withIdentifiers, extensions: [FOR_CLIENTS] });
      clients.set(id, await pairOf(client));
    }
  }
  const signedByNew = async (options: Partial<Options>, issuer = authorities.get('new')): Promise<KeyPair> =>
    pairOf(await certificateOf('api', issuer, { withIdentifiers: false, ...options }));
  clients.set('expired', await signedByNew({ isExpired: true }));
  clients.set('for servers', await signedByNew({ extensions: [usage(x509.ExtendedKeyUsage.serverAuth)] }));
  clients.set('for all uses', await signedByNew({}));
  const more = {
    'expired authority': { withIdentifiers: false, isExpired: true },
    'constrained authority': { withIdentifiers: false, extensions: [CONSTRAINED] },
  };
  for (const [name, options] of Object.entries(more)) {
    const authority = await certificateOf('authority', undefined, options);
    authorities.set(name, authority);
    clients.set(name, await signedByNew({ extensions: [FOR_CLIENTS] }, authority));
  }
  const { context } = await compose({ kinds, policies: [] });
  server = await startAdmissionServer(context, { clients: { ca: bundleOf(['old']), names: ['api'] } });
});
afterAll(() => server.stop());

const bundleOf = (names: readonly string[]): string => names.map((name) => authorities.get(name)?.cert).join('');
const useAuthorities = (names: readonly string[]): void =>
  server.tls.change((settings) => ({ ...settings, clients: { ca: bundleOf(names), names: ['api'] } }));

const body = JSON.stringify(
  createReview({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [] } }),
);

async function statusOf(client: string, session?: Buffer): Promise<number> {
  const connection = await open(server, { ...clients.get(client), ...(session && { session }) });
  connection.write(head('/validate', Buffer.byteLength(body)) + body);
  const { status }: RawReply = await connection.reply();
  connection.end();
  return status;
}

const IDS = ' with identifiers';

test.each<[readonly string[], string, number]>([
  [['old'], 'old', 200],
  [['old'], 'new', 403],
  [['old', 'new'], 'old', 200],
  [['old', 'new'], 'new', 200],
  [['new', 'old'], 'old', 200],
  [['new', 'old'], 'new', 200],
  [['old', 'old', 'new'], 'new', 200],
  [['old', 'old'], 'new', 403],
  [['old', 'new'], 'foreign', 403],
  [[`old${IDS}`, `new${IDS}`], `old${IDS}`, 200],
  [[`old${IDS}`, `new${IDS}`], `new${IDS}`, 200],
  [[`new${IDS}`, `old${IDS}`], `old${IDS}`, 200],
  [[`old${IDS}`, `new${IDS}`], `foreign${IDS}`, 403],
  // A CA got key identifiers when it was renewed.
  [['old', `new${IDS}`], 'old', 200],
  [['old', `new${IDS}`], `new${IDS}`, 200],
  [[`new${IDS}`, 'old'], 'old', 200],
  [['old', 'new'], 'expired', 403],
  [['old', 'new'], 'for servers', 403],
  [['old', 'new'], 'for all uses', 200],
  [['old', 'new', 'expired authority'], 'expired authority', 403],
  [['old', 'new', 'constrained authority'], 'constrained authority', 403],
])('with the CAs %j, a client of "%s" gets %i', async (names, client, status) => {
  useAuthorities(names);
  expect(await statusOf(client)).toBe(status);
});

test('a session from before the CA of its client was removed is not resumed', async () => {
  useAuthorities(['old', 'new']);
  const connection = await open(server, { ...clients.get('new') });
  const session = new Promise<Buffer>((resolve) => connection.socket.once('session', resolve));
  connection.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
  await connection.reply();
  const resumed = await session;
  connection.end();
  expect(await statusOf('new', resumed)).toBe(200);
  useAuthorities(['old']);
  expect(await statusOf('new', resumed)).toBe(403);
});
