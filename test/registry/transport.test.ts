/** Connections to registries: allowed hosts, TLS, mirrors, proxies, and limits. */
import { once } from 'node:events';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer, type Socket } from 'node:net';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { createRegistryClient } from '../../src/registry/http-client.ts';
import type { RegistryEntry } from '../../src/registry/settings.ts';
import { type FaultServer, type React, serving, startFaultServer } from '../support/fault-registry.ts';
import { digestOf, makeImage } from '../support/push-image.ts';
import { entry, soon, target } from '../support/registry-settings.ts';
import { CREDENTIAL, createWorld, expectNoCredentialAt, failureOf, type World } from './test-hosts.ts';
import { freePort } from '../lookup/key-value-server.ts';
import { always, challenge, redirect } from './fault-reactions.ts';

let world: World;
beforeAll(async () => {
  world = await createWorld();
}, 30_000);
afterAll(() => world.close());

const IMAGE = makeImage({ os: 'linux', architecture: 'amd64' }, '2024-02-03T04:05:06Z');
const { digest, mediaType } = IMAGE.manifest;
const found = { digest, mediaType, mirror: undefined };
const image: React = () => serving(IMAGE.manifest);
const app = (host: string): string => `${host}/team/app:1`;

describe('a queried host', () => {
  test('is listed if only listed hosts are allowed: other names are not resolved', async () => {
    const client = world.client({}, { access: 'listed' });
    world.lookedUp.length = 0;
    const { failure } = await failureOf(client.manifest(target('ghcr.io/evil/x:1', CREDENTIAL), soon()));
    expect(failure).toMatchObject({
      cause: 'blocked',
      causedBy: 'author',
      message: 'ghcr.io is not listed under "registries" in the configuration',
      remedy: 'add {host: "ghcr.io"} to "registries" in tidewaiter.yaml, or set registryAccess: any',
    });
    expect(world.lookedUp).toEqual([]);
    world.registry.reactWith(image);
    expect(await client.manifest(target(app(world.host)), soon())).toEqual(found);
  });

  test.each<[string, 'author' | undefined]>([
    ['10.1.2.3:5000', 'author'],
    ['192.168.0.1', 'author'],
    ['[fd00::7]:5000', 'author'],
    ['169.254.169.254', 'author'],
    ['240.0.0.1', 'author'],
    ['localhost:5000', 'author'],
    ['LOCALHOST', 'author'],
    ['registry.localhost', 'author'],
    ['127.1', 'author'],
    ['1.2.3.4.5', 'author'],
    ['registry.example:65536', 'author'],
    ['registry.example:0', 'author'],
    [`${'a'.repeat(64)}.example`, 'author'],
    [`${'a.'.repeat(126)}example`, 'author'],
    // DNS can change the address of a name for all clients: split DNS, private endpoints of clouds, filters.
    ['mapped.test', undefined],
    ['metadata.test', undefined],
    ['unheard-of.test', undefined],
    ['registry.shop.svc:5000', undefined],
  ])('is not %s, which is caused by: %s', async (domain, causedBy) => {
    const { failure } = await failureOf(world.client().manifest(target(`${domain}/x:1`), soon()));
    expect([failure.cause, failure.causedBy]).toEqual([
      causedBy === undefined ? expect.stringMatching(/^(blocked|dns)$/) : 'blocked',
      causedBy,
    ]);
  });

  test.each(['redirect', 'token server', 'mirror'])(
    'is not blocked by the author if its address is not in the image: %s',
    async (how) => {
      const away = 'https://10.1.2.3/x';
      world.registry.reactWith(
        how === 'mirror'
          ? always({ status: 500 })
          : always(how === 'redirect' ? redirect(away) : challenge(`Bearer realm="${away}"`)),
      );
      const mirrors = how === 'mirror' ? [{ location: '10.1.2.3/hub', forwardCredentials: false }] : [];
      const { failure } = await failureOf(world.client({ mirrors }).manifest(target(app(world.host)), soon()));
      expect([failure.cause, failure.causedBy]).toEqual([how === 'mirror' ? 'serverError' : 'blocked', undefined]);
    },
  );

  test.each([
    ['127.0.0.1:5000', 'loopback', '127.0.0.1'],
    ['10.1.2.3', 'private', '10.1.2.3'],
    ['[::1]:5000', 'loopback', '::1'],
    ['[fd00:ec2::254]', 'metadata', 'fd00:ec2::254'],
    ['metadata.test', 'metadata', '169.254.169.254'],
    ['mapped.test', 'private', '::ffff:10.0.0.1'],
    ['localhost:5000', 'loopback', '127.0.0.1'],
  ])('is not %s, which has a %s address', async (host, kind, address) => {
    const resolve: typeof world.resolve = async (name) =>
      name === 'localhost' ? { addresses: [{ address: '127.0.0.1', family: 4 }], ttlMs: 0 } : world.resolve(name);
    const client = createRegistryClient({ registries: [], access: 'any' }, { env: {}, resolve });
    const { failure } = await failureOf(client.manifest(target(app(host), CREDENTIAL), soon()));
    expect(failure.cause).toBe('blocked');
    const verb = host.endsWith('.test') ? 'resolves to' : 'has';
    expect(failure.message).toContain(`${verb} the ${kind} address ${address}`);
    await client.close();
  });

  test('can be a configured private host, but never a metadata address', async () => {
    const registries = [
      entry('metadata.test', { allowPrivate: true }),
      entry('169.254.169.254', { allowPrivate: true }),
    ];
    const client = createRegistryClient({ registries, access: 'any' }, { env: {}, resolve: world.resolve });
    for (const host of ['metadata.test', '169.254.169.254']) {
      const { failure } = await failureOf(client.manifest(target(app(host)), soon()));
      expect(failure).toMatchObject({ cause: 'blocked', remedy: undefined });
    }
    await client.close();
  });

  test('is reached only at the allowed addresses of its name', async () => {
    const tls = await world.authority.serverCertificate(['rebound.test']);
    const server = await startFaultServer(tls);
    server.reactWith(image);
    const host = `rebound.test:${server.port}`;
    const registries = [entry(host, { ca: world.authority.cert, allowPrivate: true })];
    const client = createRegistryClient({ registries, access: 'any' }, { env: {}, resolve: world.resolve });
    expect(await client.manifest(target(app(host)), soon())).toEqual(found);
    await client.close();
    await server.close();
  });

  test('is not an invalid host', async () => {
    const client = world.client();
    const odd = await failureOf(client.manifest(target('exa_mple.com/x:1'), soon()));
    expect(odd.failure).toMatchObject({ cause: 'blocked', message: expect.stringMatching(/has no registry/) });
    const { failure } = await failureOf(client.manifest(target('registry.test:99999/x:1'), soon()));
    expect(failure).toMatchObject({ cause: 'blocked', message: 'registry.test:99999 is not a valid registry host' });
  });

  test('is the server of docker.io for docker.io', async () => {
    world.lookedUp.length = 0;
    const { failure } = await failureOf(world.client().manifest(target('nginx'), soon()));
    expect(failure).toMatchObject({ cause: 'dns', message: 'docker.io cannot be resolved (ENOTFOUND)' });
    expect(world.lookedUp).toEqual(['registry-1.docker.io']);
  });

  test('gets no request after the deadline', async () => {
    world.registry.reactWith(image);
    const { failure } = await failureOf(world.client().manifest(target(app(world.host)), AbortSignal.abort()));
    expect(failure.cause).toBe('timeout');
    expect(world.registry.received).toEqual([]);
  });
});

