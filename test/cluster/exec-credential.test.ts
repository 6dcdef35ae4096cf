/** Credential plugins of a kubeconfig, as scripts: how often they run, what they get, and what is reported when they fail. */
import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { afterEach, describe, expect, test } from 'vitest';
import type { ClusterApi } from '../../src/cluster/api.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import { base64, kubeconfigText, openKubeconfig, respond, serverForTests } from '../support/tls-api-server.ts';

inOwnFolders('exec-credential');

const GET = { path: '/api/v1/namespaces/shop' };
const V1 = 'client.authentication.k8s.io/v1';

const server = await serverForTests({});
let opened: ClusterApi | undefined;
afterEach(async () => opened?.close());

/** A shell script that counts its runs in the file `runs`. */
function plugin(script: string, name = 'plugin'): void {
  writeFileSync(name, `#!/bin/sh\necho run >>runs\n${script}\n`);
  chmodSync(name, 0o755);
}

function credential(status: object, apiVersion = V1): string {
  return JSON.stringify({ kind: 'ExecCredential', apiVersion, status });
}

const print = (status: object, apiVersion = V1): string => `printf %s '${credential(status, apiVersion)}'`;

function client(exec: object = {}, { now, cluster = {} }: { now?: () => number; cluster?: object } = {}): ClusterApi {
  const settings = { apiVersion: V1, command: './plugin', interactiveMode: 'Never', ...exec };
  const trusted = { server: server.url, 'certificate-authority-data': base64(server.authority.cert), ...cluster };
  writeFileSync('config', kubeconfigText({ cluster: trusted, user: { exec: settings } }));
  opened = openKubeconfig('config', { PATH: process.env['PATH'] ?? '', HOME: '/home/ann' }, now);
  return opened;
}

const runs = (): number => (existsSync('runs') ? readFileSync('runs', 'utf8').split('\n').length - 1 : 0);
const tokens = (): readonly unknown[] => server.requests.map(({ headers }) => headers.authorization);

async function problem(api: ClusterApi): Promise<string> {
  return api.request(GET).then(
    () => 'none',
    (error: unknown) => (error as Error).message,
  );
}

test('runs once for parallel requests, and not again while its credential is valid', async () => {
  plugin(`sleep 0.2; ${print({ token: 'abc' })}`);
  const api = client();
  await Promise.all([api.request(GET), api.request(GET), api.request(GET)]);
  await api.request(GET);
  expect([runs(), ...new Set(tokens())]).toEqual([1, 'Bearer abc']);
});

test.each([
  ['shortly before its credential expires', 600, 589, 591],
  ['at nine tenths of a short life', 10, 8, 9.5],
])('runs again %s', async (_what, lifeS, validS, endS) => {
  const startMs = Date.now();
  let ms = startMs;
  plugin(print({ token: 'abc', expirationTimestamp: new Date(startMs + lifeS * 1000).toISOString() }));
  const api = client({}, { now: () => ms });
  await api.request(GET);
  ms = startMs + validS * 1000;
  await api.request(GET);
  expect(runs()).toBe(1);
  ms = startMs + endS * 1000;
  await api.request(GET);
  expect(runs()).toBe(2);
});

test('runs again once after HTTP 401, for all requests that were rejected', async () => {
  plugin(`n=$(wc -l <runs); printf '{"kind":"ExecCredential","apiVersion":"${V1}","status":{"token":"t%d"}}' $n`);
  const api = client();
  server.handler = (request, response) =>
    respond(request.headers.authorization === 'Bearer t2' ? 200 : 401, {})(request, response);
  await Promise.all([api.request(GET), api.request(GET), api.request(GET)]);
  expect(runs()).toBe(2);
  server.handler = respond(401, {});
  expect(await problem(api)).toMatch(/rejected the credentials of user "ann" in "config" \(HTTP 401\)$/);
  expect(runs()).toBe(3);
});

test('runs a plugin that fails once for all requests of some seconds, and then again', async () => {
  let ms = 1_000_000;
  plugin('echo "sign in" >&2; exit 1');
  const api = client({}, { now: () => ms });
  const first = await Promise.all([problem(api), problem(api)]);
  ms += 4900;
  const all = [...first, await problem(api)];
  expect(new Set(all).size).toBe(1);
  expect(all[0]).toMatch(/ended with exit code 1: sign in \(it is not run again for 5 s\)$/);
  expect(runs()).toBe(1);
  ms += 100;
  await problem(api);
  expect(runs()).toBe(2);
  plugin(print({ token: 'abc' }));
  // The clock is set back.
  ms = 0;
  await api.request(GET);
  expect([runs(), ...tokens()]).toEqual([3, 'Bearer abc']);
});

test('can take longer than a request', async () => {
  plugin(`sleep 0.5; ${print({ token: 'abc' })}`);
  await client().request({ ...GET, timeoutMs: 200 });
  expect(tokens()).toEqual(['Bearer abc']);
});

test('can return a client certificate, and another one later', async () => {
  const write = async (name: string): Promise<void> => {
    const { cert, key } = await server.authority.clientCertificate(name, 'team');
    const status = {
      clientCertificateData: cert,
      clientKeyData: key,
      expirationTimestamp: new Date(1000).toISOString(),
    };
    writeFileSync('credential.json', credential(status));
  };
  plugin('cat credential.json');
  await write('ann');
  const api = client();
  await api.request(GET);
  await write('bea');
  await api.request(GET);
  expect(new Set(server.handshakes)).toEqual(new Set(['ann', 'bea']));
});

