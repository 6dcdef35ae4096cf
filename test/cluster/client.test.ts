/** The client against an HTTPS server that behaves well and badly: connections, credentials, limits, and messages. */
import { writeFileSync } from 'node:fs';
import { createServer as createHttpServer } from 'node:http';
import { type AddressInfo, createServer, type Socket } from 'node:net';
import { generate } from 'selfsigned';
import { afterEach, describe, expect, test } from 'vitest';
import { ApiError, ApiOutage, type ApiRequest, type ClusterApi, type WatchEvent } from '../../src/cluster/api.ts';
import { inOwnFolders } from '../support/own-folders.ts';
import {
  base64,
  type Handler,
  type KubeconfigParts,
  kubeconfigText,
  openKubeconfig,
  respond,
  serverForTests,
  startTlsApiServer,
} from '../support/tls-api-server.ts';

inOwnFolders('cluster-client');

const GET: ApiRequest = { path: '/api/v1/namespaces/shop/pods/web' };

const server = await serverForTests({ kind: 'Pod' });
const ca = base64(server.authority.cert);
const opened: ClusterApi[] = [];
afterEach(async () => {
  await Promise.all(opened.splice(0).map(async (api) => api.close()));
});

interface Options {
  readonly user?: KubeconfigParts['user'];
  readonly cluster?: KubeconfigParts['cluster'];
  readonly env?: Readonly<Record<string, string>>;
  readonly now?: () => number;
}

function client({ user = { token: 't0ken' }, cluster, env, now }: Options = {}): ClusterApi {
  writeFileSync('config', kubeconfigText({ cluster: { server: server.url, ...(cluster ?? trusted()) }, user }));
  const api = openKubeconfig('config', env, now);
  opened.push(api);
  return api;
}

const trusted = (): object => ({ 'certificate-authority-data': ca });

async function problem(work: Promise<unknown>): Promise<string> {
  const error = await work.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  return error instanceof ApiOutage || error instanceof ApiError ? error.message : String(error);
}

test('the clock of the API server is that of its last response with a date', async () => {
  const api = client();
  expect(api.time?.()).toBeUndefined();
  for (const [date, expected] of [
    ['Mon, 02 Jan 2006 15:04:05 GMT', Date.UTC(2006, 0, 2, 15, 4, 5)],
    ['yesterday', Date.UTC(2006, 0, 2, 15, 4, 5)],
    ['Tue, 03 Jan 2006 15:04:05 GMT', Date.UTC(2006, 0, 3, 15, 4, 5)],
  ] as const) {
    server.handler = respond(200, {}, { date });
    await api.request(GET);
    const time = api.time?.() ?? 0;
    expect(time).toBeGreaterThanOrEqual(expected);
    expect(time - expected).toBeLessThan(60_000);
  }
});

describe('connections', () => {
  test('are kept: 50 requests need two handshakes', async () => {
    const api = client();
    for (let count = 0; count < 50; count += 1) expect(await api.request(GET)).toEqual({ kind: 'Pod' });
    // undici opens a second connection if a request starts just when a response ends.
    expect(server.handshakes.length).toBeLessThanOrEqual(2);
    expect(server.requests).toHaveLength(50);
    expect(server.requests[0]?.headers).toMatchObject({
      authorization: 'Bearer t0ken',
      accept: 'application/json',
      'accept-encoding': 'identity',
    });
  });

  test('that the API server closes while they are idle do not fail a read', async () => {
    const api = client();
    await api.request(GET);
    let count = 0;
    server.handler = (request, response) => {
      count += 1;
      if (count === 1) request.socket.destroy();
      else response.end('{}');
    };
    expect(await api.request(GET)).toEqual({});
    count = 0;
    expect(await problem(api.request({ ...GET, method: 'POST', body: {} }))).toMatch(/closed the connection/);
    expect(count).toBe(1);
  });

  test('are replaced when the client certificate in its file changes', async () => {
    const write = async (name: string): Promise<void> => {
      const { cert, key } = await server.authority.clientCertificate(name, 'team');
      writeFileSync('cert.pem', cert);
      writeFileSync('key.pem', key);
    };
    let ms = 0;
    await write('ann');
    const api = client({ user: { 'client-certificate': 'cert.pem', 'client-key': 'key.pem' }, now: () => ms });
    await api.request(GET);
    await write('bea');
    await api.request(GET);
    expect(server.handshakes).toEqual(['ann']);
    ms = 10_000;
    await api.request(GET);
    await api.request(GET);
    expect(new Set(server.handshakes.slice(1))).toEqual(new Set(['bea']));
  });
});

