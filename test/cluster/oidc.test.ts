/** Tokens of OpenID Connect against a scripted issuer: refreshed as by kubectl, and failures in a sentence without tokens. */
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { text } from 'node:stream/consumers';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { ClusterApi } from '../../src/cluster/api.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import {
  type Answer,
  DISCOVERY,
  idToken,
  json,
  type OidcIssuer,
  startOidcIssuer,
  TOKEN,
} from '../support/oidc-issuer.ts';
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

inOwnFolders('oidc');

const HOUR = 3_600_000;
const GET = { path: '/api' };

let issuer: OidcIssuer;
let server: TlsApiServer;
let opened: ClusterApi | undefined;
beforeAll(async () => {
  issuer = await startOidcIssuer();
  server = await startTlsApiServer();
  server.handler = respond(200, { kind: 'APIVersions' });
});
afterAll(async () => {
  await issuer.close();
  await server.close();
});
beforeEach(() => {
  for (const list of [issuer.requests, server.requests]) list.length = 0;
  issuer.answers.clear();
});
afterEach(async () => opened?.close());

type Settings = Readonly<Record<string, string | undefined>>;

function writeConfig(settings: Settings): void {
  const config = {
    'idp-issuer-url': issuer.url,
    'idp-certificate-authority-data': base64(issuer.ca),
    'client-id': 'kubernetes',
    'refresh-token': 'r3fresh-1',
    ...settings,
  };
  const cluster = { server: server.url, 'certificate-authority-data': base64(server.authority.cert) };
  writeFileSync('config', kubeconfigText({ cluster, user: { 'auth-provider': { name: 'oidc', config } } }));
}

function client(settings: Settings = {}, now?: () => number): ClusterApi {
  writeConfig(settings);
  opened = openKubeconfig('config', {}, now);
  return opened;
}

const problem = async (api: ClusterApi): Promise<string> =>
  api.request(GET).then(
    () => 'none',
    (error: Error) => error.message,
  );
const sent = (): readonly unknown[] => server.requests.map(({ headers }) => headers.authorization);
const EXPIRED = idToken(0, 's3cret');
const FRESH = idToken(Date.now() + HOUR, 'fresh');
const ISSUED = { id_token: FRESH, token_type: 'Bearer', access_token: 's3cret-access', refresh_token: 'r3fresh-2' };
const REJECTED = json(400, { error: 'invalid_grant', error_description: 'r3fresh-1 is unknown' });

/** Accepts the client secret only in the body. */
const inBody: Answer = (request, response) =>
  json(request.form['client_secret'] === 's+cret' ? 200 : 401, ISSUED)(request, response);

interface Case {
  readonly settings?: Settings;
  readonly token?: Answer;
  readonly discovery?: Answer;
  /** The token that the API server gets; undefined: no request. */
  readonly expected: string | undefined;
  /** What is wrong, if kubectl fails. */
  readonly message?: RegExp;
}

const CASES: readonly (readonly [string, Case])[] = [
  ['a valid id-token', { settings: { 'id-token': FRESH }, expected: FRESH }],
  ['an expired id-token', { settings: { 'id-token': EXPIRED }, expected: FRESH }],
  ['an id-token that expires at once', { settings: { 'id-token': idToken(Date.now() + 5000) }, expected: FRESH }],
  [
    'an id-token without exp',
    { settings: { 'id-token': `e30.${Buffer.from('{}').toString('base64url')}.x` }, expected: FRESH },
  ],
  ['no id-token', { expected: FRESH }],
  ['a client secret', { settings: { 'client-id': 'a b:c', 'client-secret': 's+cret' }, expected: FRESH }],
  [
    'an issuer that reads the secret in the body',
    { settings: { 'client-secret': 's+cret' }, token: inBody, expected: FRESH },
  ],
  ['an issuer with a slash at the end', { settings: { 'idp-issuer-url': 'SLASH' }, expected: FRESH }],
  [
    'no refresh-token',
    {
      settings: { 'id-token': EXPIRED, 'refresh-token': undefined },
      expected: undefined,
      message: /has an id-token that has expired, and no refresh-token; log in again/,
    },
  ],
  [
    'a rejected refresh-token',
    {
      token: REJECTED,
      expected: undefined,
      message: /got no token from https:\/\/127\.0\.0\.1:\d+ \(HTTP 400, invalid_grant\); log in again/,
    },
  ],
  [
    'a response without an id_token',
    {
      token: json(200, { ...ISSUED, id_token: undefined }),
      expected: undefined,
      message: /got no id_token from \S+; log in again with the scope "openid"/,
    },
  ],
  [
    'a response that is not JSON',
    {
      token: (_request, response) => void response.end('<html>s3cret'),
      expected: undefined,
      message: /got no id_token/,
    },
  ],
  [
    'an id-token that is not a JWT',
    {
      settings: { 'id-token': 'a.s3cret.c' },
      expected: undefined,
      message: /has an id-token that is not a valid JWT; log in again/,
    },
  ],
  [
    'an issuer without discovery',
    { discovery: json(404, {}), expected: undefined, message: /found no token_endpoint at \S+ \(HTTP 404\)/ },
  ],
  [
    'a discovery without an endpoint',
    { discovery: json(200, {}), expected: undefined, message: /found no token_endpoint at \S+ \(HTTP 200\)/ },
  ],
  [
    'an issuer with another CA',
    {
      settings: { 'idp-certificate-authority-data': 'OTHER' },
      expected: undefined,
      message: /cannot reach \S+: its certificate is not accepted \(\w+\); check "idp-certificate-authority"/,
    },
  ],
  [
    'an issuer that is not there',
    {
      settings: { 'idp-issuer-url': 'https://127.0.0.1:1' },
      expected: undefined,
      message: /cannot reach https:\/\/127\.0\.0\.1:1: ECONNREFUSED/,
    },
  ],
  [
    'no issuer',
    {
      settings: { 'idp-issuer-url': undefined },
      expected: undefined,
      message: /requires "idp-issuer-url" to refresh its id-token/,
    },
  ],
];