describe('a connection', () => {
  const opened: FaultServer[] = [];
  afterEach(async () => {
    for (const server of opened.splice(0)) await server.close();
  });
  const serve = async (tls?: Parameters<typeof startFaultServer>[0]): Promise<FaultServer> => {
    const server = await startFaultServer(tls);
    server.reactWith(image);
    opened.push(server);
    return server;
  };
  const askAt = async (server: FaultServer, more: Partial<RegistryEntry>): Promise<unknown> => {
    const host = `registry.test:${server.port}`;
    const registries = [entry(host, { allowPrivate: true, ...more })];
    const client = createRegistryClient({ registries, access: 'any' }, { env: {}, resolve: world.resolve });
    try {
      return await client.manifest(target(app(host), CREDENTIAL), soon());
    } finally {
      await client.close();
    }
  };

  test('is made with the CA of the entry', async () => {
    const server = await serve(await world.authority.serverCertificate(['registry.test']));
    expect(await askAt(server, { ca: world.authority.cert })).toEqual(found);
  });

  test('is not made with an unknown authority', async () => {
    const server = await serve(await world.authority.serverCertificate(['registry.test']));
    const { failure } = await failureOf(askAt(server, {}));
    expect(failure.cause).toBe('tls');
    expect(failure.message).toMatch(/uses a certificate from an untrusted CA \(UNABLE_TO_/);
    expect(failure.remedy).toMatch(/^set "ca" for "registry\.test:\d+" under "registries"/);
    expect(server.received).toEqual([]);
  });

  test('is not made if the certificate is for another name', async () => {
    const server = await serve(await world.authority.serverCertificate(['other.test']));
    const { failure } = await failureOf(askAt(server, { ca: world.authority.cert }));
    expect(failure).toMatchObject({ cause: 'tls', message: expect.stringMatching(/certificate for another hostname/) });
  });

  test('is not made if the certificate has expired', async () => {
    const day = 86_400_000;
    const made = await generate([{ name: 'commonName', value: 'registry.test' }], {
      algorithm: 'sha256',
      keyType: 'ec',
      curve: 'P-256',
      notBeforeDate: new Date(Date.now() - 2 * day),
      notAfterDate: new Date(Date.now() - day),
      extensions: [
        { name: 'basicConstraints', cA: true },
        { name: 'subjectAltName', altNames: [{ type: 2, value: 'registry.test' }] },
      ],
    });
    const server = await serve({ cert: made.cert, key: made.private });
    const { failure } = await failureOf(askAt(server, { ca: made.cert }));
    expect(failure).toMatchObject({
      cause: 'tls',
      message: expect.stringMatching(/uses an expired certificate \(CERT_HAS_EXPIRED\)$/),
    });
  });

  test('is not made to a server with plain HTTP, unless that is configured', async () => {
    const server = await serve();
    const { failure } = await failureOf(askAt(server, {}));
    expect(failure).toMatchObject({ cause: 'tls', remedy: expect.stringContaining('insecure: true') });
    expect(await askAt(server, { insecure: true })).toEqual(found);
  });

  test('uses the client certificate of the entry', async () => {
    const [pair, client] = [
      await world.authority.serverCertificate(['registry.test']),
      await world.authority.clientCertificate('ci', 'team'),
    ];
    const server = await serve({ ...pair, ca: world.authority.cert, requestCert: true, rejectUnauthorized: true });
    const ca = world.authority.cert;
    expect(await askAt(server, { ca, clientCert: client.cert, clientKey: client.key })).toEqual(found);
    const { failure } = await failureOf(askAt(server, { ca }));
    expect(failure.cause).toMatch(/^(tls|unreachable)$/);
  });

  test('is refused if no server listens', async () => {
    const server = await serve();
    await server.close();
    const { failure } = await failureOf(askAt(server, { insecure: true }));
    expect(failure).toMatchObject({ cause: 'unreachable', message: expect.stringMatching(/refused the connection/) });
  });

  test('counts against the concurrency of the entry', async () => {
    const server = await serve();
    server.reactWith(() => ({ how: 'hang' }));
    const host = `registry.test:${server.port}`;
    const registries = [entry(host, { allowPrivate: true, insecure: true, concurrency: 3 })];
    const client = createRegistryClient({ registries, access: 'any' }, { env: {}, resolve: world.resolve });
    const all = Array.from({ length: 10 }, (_, index) =>
      client.manifest(target(`${host}/team/app:${index}`), AbortSignal.timeout(500)).catch((error: unknown) => error),
    );
    await Promise.all(all);
    expect(server.mostAtOnce).toBe(3);
    await client.close();
  });
});

describe('mirrors', () => {
  const mirrored = (forwardCredentials = false): RegistryEntry['mirrors'] => [
    { location: `mirror.test:${world.elsewhere.port}/cache/hub`, forwardCredentials },
    { location: `${world.elsewhereHost}/second`, forwardCredentials },
  ];
  const others = (): readonly RegistryEntry[] => [
    entry(`mirror.test:${world.elsewhere.port}`, { ca: world.authority.cert, allowPrivate: true }),
  ];
  const wantsBasic: React = ({ headers }) =>
    headers.authorization === undefined
      ? { status: 401, headers: { 'www-authenticate': 'Basic realm="m"' } }
      : serving(IMAGE.manifest);

  test('are queried in order, with their own path, and without the credential', async () => {
    world.registry.reactWith(wantsBasic);
    world.elsewhere.reactWith(wantsBasic);
    const client = world.client({ mirrors: mirrored() }, { others: others() });
    expect(await client.manifest(target(app(world.host), CREDENTIAL), soon())).toEqual(found);
    expect(world.elsewhere.received.map(({ url, headers }) => `${headers.host?.split(':')[0]} ${url}`)).toEqual([
      'mirror.test /v2/cache/hub/team/app/manifests/1',
      'elsewhere.test /v2/second/team/app/manifests/1',
    ]);
    expectNoCredentialAt(world.elsewhere);
  });

  test('get the credential if that is configured', async () => {
    world.registry.reactWith(image);
    world.elsewhere.reactWith(wantsBasic);
    const client = world.client({ mirrors: mirrored(true) }, { others: others() });
    const answer = await client.manifest(target(app(world.host), CREDENTIAL), soon());
    expect(answer).toEqual({ ...found, mirror: `mirror.test:${world.elsewhere.port}/cache/hub` });
    expect(world.registry.received).toEqual([]);
  });

  test.each<[string, React]>([
    ['lack the image', () => ({ status: 404 })],
    ['deny', () => ({ status: 403 })],
    ['are broken', () => ({ status: 500 })],
    ['send something else', () => ({ headers: { 'content-type': 'text/html' } })],
    ['hang', () => ({ how: 'hang' })],
  ])('that %s are followed by the registry', async (_name, react) => {
    world.registry.reactWith(image);
    world.elsewhere.reactWith(react);
    const [first] = mirrored();
    const client = world.client({ mirrors: first === undefined ? [] : [first] }, { others: others() });
    expect(await client.manifest(target(app(world.host)), soon())).toEqual(found);
    expect(world.elsewhere.received.length).toBeGreaterThan(0);
  });

  test.each<[string, React]>([
    ['are broken', () => ({ status: 500 })],
    ['hang', () => ({ how: 'hang' })],
    ['cut', () => ({ how: 'cut' })],
  ])('that %s for one namespace are skipped by it for a while, and by no other', async (_name, react) => {
    world.registry.reactWith(image);
    world.elsewhere.reactWith((request, ...more) =>
      request.url?.includes('/team/app/') ? react(request, ...more) : serving(IMAGE.manifest),
    );
    const clock = { ms: 1_000_000 };
    const client = world.client({ mirrors: mirrored().slice(0, 1) }, { others: others(), now: () => clock.ms });
    const isFromMirror = async (tenant: string, repository: string): Promise<boolean> => {
      const { mirror } = await client.manifest({ ...target(`${world.host}/${repository}:1`), tenant }, soon());
      return mirror !== undefined;
    };
    expect(await isFromMirror('flood', 'team/app')).toBe(false);
    expect(await isFromMirror('flood', 'team/other')).toBe(false);
    expect(await isFromMirror('shop', 'team/other')).toBe(true);
    clock.ms += 15_001;
    expect(await isFromMirror('flood', 'team/other')).toBe(true);
  });

  test('cannot return other content for a digest', async () => {
    world.registry.reactWith(image);
    const other = makeImage({ os: 'linux', architecture: 'arm64' }, '2025-01-01T00:00:00Z').manifest;
    world.elsewhere.reactWith(() => serving(other));
    const client = world.client({ mirrors: mirrored() }, { others: others() });
    expect(await client.manifest(target(`${world.host}/team/app@${digest}`), soon())).toEqual(found);
    expect(digestOf(other.bytes)).not.toBe(digest);
  });

  test.each<[string, React, React, string, string]>([
    [
      'lack the image, and it is broken',
      () => ({ status: 404 }),
      () => ({ status: 500 }),
      'serverError',
      'HOST returned HTTP 500; FIRST does not have "cache/hub/team/app:1"; SECOND does not have "second/team/app:1"',
    ],
    [
      'lack the image, and it limits the rate',
      () => ({ status: 404 }),
      () => ({ status: 429 }),
      'rateLimited',
      'HOST returned HTTP 429; FIRST does not have "cache/hub/team/app:1"; SECOND does not have "second/team/app:1"',
    ],
    [
      'lack the image, and it makes no sense',
      () => ({ status: 404 }),
      () => ({ status: 418 }),
      'protocol',
      'HOST returned HTTP 418; FIRST does not have "cache/hub/team/app:1"; SECOND does not have "second/team/app:1"',
    ],
    [
      'deny, and it cuts',
      () => ({ status: 403 }),
      () => ({ how: 'cut' }),
      'unreachable',
      'HOST closed the connection (UND_ERR_SOCKET); FIRST returned HTTP 403 for "cache/hub/team/app:1", requested without credentials; SECOND returned HTTP 403 for "second/team/app:1", requested without credentials',
    ],
    [
      'are broken as it is',
      () => ({ status: 503 }),
      () => ({ status: 502 }),
      'serverError',
      'HOST returned HTTP 502; FIRST returned HTTP 503; SECOND returned HTTP 503',
    ],
    [
      'are broken, and it has nothing',
      () => ({ status: 503 }),
      () => ({ status: 404 }),
      'notFound',
      'HOST does not have "team/app:1"',
    ],
  ])('that %s are in the message of the registry', async (_what, atMirror, atRegistry, cause, message) => {
    world.registry.reactWith(atRegistry);
    world.elsewhere.reactWith(atMirror);
    const client = world.client({ mirrors: mirrored() }, { others: others() });
    const { failure } = await failureOf(client.manifest(target(app(world.host)), soon()));
    const text = failure.message
      .replaceAll(`mirror.test:${world.elsewhere.port}/cache/hub (mirror of ${world.host})`, 'FIRST')
      .replaceAll(`${world.elsewhereHost}/second (mirror of ${world.host})`, 'SECOND')
      .replaceAll(world.host, 'HOST');
    expect([failure.cause, text.replace(/\(\w+\)/, '(UND_ERR_SOCKET)')]).toEqual([cause, message]);
  });

  test('are not mentioned if the registry rejects the request', async () => {
    world.registry.reactWith(() => ({ status: 404 }));
    world.elsewhere.reactWith(() => ({ status: 403 }));
    const client = world.client({ mirrors: mirrored() }, { others: others() });
    const { failure } = await failureOf(client.manifest(target(app(world.host)), soon()));
    expect(failure.message).toBe(`${world.host} does not have "team/app:1"`);
  });
});

describe('a proxy', () => {
  const PROXY_CANARY = 'proxy-canary';
  let proxy: Server;
  let url: string;
  let proxyRequests: { readonly target: string; readonly authorization: string | undefined }[] = [];
  let status = 200;
  const sockets = new Set<Socket>();

  beforeAll(async () => {
    proxy = createServer((_request, response) => response.writeHead(502).end());
    proxy.on('connect', (request, socket: Socket) => {
      sockets.add(socket);
      socket.on('error', () => undefined);
      proxyRequests.push({ target: request.url ?? '', authorization: request.headers['proxy-authorization'] });
      if (status !== 200) {
        socket.end(`HTTP/1.1 ${status} No\r\n\r\n`);
        return;
      }
      const port = Number(request.url?.split(':')[1]);
      const upstream = connect(port, '127.0.0.1', () => {
        socket.write('HTTP/1.1 200 OK\r\n\r\n');
        upstream.pipe(socket).pipe(upstream);
      });
      upstream.on('error', () => socket.destroy());
    });
    proxy.listen(0, '127.0.0.1');
    await once(proxy, 'listening');
    url = `http://user:${PROXY_CANARY}@127.0.0.1:${(proxy.address() as AddressInfo).port}`;
  });
  afterEach(() => {
    proxyRequests = [];
    status = 200;
  });
  afterAll(async () => {
    for (const socket of sockets) socket.destroy();
    proxy.close();
    await once(proxy, 'close');
  });

  const throughProxy = (more: Partial<RegistryEntry>, env: Readonly<Record<string, string>>): Promise<unknown> => {
    world.registry.reactWith(image);
    world.lookedUp.length = 0;
    return world.client(more, { env }).manifest(target(app(world.host)), soon());
  };

  test('comes from HTTPS_PROXY, resolves the name, and gets its own password', async () => {
    expect(await throughProxy({ allowPrivate: false }, { HTTPS_PROXY: url })).toEqual(found);
    expect(proxyRequests).toEqual([{ target: world.host, authorization: `Basic ${btoa(`user:${PROXY_CANARY}`)}` }]);
    expect(world.lookedUp).toEqual([]);
    expect(JSON.stringify(world.registry.received)).not.toContain('proxy');
  });

  test.each<[string, Partial<RegistryEntry>, (proxyUrl: string) => Readonly<Record<string, string>>, number]>([
    ['comes from the entry', {}, () => ({}), 1],
    ['is not used if the entry disables it', { proxy: 'none' }, (https_proxy) => ({ https_proxy }), 0],
    ['is not used if NO_PROXY matches', {}, (HTTPS_PROXY) => ({ HTTPS_PROXY, NO_PROXY: '.test' }), 0],
  ])('%s', async (name, more, env, times) => {
    const proxied = name === 'comes from the entry' ? { proxy: url } : more;
    expect(await throughProxy(proxied, env(url))).toEqual(found);
    expect(proxyRequests).toHaveLength(times);
  });

  test('gets no request for a blocked address', async () => {
    const client = createRegistryClient({ registries: [], access: 'any' }, { env: { HTTPS_PROXY: url } });
    const { failure } = await failureOf(client.manifest(target(app('169.254.169.254')), soon()));
    expect(failure.cause).toBe('blocked');
    expect(proxyRequests).toEqual([]);
    await client.close();
  });

  test.each([407, 403])('that returns %d is reported as a proxy, without its password', async (answer) => {
    status = answer;
    const error = await failureOf(throughProxy({}, { HTTPS_PROXY: url }));
    expect(error.failure).toMatchObject({
      cause: 'unreachable',
      message: expect.stringMatching(/cannot be reached through the proxy/),
    });
    expect(JSON.stringify(error.failure)).not.toContain(PROXY_CANARY);
  });

  test('that does not listen is reported as the failure', async () => {
    const HTTPS_PROXY = `http://user:${PROXY_CANARY}@127.0.0.1:${await freePort()}`;
    const { failure } = await failureOf(throughProxy({}, { HTTPS_PROXY }));
    expect(failure).toMatchObject({
      cause: 'unreachable',
      message: expect.stringMatching(/cannot be reached through the proxy/),
    });
    expect(JSON.stringify(failure)).not.toContain(PROXY_CANARY);
  });

  test('is not reported if the registry behind it closes the connection', async () => {
    const hangingUp = createTcpServer((socket) => socket.end()).listen(0, '127.0.0.1');
    await once(hangingUp, 'listening');
    const client = world.client({}, { env: { HTTPS_PROXY: url } });
    const { port } = hangingUp.address() as AddressInfo;
    const { failure } = await failureOf(client.manifest(target(app(`stranger.test:${port}`)), soon()));
    expect(failure).toMatchObject({ cause: 'unreachable', message: expect.stringMatching(/closed the connection/) });
    expect(proxyRequests).not.toEqual([]);
    hangingUp.close();
  });
});