describe('credentials', () => {
  const needToken =
    (token: string): Handler =>
    (request, response) =>
      request.headers.authorization === `Bearer ${token}`
        ? respond(200, {})(request, response)
        : respond(401, { kind: 'Status', reason: 'Unauthorized', message: 'Unauthorized' })(request, response);

  test('of a token file are read again after HTTP 401, and otherwise every few seconds', async () => {
    writeFileSync('token', 'one\n');
    let ms = 0;
    const api = client({ user: { tokenFile: 'token' }, now: () => ms });
    server.handler = needToken('one');
    await api.request(GET);
    writeFileSync('token', 'two');
    server.handler = needToken('two');
    expect(await Promise.all([api.request(GET), api.request(GET), api.request(GET)])).toEqual([{}, {}, {}]);
    writeFileSync('token', 'three');
    ms = 10_000;
    server.requests.length = 0;
    server.handler = needToken('three');
    await api.request(GET);
    expect(server.requests).toHaveLength(1);
    writeFileSync('token', 'four');
    // The clock is set back.
    ms = -3_600_000;
    server.handler = needToken('four');
    await api.request(GET);
    expect(server.requests).toHaveLength(2);
  });

  test('that stay rejected are reported once, without their value', async () => {
    server.handler = needToken('other');
    const error = await client()
      .request(GET)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiError);
    expect(error).toMatchObject({
      status: 401,
      message: `the API server ${server.url} rejected the credentials of user "ann" in "config" (HTTP 401)`,
    });
    expect(server.requests).toHaveLength(1);
  });

  test('are a user name and a password, and all that impersonation has', async () => {
    const user = {
      username: 'ann',
      password: 'p:w',
      as: 'jörg',
      'as-uid': '7',
      'as-groups': ['a', 'b'],
      'as-user-extra': { 'Scopes/x y': ['v1', 'v2'] },
    };
    await client({ user }).request(GET);
    const { rawHeaders, headers } = server.requests[0] ?? {};
    expect(headers?.authorization).toBe(`Basic ${base64('ann:p:w')}`);
    const pairs = (rawHeaders ?? []).flatMap((name, index) =>
      /^impersonate/i.test(name) ? [[name, Buffer.from(rawHeaders?.[index + 1] ?? '', 'latin1').toString('utf8')]] : [],
    );
    expect(pairs).toEqual([
      ['Impersonate-User', 'jörg'],
      ['Impersonate-Uid', '7'],
      ['Impersonate-Group', 'a'],
      ['Impersonate-Group', 'b'],
      ['Impersonate-Extra-Scopes%2Fx%20y', 'v1'],
      ['Impersonate-Extra-Scopes%2Fx%20y', 'v2'],
    ]);
  });

  test('are not sent over plain HTTP, as by kubectl', async () => {
    const received: unknown[] = [];
    const plain = createHttpServer((request, response) => {
      received.push(request.headers.authorization);
      response.end('{}');
    });
    await new Promise<void>((resolve) => void plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as AddressInfo;
    await client({ cluster: { server: `127.0.0.1:${port}` } }).request(GET);
    plain.close();
    expect(received).toEqual([undefined]);
  });

  test.each([
    ['client-certificate-data', { 'client-certificate-data': base64('x'), 'client-key-data': base64('y') }],
    ['a token', { token: 'a\nX-Other: b' }],
  ])('that cannot be used are an outage: %s', async (_what, user) => {
    const message = await problem(client({ user }).request(GET));
    expect(message).toMatch(/user "ann" in "config"/);
    expect(message).not.toMatch(/X-Other/);
    expect(server.requests).toEqual([]);
  });

  test('that cannot be read name the file', async () => {
    expect(await problem(client({ user: { tokenFile: 'absent' } }).request(GET))).toMatch(
      /cannot read ".*\/absent": no such file or directory$/,
    );
  });
});