function prepare({ settings = {}, token = json(200, ISSUED), discovery }: Case): Settings {
  issuer.answers.set(TOKEN, token);
  if (discovery) issuer.answers.set(DISCOVERY, discovery);
  const values = new Map([
    ['SLASH', `${issuer.url}/`],
    ['OTHER', base64(server.authority.cert)],
  ]);
  return Object.fromEntries(Object.entries(settings).map(([key, value]) => [key, values.get(value ?? '') ?? value]));
}

describe('the user', () => {
  test.each(CASES)('with %s', async (_what, given) => {
    const message = await problem(client(prepare(given)));
    expect(message).not.toMatch(/s3cret|r3fresh|s\+cret/);
    expect(message).toMatch(given.message ?? /^none$/);
    if (given.message)
      expect(message).toMatch(
        /^cannot send requests to the API server \S+: auth-provider "oidc" .* \(it is not used again for 5 s\)$/,
      );
    expect(sent()).toEqual(given.expected === undefined ? [] : [`Bearer ${given.expected}`]);
  });

  test('sends one request to the issuer for parallel requests, and the newest refresh-token later', async () => {
    let ms = Date.now();
    let count = 0;
    issuer.answers.set(TOKEN, (request, response) => {
      count += 1;
      json(200, { id_token: idToken(ms + HOUR, `${count}`), ...(count === 1 && { refresh_token: 'r3fresh-2' }) })(
        request,
        response,
      );
    });
    const api = client({ 'id-token': EXPIRED }, () => ms);
    await Promise.all([api.request(GET), api.request(GET)]);
    await api.request(GET);
    for (const _round of [1, 2]) {
      ms += HOUR - 5000;
      await api.request(GET);
    }
    const used = issuer.requests.flatMap(({ form }) => form['refresh_token'] ?? []);
    expect(used).toEqual(['r3fresh-1', 'r3fresh-2', 'r3fresh-2']);
    expect(new Set(sent()).size).toBe(3);
  });

  test('is not refreshed for each request after a failure', async () => {
    let ms = Date.now();
    issuer.answers.set(TOKEN, REJECTED);
    const api = client({}, () => ms);
    expect(new Set([await problem(api), await problem(api)]).size).toBe(1);
    const count = issuer.requests.length;
    ms += 5000;
    await problem(api);
    expect(issuer.requests).toHaveLength(2 * count);
  });

  test('does not send its refresh-token over plain HTTP if the issuer has HTTPS', async () => {
    const plain = await startOidcIssuer({ isSecure: false });
    issuer.answers.set(DISCOVERY, json(200, { token_endpoint: `${plain.url}/token` }));
    expect(await problem(client())).toMatch(
      /does not send its refresh-token over plain HTTP to http:\/\/127\.0\.0\.1:\d+/,
    );
    expect(plain.requests).toEqual([]);
    await plain.close();
  });

  test('is told that the issuer does not respond, when the client is closed', async () => {
    issuer.answers.set(DISCOVERY, () => undefined);
    const api = client();
    const message = problem(api);
    setTimeout(() => void api.close(), 100);
    expect(await message).toBe('the client is closed');
  });
});

const sorted = (form: Readonly<Record<string, string>>): readonly string[] =>
  Object.entries(form)
    .map(([key, value]) => `${key}=${value}`)
    .sort((one, other) => (one < other ? -1 : 1));

describeWith(kubectlMissing, 'kubectl agrees about OpenID Connect', () => {
  test.each(CASES)('with %s', async (_what, given) => {
    writeConfig(prepare(given));
    const child = spawn('kubectl', ['--kubeconfig', 'config', 'get', '--raw', '/api'], {
      env: { ...process.env, HOME: process.cwd() },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    await Promise.all([text(child.stdout), text(child.stderr)]);
    expect(new Set(sent())).toEqual(new Set(given.expected === undefined ? [] : [`Bearer ${given.expected}`]));
    const theirs = requestsToIssuer();
    issuer.requests.length = 0;
    await problem(client(prepare(given)));
    expect(requestsToIssuer()).toEqual(theirs);
  });

  const requestsToIssuer = (): ReadonlySet<string> =>
    new Set(issuer.requests.map((request) => JSON.stringify({ ...request, form: sorted(request.form) })));
});
