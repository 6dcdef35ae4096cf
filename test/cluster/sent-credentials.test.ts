/** Over HTTP and HTTPS, the client sends the credentials that kubectl sends, and no others. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { kubectlMissing } from '../support/kubectl.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import { describeWith } from '../support/real-part.ts';
import {
  base64,
  kubeconfigText,
  openKubeconfig,
  startTlsApiServer,
  type TlsApiServer,
} from '../support/tls-api-server.ts';

inOwnFolders('sent-credentials');

type Sent = Readonly<Record<string, unknown>>;

let secure: TlsApiServer;
let plain: Server;
let sent: Sent | undefined;

beforeAll(async () => {
  secure = await startTlsApiServer();
  const answer: TlsApiServer['handler'] = ({ url, headers }, response) => {
    const { authorization, 'impersonate-user': user } = headers;
    if (url?.endsWith('/api')) sent = { path: url, ...(authorization && { authorization }), ...(user && { user }) };
    response.end('{"kind":"APIVersions"}');
  };
  secure.handler = answer;
  plain = createServer(answer);
  await new Promise<void>((resolve) => void plain.listen(0, '127.0.0.1', resolve));
});
afterAll(async () => {
  await secure.close();
  plain.closeAllConnections();
  plain.close();
});
beforeEach(() => {
  sent = undefined;
});

const httpHost = (): string => `127.0.0.1:${(plain.address() as AddressInfo).port}`;
const httpsHost = (): string => `127.0.0.1:${secure.port}`;

const TOKEN = { token: 't0ken' };
const NOT_VERIFIED = { 'insecure-skip-tls-verify': true };
const NO_PROGRAM = {
  exec: { command: 'no-such', apiVersion: 'client.authentication.k8s.io/v1', interactiveMode: 'Never' },
};
const API = { path: '/api' };
const URL_USER = { ...API, authorization: `Basic ${base64('u:p@s')}` };

interface Case {
  readonly server: () => string;
  readonly cluster?: object;
  readonly user?: object;
  /** undefined: no request arrives. */
  readonly expected: Sent | undefined;
}

const CASES: readonly (readonly [string, Case])[] = [
  ['no token over HTTP', { server: () => `http://${httpHost()}`, expected: API }],
  [
    'no token over HTTP without verification',
    { server: () => `http://${httpHost()}`, cluster: NOT_VERIFIED, expected: API },
  ],
  [
    'no token over HTTP with a CA',
    { server: () => `http://${httpHost()}`, cluster: { 'certificate-authority-data': base64('ca') }, expected: API },
  ],
  ['no token without a scheme', { server: httpHost, expected: API }],
  ['no token without a scheme and without verification', { server: httpHost, cluster: NOT_VERIFIED, expected: API }],
  [
    'nothing without a scheme to a server with HTTPS',
    { server: httpsHost, cluster: NOT_VERIFIED, expected: undefined },
  ],
  [
    'impersonation over HTTP',
    { server: () => `http://${httpHost()}`, user: { ...TOKEN, as: 'ann' }, expected: { ...API, user: 'ann' } },
  ],
  [
    'no password over HTTP',
    { server: () => `http://${httpHost()}`, user: { username: 'u', password: 'p' }, expected: API },
  ],
  [
    'nothing of a plugin over HTTP, which does not run',
    { server: () => `http://${httpHost()}`, user: NO_PROGRAM, expected: API },
  ],
  ['a password in the URL over HTTP', { server: () => `http://u:p%40s@${httpHost()}`, expected: URL_USER }],
  [
    'a token over HTTPS',
    {
      server: () => `https://${httpsHost()}`,
      cluster: NOT_VERIFIED,
      expected: { ...API, authorization: 'Bearer t0ken' },
    },
  ],
  [
    'a password in the URL over HTTPS instead of a token',
    { server: () => `https://u:p%40s@${httpsHost()}`, cluster: NOT_VERIFIED, expected: URL_USER },
  ],
  ['no query and no fragment of the server', { server: () => `http://${httpHost()}/?a=b#c`, expected: API }],
];

function writeConfig({ server, cluster, user = TOKEN }: Case): void {
  writeFileSync('config', kubeconfigText({ cluster: { server: server(), ...cluster }, user: { ...user } }));
}

test.each(CASES)('sends %s', async (_what, given) => {
  writeConfig(given);
  const api = openKubeconfig('config');
  await api
    .request({ path: '/api', timeoutMs: 2000 })
    .catch((error: unknown) => expect(String(error)).not.toMatch(/t0ken|p@s|p%40s/));
  await api.close();
  expect(sent).toEqual(given.expected);
});

describeWith(kubectlMissing, 'kubectl also sends', () => {
  test.each(CASES)('%s', async (_what, given) => {
    writeConfig(given);
    const child = spawn('kubectl', ['--kubeconfig', 'config', 'get', '--raw', '/api'], {
      env: { ...process.env, HOME: process.cwd() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(sent).toEqual(given.expected);
  });
});