describe('certificates of the API server', () => {
  test('are verified with the CA of the kubeconfig alone', async () => {
    const other = await startTlsApiServer();
    const foreign = { 'certificate-authority-data': base64(other.authority.cert) };
    await other.close();
    expect(await problem(client({ cluster: foreign }).request(GET))).toMatch(
      /^cannot reach the API server https:.*: its certificate "CN=127.0.0.1" is signed by "CN=tidewaiter test authority", which is not a trusted CA; update "certificate-authority-data" of cluster "prod" in "config" \(\w+\)$/,
    );
    expect(await problem(client({ cluster: {} }).request(GET))).toMatch(/is not a trusted CA/);
    expect(server.requests).toEqual([]);
  });

  test('must have the name of the server, or that of tls-server-name', async () => {
    const message = await problem(
      client({ cluster: { ...trusted(), server: server.url.replace('127.0.0.1', 'localhost') } }).request(GET),
    );
    expect(message).toMatch(
      /its certificate "CN=127.0.0.1" is not for "localhost" but for "IP Address:127.0.0.1, DNS:api.test"; use one of these names/,
    );
    const named = { ...trusted(), server: server.url.replace('127.0.0.1', 'localhost'), 'tls-server-name': 'api.test' };
    expect(await client({ cluster: named }).request(GET)).toEqual({ kind: 'Pod' });
    const wrong = { ...trusted(), 'tls-server-name': 'other.test' };
    expect(await problem(client({ cluster: wrong }).request(GET))).toMatch(/is not for "other.test"/);
  });

  test('are not verified with insecure-skip-tls-verify', async () => {
    expect(await client({ cluster: { 'insecure-skip-tls-verify': true } }).request(GET)).toEqual({ kind: 'Pod' });
  });

  test('that have expired are named with their end', async () => {
    const end = new Date(Date.now() - 60_000);
    const start = new Date(Date.now() - 3_600_000);
    const old = await generate([{ name: 'commonName', value: 'old' }], {
      keyType: 'ec',
      notBeforeDate: start,
      notAfterDate: end,
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 7, ip: '127.0.0.1' }] }],
    });
    const expired = await startTlsApiServer({ cert: old.cert, key: old.private });
    const cluster = { server: expired.url, 'certificate-authority-data': base64(old.cert) };
    const message = await problem(client({ cluster }).request(GET));
    await expired.close();
    expect(message).toMatch(/its certificate "CN=old" expired on 20\d\d-.*Z; renew it$/);
  });

  test('need a CA that is PEM', async () => {
    const cluster = { 'certificate-authority-data': base64('garbage') };
    expect(await problem(client({ cluster }).request(GET))).toMatch(
      /the certificate-authority of cluster "prod" in "config" contains no PEM certificate$/,
    );
  });
});

