/** The CAs that the certificate of an API server is verified with are those of kubectl: of the kubeconfig, or of the system. */
import { spawn } from 'node:child_process';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { generate } from 'selfsigned';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { kubectlMissing } from '../support/kubectl.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import { describeWith } from '../support/real-part.ts';
import {
  base64,
  kubeconfigText,
  openKubeconfig,
  respond,
  startTlsApiServer,
  type TlsApiServer,
} from '../support/tls-api-server.ts';
import type { KeyPair } from './certificates.ts';

inOwnFolders('authorities');

let server: TlsApiServer;
/** Signed by another CA that nothing trusts. */
let intermediate: string;
let signedByIntermediate: TlsApiServer;
let other: string;

async function authorityOf(name: string, ca?: KeyPair): Promise<KeyPair> {
  const { cert, private: key } = await generate([{ name: 'commonName', value: name }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ...(ca && { ca }),
    extensions: [
      { name: 'basicConstraints', cA: true, critical: true },
      { name: 'keyUsage', keyCertSign: true, critical: true },
    ],
  });
  return { cert, key };
}

beforeAll(async () => {
  server = await startTlsApiServer();
  // An authority with the same name has the same subject, by which OpenSSL searches.
  const root = await authorityOf('root');
  other = root.cert;
  const middle = await authorityOf('middle', root);
  intermediate = middle.cert;
  const leaf = await generate([{ name: 'commonName', value: 'leaf' }], {
    keyType: 'ec',
    algorithm: 'sha256',
    ca: middle,
    extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
  });
  signedByIntermediate = await startTlsApiServer({ cert: leaf.cert, key: leaf.private });
  for (const each of [server, signedByIntermediate]) each.handler = respond(200, { kind: 'APIVersions' });
});
afterAll(async () => {
  await server.close();
  await signedByIntermediate.close();
});

beforeEach(() => {
  for (const directory of ['empty', 'one', 'two', 'linked', 'within']) mkdirSync(directory);
  const { cert } = server.authority;
  writeFileSync('ca.pem', `# comment\n${cert}`);
  writeFileSync('bundle.pem', `${other}\n${cert}`);
  writeFileSync('other.pem', other);
  writeFileSync('garbage.pem', '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\nx');
  writeFileSync('mixed.pem', `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${cert}`);
  writeFileSync('intermediate.pem', intermediate);
  writeFileSync('one/any-name', cert);
  writeFileSync('two/other.pem', other);
  symlinkSync('../ca.pem', 'linked/ca.pem');
  symlinkSync('absent', 'linked/absent');
  symlinkSync('loop', 'linked/loop');
  mkdirSync('linked/directory');
});

type Environment = Readonly<Record<string, string>>;
type Case = readonly [what: string, isTrusted: boolean, env: Environment, cluster: () => object];

const row = (what: string, isTrusted: boolean, env: Environment, cluster = (): object => ({})): Case => [
  what,
  isTrusted,
  env,
  cluster,
];

const NONE = { SSL_CERT_FILE: 'absent', SSL_CERT_DIR: 'empty' };
const dataOf = (certificate: string): object => ({ 'certificate-authority-data': base64(certificate) });

const CASES: readonly Case[] = [
  row('a file', true, { SSL_CERT_FILE: 'ca.pem' }),
  row('a file with several CAs', true, { SSL_CERT_FILE: 'bundle.pem' }),
  row('a file with another CA', false, { SSL_CERT_FILE: 'other.pem' }),
  row('a file with garbage', false, { ...NONE, SSL_CERT_FILE: 'garbage.pem' }),
  row('a file with garbage before the CA', true, { SSL_CERT_FILE: 'mixed.pem' }),
  row('no file', false, NONE),
  row('a directory', true, { SSL_CERT_DIR: 'one' }),
  row('a file and a directory', true, { SSL_CERT_FILE: 'other.pem', SSL_CERT_DIR: 'one' }),
  row('two directories', true, { SSL_CERT_DIR: 'two:one' }),
  row('a directory that does not exist', true, { SSL_CERT_DIR: 'absent:one' }),
  row('a directory of links', true, { SSL_CERT_DIR: 'linked' }),
  row('empty variables', false, { SSL_CERT_FILE: '', SSL_CERT_DIR: '' }),
  row('the CA of the kubeconfig alone', false, { SSL_CERT_FILE: 'ca.pem' }, () => dataOf(other)),
  row('the CA of the kubeconfig', true, NONE, () => dataOf(server.authority.cert)),
  row('no CA that is needed', true, NONE, () => ({ 'insecure-skip-tls-verify': true })),
  row('an intermediate CA', true, NONE, () => ({ server: signedByIntermediate.url, ...dataOf(intermediate) })),
  row('an intermediate CA of the system', true, { SSL_CERT_FILE: 'intermediate.pem' }, () => ({
    server: signedByIntermediate.url,
  })),
  row('the CA of an intermediate CA that the server does not send', false, NONE, () => ({
    server: signedByIntermediate.url,
    ...dataOf(other),
  })),
];

function writeConfig(cluster: Case[3]): void {
  const settings = { server: server.url, ...cluster() };
  writeFileSync('config', kubeconfigText({ cluster: settings, user: { token: 't0ken' } }));
}

async function isTrustedByUs(env: Environment): Promise<boolean> {
  const api = openKubeconfig('config', env);
  const result = await api.request({ path: '/api' }).catch(String);
  await api.close();
  if (typeof result === 'string') expect(result).toMatch(/is not a trusted CA; .* \(\w+\)$|have no PEM certificate$/);
  return typeof result !== 'string';
}

async function isTrustedByKubectl(env: Environment): Promise<boolean> {
  const child = spawn('kubectl', ['--kubeconfig', 'config', 'get', '--raw', '/api'], {
    env: { ...process.env, HOME: process.cwd(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const [out, errors] = await Promise.all([text(child.stdout), text(child.stderr)]);
  expect([out, errors]).toContainEqual(expect.stringMatching(/APIVersions|certificate signed by unknown authority/));
  return out.includes('APIVersions');
}

test.each(CASES)('%s', async (_what, isTrusted, env, cluster) => {
  writeConfig(cluster);
  expect(await isTrustedByUs(env)).toBe(isTrusted);
});

describeWith(kubectlMissing, 'kubectl agrees about the CAs', () => {
  test.each(CASES)('%s', async (_what, isTrusted, env, cluster) => {
    writeConfig(cluster);
    expect(await isTrustedByKubectl(env)).toBe(isTrusted);
  });
});
