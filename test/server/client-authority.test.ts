/** Certificates of clients, as kubeConfigFile in AdmissionConfiguration makes an API server present them. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { compose } from '../../src/wiring.ts';
import { loadClientAuthority } from '../../src/server/client-authority.ts';
import { createAuthority, type KeyPair } from '../cluster/certificates.ts';
import { kinds } from '../policy/fixtures.ts';
import { type TestServer, startAdmissionServer } from '../support/admission-server.ts';
import { createReview } from '../support/review.ts';
import { head, open, type RawReply } from './raw-http.ts';

const folder = mkdtempSync(path.join(tmpdir(), 'tidewaiter-clients-'));
const body = JSON.stringify(
  createReview({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'web' }, spec: { containers: [] } }),
);
const DAY_MS = 24 * 60 * 60 * 1000;

let server: TestServer;
const pairs = new Map<string, KeyPair>();
beforeAll(async () => {
  const ours = await createAuthority();
  const others = await createAuthority();
  pairs.set('kube-apiserver', await ours.clientCertificate('kube-apiserver', 'system:masters'));
  pairs.set('jane', await ours.clientCertificate('jane', 'kube-apiserver'));
  pairs.set('foreign', await others.clientCertificate('kube-apiserver', 'system:masters'));
  pairs.set('server', await ours.serverCertificate(['kube-apiserver']));
  pairs.set('self-signed', await selfSigned());
  const file = path.join(folder, 'ca.crt');
  writeFileSync(file, ours.cert);
  const clients = await loadClientAuthority(file, ['kube-apiserver', 'api.example.com']);
  const { context } = await compose({ kinds, policies: [] });
  server = await startAdmissionServer(context, { clients });
});
afterAll(async () => {
  await server.stop();
  rmSync(folder, { recursive: true });
});

async function selfSigned(): Promise<KeyPair> {
  const notAfterDate = new Date(Date.now() + DAY_MS);
  const made = await generate([{ name: 'commonName', value: 'kube-apiserver' }], { keyType: 'ec', notAfterDate });
  return { cert: made.cert, key: made.private };
}

const certificate = (name: string | undefined): ConnectionOptions => (name === undefined ? {} : { ...pairs.get(name) });
const post = (length = Buffer.byteLength(body)): string => head('/validate', length);

async function ask(client: ConnectionOptions, sent = post() + body): Promise<RawReply> {
  const connection = await open(server, client);
  connection.write(sent);
  return connection.reply().finally(() => connection.end());
}

const HOW = "set it in the kubeConfigFile of the API server's AdmissionConfiguration";
const NOT_VOUCHED = 'the client certificate of "kube-apiserver" is not accepted: verification with clientCa failed';

test.each([
  [undefined, 401, `a client certificate is required; ${HOW}`],
  ['jane', 403, 'the client certificate of "jane" is not accepted: none of its names is in clientNames'],
  ['foreign', 403, `${NOT_VOUCHED} (CERT_SIGNATURE_FAILURE)`],
  ['self-signed', 403, `${NOT_VOUCHED} (DEPTH_ZERO_SELF_SIGNED_CERT)`],
  [
    'server',
    403,
    'the client certificate of "kube-apiserver" is not accepted: verification with clientCa failed (INVALID_PURPOSE)',
  ],
])('a client with the certificate %s gets %i, before its body is read', async (name, code, message) => {
  const reply = await ask(certificate(name), post(5_000_000));
  expect({ ...JSON.parse(reply.text), status: reply.status }).toMatchObject({ status: code, message });
  expect(reply.headers.get('connection')).toBe('close');
  expect(server.rejections.at(-1)).toBe(`${code} ${message}`);
});

test.each(['TLSv1.2', 'TLSv1.3'] as const)('an API server is answered, over %s', async (version) => {
  const reply = await ask({ ...certificate('kube-apiserver'), minVersion: version, maxVersion: version });
  expect(JSON.parse(reply.text)).toMatchObject({ response: { allowed: true } });
});

test.each(['kube-apiserver', 'jane'])('a resumed session of %s is worth what it was worth before', async (name) => {
  const connection = await open(server, certificate(name));
  const session = new Promise<Buffer>((resolve) => connection.socket.once('session', resolve));
  connection.write('GET /healthz HTTP/1.1\r\nhost: localhost\r\n\r\n');
  expect((await connection.reply()).status).toBe(200);
  const resumed = { ...certificate(name), session: await session };
  connection.end();
  expect((await ask(resumed)).status).toBe(name === 'jane' ? 403 : 200);
});

test.each(['/healthz', '/readyz'])('a probe of %s needs no certificate', async (target) => {
  expect((await server.get(target)).status).toBe(200);
});

test.each([
  ['none.crt', undefined, /^cannot read clientCa ".*none\.crt": no such file; expected a PEM file$/],
  ['text.crt', 'x', /^clientCa ".*text\.crt": it contains no certificate; expected PEM that begins/],
  [
    'damaged.crt',
    '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    /^clientCa ".*": certificate 1 is damaged; use complete PEM certificates$/,
  ],
])('an authority that cannot be used is rejected at the start: %s', async (name, text, message) => {
  const file = path.join(folder, name);
  if (text !== undefined) writeFileSync(file, text);
  await expect(loadClientAuthority(file, ['a'])).rejects.toThrow(message);
});

test('a certificate that is not of an authority is rejected at the start', async () => {
  const file = path.join(folder, 'leaf.crt');
  writeFileSync(file, pairs.get('jane')?.cert ?? '');
  await expect(loadClientAuthority(file, ['a'])).rejects.toThrow(
    /^clientCa ".*leaf\.crt": certificate 1 is not a CA certificate; use the CA that signs the client certificates$/,
  );
});

test('a connection of an earlier authority gets a response that ends it', async () => {
  const connection = await open(server, certificate('kube-apiserver'));
  connection.write(post() + body);
  expect((await connection.reply()).headers.get('connection')).not.toBe('close');
  server.tls.change(({ clients, ...settings }) => ({ ...settings, clients: clients && { ...clients } }));
  connection.write(post() + body);
  const reply = await connection.reply();
  expect([reply.status, reply.headers.get('connection')]).toEqual([200, 'close']);
  await connection.closed;
  expect((await ask(certificate('kube-apiserver'))).status).toBe(200);
});