describe('an API server that cannot be reached', () => {
  test.each([
    ['https://127.0.0.1:1', /it refused the connection \(ECONNREFUSED\); check that it runs/],
    ['https://absent.invalid', /the host "absent\.invalid" does not exist in DNS|DNS did not respond for/],
    ['https://user:s3cret@127.0.0.1:1', /^(?!.*s3cret).*https:\/\/127\.0\.0\.1:1: it refused/],
  ])('%s is an outage in a sentence', async (url, message) => {
    const error = await client({ cluster: { server: url } })
      .request(GET)
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiOutage);
    expect((error as Error).message).toMatch(message);
  });

  test('because the connection is half open ends with the time limit', async () => {
    const silent = createServer(() => undefined);
    await new Promise<void>((resolve) => void silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as AddressInfo;
    const api = client({ cluster: { server: `https://127.0.0.1:${port}` } });
    expect(await problem(api.request({ ...GET, timeoutMs: 200 }))).toBe(
      `cannot reach the API server https://127.0.0.1:${port}: it did not respond within 0.2 s`,
    );
    expect(await problem(api.request({ ...GET, timeoutMs: 9000 }))).toMatch(/did not accept a connection in time/);
    silent.close();
  }, 15_000);

  test('over TLS, because it has plain HTTP', async () => {
    const plain = createHttpServer((_request, response) => void response.end('{}'));
    await new Promise<void>((resolve) => void plain.listen(0, '127.0.0.1', resolve));
    const { port } = plain.address() as AddressInfo;
    expect(await problem(client({ cluster: { server: `https://127.0.0.1:${port}` } }).request(GET))).toMatch(
      /did not complete the TLS handshake \(\w+\); if it uses plain HTTP, start "server" with http:\/\//,
    );
    plain.close();
  });

  test('ends with the signal of the caller', async () => {
    server.handler = () => undefined;
    const ended = new AbortController();
    const request = client().request(GET, ended.signal);
    setTimeout(() => ended.abort(new Error('late')), 50);
    await expect(request).rejects.toThrow('late');
    await expect(client().request(GET, AbortSignal.abort(new Error('early')))).rejects.toThrow('early');
  });
});

describe('a response', () => {
  const NOT_OBJECT = /returned a response that is not a JSON object$/;
  test.each<readonly [string, Handler, RegExp]>([
    ['that never comes', () => undefined, /did not respond within 0.5 s$/],
    ['that never ends', (_request, response) => void response.write('{"a":'), /did not respond within 0.5 s$/],
    [
      'that is cut',
      (_request, response) => (response.write('{"a":'), setTimeout(() => response.destroy(), 20)),
      /closed the connection/,
    ],
    [
      'with 3 MB of headers',
      respond(200, {}, { 'x-long': 'x'.repeat(3_000_000) }),
      /it sent too many headers \(\w+\)$/,
    ],
    [
      'in gzip',
      respond(200, 'x', { 'content-encoding': 'gzip' }),
      /returned a compressed response, which was not requested$/,
    ],
    ['that is HTML', respond(200, '<html>'), NOT_OBJECT],
    ['that is a list', respond(200, '[]'), NOT_OBJECT],
    ['that is not UTF-8', (_request, response) => void response.end(Buffer.from([0x7b, 0xff, 0x7d])), NOT_OBJECT],
    ['that is nested deeply', respond(200, '['.repeat(5_000_000)), NOT_OBJECT],
    [
      'that redirects',
      respond(307, '', { location: 'https://other.test' }),
      /returned HTTP 307 to "https:\/\/other\.test" without a Status$/,
    ],
    ['of a proxy', respond(502, '<html>'), /returned HTTP 502 without a Status$/],
  ])('%s is an outage', async (_what, handler, message) => {
    server.handler = handler;
    const error = await client()
      .request({ ...GET, timeoutMs: message.source.includes('0.5 s') ? 500 : 15_000 })
      .catch((reason: unknown) => reason);
    expect(error).toBeInstanceOf(ApiOutage);
    expect((error as Error).message).toMatch(message);
  });

  test('without an end is cut at 64 MiB', async () => {
    server.handler = (_request, response) => {
      const chunk = Buffer.alloc(1024 * 1024, ' ');
      const write = (): void => {
        while (!response.destroyed && response.write(chunk));
      };
      response.on('drain', write);
      write();
    };
    expect(await problem(client().request(GET))).toMatch(/returned more than 64 MiB$/);
  });

  test('with a Status is an ApiError, on one bounded line', async () => {
    const message = `admission webhook denied:\n${'x'.repeat(5000)}`;
    server.handler = respond(403, { kind: 'Status', reason: 'Forbidden', message });
    const error = await client()
      .request(GET)
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ status: 403, reason: 'Forbidden' });
    expect((error as Error).message).toMatch(/^admission webhook denied: x{900,1000}…$/);
  });

  test('of a busy API server is waited for', async () => {
    let count = 0;
    server.handler = (request, response) =>
      respond((count += 1) < 3 ? 429 : 200, {}, { 'retry-after': '0' })(request, response);
    expect(await client().request(GET)).toEqual({});
    expect(count).toBe(3);
    server.handler = respond(429, { kind: 'Status', reason: 'TooManyRequests' }, { 'retry-after': '1' });
    const error = await client()
      .request({ ...GET, timeoutMs: 200 })
      .catch((reason: unknown) => reason);
    expect(error).toMatchObject({ name: 'ApiError', status: 429, reason: 'TooManyRequests' });
  });
});