describe('gets', () => {
  const info = (): unknown => JSON.parse(readFileSync('info', 'utf8'));

  test('its arguments and variables beside those of the process', async () => {
    plugin(`echo "$1,$2,$HOME,$EXTRA" >args; ${print({ token: 'abc' })}`);
    await client({ args: ['a b', '$HOME'], env: [{ name: 'EXTRA', value: 'x=y' }] }).request(GET);
    expect(readFileSync('args', 'utf8')).toBe('a b,$HOME,/home/ann,x=y\n');
  });

  test.each([V1, 'client.authentication.k8s.io/v1beta1'])(
    'KUBERNETES_EXEC_INFO of %s without the cluster',
    async (apiVersion) => {
      plugin(`printf %s "$KUBERNETES_EXEC_INFO" >info; ${print({ token: 'abc' }, apiVersion)}`);
      await client({ apiVersion, interactiveMode: 'IfAvailable' }).request(GET);
      expect(info()).toEqual({ kind: 'ExecCredential', apiVersion, spec: { interactive: false } });
    },
  );

  test('the cluster with provideClusterInfo', async () => {
    plugin(`printf %s "$KUBERNETES_EXEC_INFO" >info; ${print({ token: 'abc' })}`);
    writeFileSync('ca.pem', server.authority.cert);
    const extension = { audience: 'a' };
    const cluster = {
      'certificate-authority-data': undefined,
      'certificate-authority': 'ca.pem',
      'tls-server-name': 'api.test',
      extensions: [
        { name: 'other', extension: {} },
        { name: 'client.authentication.k8s.io/exec', extension },
      ],
    };
    await client({ provideClusterInfo: true }, { cluster }).request(GET);
    expect(info()).toEqual({
      kind: 'ExecCredential',
      apiVersion: V1,
      spec: {
        interactive: false,
        cluster: {
          server: server.url,
          config: extension,
          'tls-server-name': 'api.test',
          'certificate-authority-data': base64(server.authority.cert),
        },
      },
    });
  });
});

describe('reports', () => {
  const SECRET = `eyJhbGciOiJSUzI1NiJ9.${'s3cret'.repeat(10)}.sig`;
  const END = / \(it is not run again for 5 s\)$/;
  const START = /^cannot send requests to the API server https:\/\/127\.0\.0\.1:\d+: credential plugin "[^"]*" /;

  test.each([
    [
      'an exit code with the end of stderr',
      `echo "you must sign in: aws sso login" >&2; exit 3`,
      'ended with exit code 3: you must sign in: aws sso login',
    ],
    [
      'no token of stderr',
      `echo "token ${SECRET} is old" >&2; ${print({ token: SECRET })}; exit 1`,
      'ended with exit code 1: token … is old',
    ],
    ['a bounded stderr', `yes 0123456789 | head -c 3000000 >&2; exit 1`, /ended with exit code 1: ….{250,301}$/],
    ['no JSON', `echo "${SECRET}"`, 'returned no JSON object'],
    ['another kind', `echo '{"kind":"Pod"}'`, 'returned an object that is not an ExecCredential'],
    [
      'another version',
      print({ token: 'a' }, 'client.authentication.k8s.io/v1alpha1'),
      `returned an ExecCredential with an apiVersion other than ${V1}`,
    ],
    [
      'no status',
      `echo '{"kind":"ExecCredential","apiVersion":"${V1}"}'`,
      'returned an ExecCredential without a status',
    ],
    ['no credential', print({}), 'returned neither a token nor a client certificate'],
    [
      'half a certificate',
      print({ clientCertificateData: 'x' }),
      'returned a client certificate without its key, or a key without its certificate',
    ],
    ['a token of two lines', print({ token: 'a\nb' }), 'returned a token with invalid characters'],
    ['a wrong time', print({ token: 'a', expirationTimestamp: 'soon' }), 'returned an invalid expirationTimestamp'],
    ['a signal', 'kill -9 $$', 'ended with SIGKILL'],
    ['too much output', 'yes | head -c 3000000', 'wrote more than 1024 KiB'],
  ])('%s', async (_what, script, expected) => {
    plugin(script);
    const message = await problem(client({ installHint: 'install it' }));
    expect(message).toMatch(START);
    expect(message).toMatch(END);
    expect(message.replace(START, '').replace(END, '')).toMatch(expected);
    expect(message).not.toMatch(/s3cret|install it/);
    expect(server.requests).toEqual([]);
  });

  test('how to install a plugin that is not there', async () => {
    const message = await problem(
      client({ command: 'no-such-plugin', installHint: 'install it\nwith \u001b[31mbrew' }),
    );
    expect(message.replace(START, '').replace(END, '')).toBe(
      'cannot be started: program not found; install it with [31mbrew',
    );
  });

  test('a client certificate that is not PEM', async () => {
    plugin(print({ clientCertificateData: 'x', clientKeyData: 'y' }));
    expect(await problem(client())).toMatch(
      /client certificate and key of user "ann" in "config" are not a valid PEM pair/,
    );
  });
});