describe('a watch', () => {
  const EVENT = `{"type":"ADDED","object":{"metadata":{"name":"größe"}}}\n`;

  async function events(api: ClusterApi, idleMs = 5000, each?: () => Promise<void>): Promise<readonly WatchEvent[]> {
    const received: WatchEvent[] = [];
    for await (const event of api.watch({ path: '/api/v1/pods', idleMs }, new AbortController().signal)) {
      received.push(event);
      await each?.();
    }
    return received;
  }

  test('reads events from chunks of any size', async () => {
    const text = Buffer.from(EVENT.repeat(3));
    server.handler = (_request, response) => {
      let at = 0;
      const timer = setInterval(() => {
        if (at < text.length) response.write(text.subarray(at, (at += 1)));
        else {
          clearInterval(timer);
          response.end();
        }
      }, 1);
    };
    const object = { metadata: { name: 'größe' } };
    expect(await events(client())).toEqual([1, 2, 3].map(() => ({ type: 'ADDED', object })));
    server.handler = respond(200, EVENT.repeat(1000));
    expect(await events(client())).toHaveLength(1000);
    expect(server.requests.at(-1)?.url).toBe('/api/v1/pods?watch=1');
  });

  test.each<readonly [string, Handler, RegExp]>([
    ['no JSON', respond(200, `${EVENT}{"type"\n${EVENT}`), /sent a watch event that cannot be read$/],
    ['another type', respond(200, '{"type":"NEW","object":{}}\n'), /sent a watch event that cannot be read$/],
    ['half an event', respond(200, EVENT.slice(0, 30)), /ended the watch in the middle of an event$/],
    ['a long line', respond(200, 'x'.repeat(17 * 1024 * 1024)), /sent a watch event of more than 16 MiB$/],
    ['nothing', (_request, response) => response.flushHeaders(), /did not respond within 0.3 s$/],
    [
      'bytes without an event',
      (_request, response) => {
        const timer = setInterval(() => void response.write(' '), 20);
        response.once('close', () => clearInterval(timer));
      },
      /did not respond within 0.3 s$/,
    ],
  ])('with %s is an outage', async (_what, handler, message) => {
    server.handler = handler;
    expect(await problem(events(client(), message.source.includes('0.3 s') ? 300 : 5000))).toMatch(message);
  });

  test('lives as long as there are events, and waits for its reader', async () => {
    server.handler = (_request, response) => {
      let count = 0;
      const timer = setInterval(() => {
        response.write(EVENT);
        if ((count += 1) === 6) {
          clearInterval(timer);
          response.end();
        }
      }, 100);
    };
    const slow = async (): Promise<void> => new Promise((resolve) => void setTimeout(resolve, 400));
    expect(await events(client(), 300, slow)).toHaveLength(6);
  });

  test('that its reader leaves closes its connection', async () => {
    const closed = Promise.withResolvers<void>();
    server.handler = (_request, response) => {
      response.once('close', () => closed.resolve());
      response.write(EVENT);
    };
    for await (const _event of client().watch({ path: '/x', idleMs: 5000 }, new AbortController().signal)) break;
    await expect(closed.promise).resolves.toBeUndefined();
  });
});

describe('a proxy', () => {
  interface Proxy {
    readonly url: string;
    readonly received: string[];
    close(): void;
  }

  /** Answers CONNECT with this status, and connects to the API server whatever the name. */
  async function startProxy(status = 200): Promise<Proxy> {
    const received: string[] = [];
    const { connect } = await import('node:net');
    const proxy = createHttpServer();
    proxy.on('connect', (request, socket: Socket) => {
      received.push(`${request.url} ${request.headers['proxy-authorization'] ?? ''}`.trim());
      if (status !== 200) {
        socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
        return;
      }
      const target = connect(server.port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        target.pipe(socket).pipe(target);
      });
      socket.on('error', () => target.destroy());
      target.on('error', () => socket.destroy());
    });
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    return { url: `http://u:p%40ss@127.0.0.1:${port}`, received, close: () => void proxy.close() };
  }

  test('from the environment or the kubeconfig carries requests to names that only it knows', async () => {
    const proxy = await startProxy();
    const cluster = { ...trusted(), server: 'https://api.test:6443' };
    expect(await client({ cluster, env: { HTTPS_PROXY: proxy.url } }).request(GET)).toEqual({ kind: 'Pod' });
    expect(await client({ cluster: { ...cluster, 'proxy-url': proxy.url } }).request(GET)).toEqual({ kind: 'Pod' });
    const env = { HTTPS_PROXY: proxy.url, NO_PROXY: '.test' };
    expect(await problem(client({ cluster, env }).request(GET))).toMatch(/"api\.test"/);
    expect(await client({ env }).request(GET)).toEqual({ kind: 'Pod' });
    const sent = `api.test:6443 Basic ${base64('u:p@ss')}`;
    expect(proxy.received).toEqual([sent, sent]);
    proxy.close();
  });

  test('that rejects requests or is not there is named without its password', async () => {
    const proxy = await startProxy(407);
    const shown = proxy.url.replace('u:p%40ss@', '');
    const api = client({ cluster: { ...trusted(), 'proxy-url': proxy.url } });
    expect(await problem(api.request(GET))).toBe(
      `cannot reach the API server ${server.url}: the proxy ${shown} rejected the connection (HTTP 407)`,
    );
    proxy.close();
    const absent = client({ cluster: { ...trusted(), 'proxy-url': 'http://u:s3cret@127.0.0.1:1' } });
    expect(await problem(absent.request(GET))).toMatch(
      /: the proxy http:\/\/127\.0\.0\.1:1 cannot be reached: ECONNREFUSED$/,
    );
  });

  test('can be SOCKS 5', async () => {
    const { connect } = await import('node:net');
    const names: string[] = [];
    const proxy = createServer((socket) => {
      socket.once('data', () => {
        socket.write(Buffer.of(5, 0));
        socket.once('data', (request) => {
          names.push(request.subarray(5, 5 + (request[4] ?? 0)).toString());
          const target = connect(server.port, '127.0.0.1', () => {
            socket.write(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
            target.pipe(socket).pipe(target);
          });
          target.on('error', () => socket.destroy());
        });
      });
      socket.on('error', () => undefined);
    });
    await new Promise<void>((resolve) => void proxy.listen(0, '127.0.0.1', resolve));
    const { port } = proxy.address() as AddressInfo;
    const cluster = { ...trusted(), server: 'https://api.test:6443', 'proxy-url': `socks5://127.0.0.1:${port}` };
    expect(await client({ cluster }).request(GET)).toEqual({ kind: 'Pod' });
    expect(names).toEqual(['api.test']);
    proxy.close();
  });
});
