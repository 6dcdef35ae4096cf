/** Resolves host names with a real DNS server that responds, is silent, fails, or lies, and with files that change. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { parseHosts } from '../../src/registry/hosts-file.ts';
import { createRegistryClient } from '../../src/registry/http-client.ts';
import { createNameServers } from '../../src/registry/name-servers.ts';
import { createHostNames, type HostNames, DnsError, type Resolve } from '../../src/registry/host-names.ts';
import { fullNames, parseSearch } from '../../src/registry/resolv-conf.ts';
import { type DnsServer, startDnsServer } from '../support/dns-server.ts';
import { startFaultServer } from '../support/fault-registry.ts';
import { entry, target } from '../support/registry-settings.ts';
import { clockAt } from '../lookup/fake-client.ts';
import { tag as app } from './fault-reactions.ts';
import { failureOf } from './test-hosts.ts';

const NEVER = new AbortController().signal;
const folder = mkdtempSync(path.join(os.tmpdir(), 'dns-'));
const hostsFile = path.join(folder, 'hosts');
const resolvConf = path.join(folder, 'resolv.conf');
let server: DnsServer;
const clock = clockAt(1_000_000);

beforeAll(async () => {
  server = await startDnsServer({});
});
afterAll(async () => {
  await server.close();
  rmSync(folder, { recursive: true });
});
beforeEach(() => {
  server.queries.length = 0;
  server.ttlS = 30;
  server.zone = {};
  writeFileSync(hostsFile, '127.0.0.9 by-hand.test By-Hand # the one\nnonsense by-hand.test\n::1 by-hand.test\n');
  writeFileSync(resolvConf, 'nameserver 192.0.2.1\nsearch shop.svc.cluster.local cluster.local.\noptions ndots:5\n');
});

const resolver = (): Resolve =>
  createNameServers({
    servers: [server.address],
    hostsFile,
    resolvConf,
    queryMs: 100,
    limitMs: 1000,
    now: clock.now,
  });

/** `127.0.0.1 ::1`, or why not. */
async function shown(
  pending: Promise<{ readonly addresses: readonly { readonly address: string }[] }>,
): Promise<string> {
  try {
    return (await pending).addresses.map(({ address }) => address).join(' ');
  } catch (error) {
    return error instanceof DnsError ? `${error.kind} ${error.code}` : String(error);
  }
}

describe('a name', () => {
  const ZONE: DnsServer['zone'] = {
    'reg.test': ['127.0.0.1'],
    'both.test': ['127.0.0.1', '::1'],
    'six.test': ['::1'],
    'empty.test': [],
    'half.test': 'only-A',
    'mute.test': 'silent',
    'broken.test': 'SERVFAIL',
    'refused.test': 'REFUSED',
    'lying.test': 'lie',
    'registry.shop.svc.cluster.local': ['127.0.0.3'],
    'registry.infra.svc.cluster.local': ['127.0.0.4'],
    'reg.test.shop.svc.cluster.local': ['127.0.0.66'],
    'broken.test.shop.svc.cluster.local': ['127.0.0.66'],
    'mute.test.cluster.local': ['127.0.0.66'],
  };
  test.each([
    ['reg.test', '127.0.0.1'],
    ['REG.test', '127.0.0.1'],
    ['reg.test.', '127.0.0.1'],
    ['both.test', '127.0.0.1 ::1'],
    ['six.test', '::1'],
    ['empty.test', 'absent ENODATA'],
    ['nowhere.test', 'absent ENOTFOUND'],
    ['nowhere', 'absent ENOTFOUND'],
    ['half.test', '127.0.0.1'],
    ['mute.test', 'silent ETIMEOUT'],
    ['broken.test', 'broken ESERVFAIL'],
    ['refused.test', 'broken EREFUSED'],
    ['lying.test', 'silent ETIMEOUT'],
    ['registry', '127.0.0.3'],
    ['registry.infra.svc', '127.0.0.4'],
    ['registry.infra.svc.', 'absent ENOTFOUND'],
    ['localhost', '127.0.0.1 ::1'],
    ['reg.localhost', '127.0.0.1 ::1'],
    ['by-hand.test', '127.0.0.9 ::1'],
    ['by-hand', '127.0.0.9'],
    ['BY-HAND.test.', '127.0.0.9 ::1'],
    [`${'a'.repeat(64)}.test`, 'absent EBADNAME'],
  ])('%s is %s', async (name, expected) => {
    server.zone = ZONE;
    expect(await shown(resolver()(name))).toBe(expected);
  });

  test('is looked up in the hosts file first, which is read again after a change', async () => {
    server.zone = { 'by-hand.test': ['127.0.0.1'] };
    const resolve = resolver();
    expect(await shown(resolve('by-hand.test'))).toBe('127.0.0.9 ::1');
    writeFileSync(hostsFile, '127.0.0.10 by-hand.test\n');
    clock.ms += 60_000;
    expect(await shown(resolve('by-hand.test'))).toBe('127.0.0.10');
    rmSync(hostsFile);
    clock.ms += 60_000;
    expect(await shown(resolve('by-hand.test'))).toBe('127.0.0.1');
  });

  test('whose zone never responds delays no other names, even in large numbers', async () => {
    server.zone = {
      'reg.test': ['127.0.0.1'],
      ...Object.fromEntries(Array.from({ length: 60 }, (_, at) => [`n${at}.mute.test`, 'silent' as const])),
    };
    const resolve = resolver();
    const order: string[] = [];
    const mute = Array.from({ length: 60 }, async (_, at) => {
      await shown(resolve(`n${at}.mute.test`));
      order.push('mute');
    });
    await Promise.all([shown(resolve('reg.test')).then((text) => order.push(text)), ...mute]);
    expect(order[0]).toBe('127.0.0.1');
  });
});

describe('the files', () => {
  test.each([
    ['search a b', ['a', 'b']],
    ['domain a\nsearch b.', ['b']],
    ['search a b\ndomain c d', ['c']],
    ['search a # b', ['a']],
    ['; search x\nnameserver 10.0.0.10', []],
    ['search .', []],
    ['', []],
  ])('resolv.conf %j searches %j', (text, expected) => {
    expect(parseSearch(text)).toEqual(expected);
  });

  test.each([
    ['reg.io', ['reg.io', 'reg.io.svc', 'reg.io.local']],
    ['reg', ['reg.svc', 'reg.local', 'reg']],
    ['reg.', ['reg']],
    ['reg.io.', ['reg.io']],
    ['a.b.c.d', ['a.b.c.d', 'a.b.c.d.svc', 'a.b.c.d.local']],
  ])('%s is looked up as %j', (host, expected) => {
    expect(fullNames(host, ['svc', 'local'])).toEqual(expected);
  });

  test('hosts with any text has only addresses', () => {
    fc.assert(
      fc.property(fc.string(), fc.stringMatching(/^[ \t#a-z0-9.:\n-]*$/), (some, more) => {
        const all = [...parseHosts(`${some}\n${more}`).values()].flat();
        expect(all.every((address) => /^[0-9a-f.:%]+/i.test(address))).toBe(true);
      }),
    );
    expect(parseHosts('1.2.3.4 a a b\n1.2.3.4 a\n999.1.1.1 c\n')).toEqual(
      new Map([
        ['a', ['1.2.3.4']],
        ['b', ['1.2.3.4']],
      ]),
    );
  });
});

describe('a cached name', () => {
  interface Scene {
    readonly names: HostNames;
    readonly resolvedNames: string[];
    says: readonly string[] | DnsError;
    ttlMs: number;
  }
  function sceneOf(): Scene {
    const resolvedNames: string[] = [];
    const scene: Scene = {
      resolvedNames,
      says: ['127.0.0.1'],
      ttlMs: 30_000,
      names: createHostNames(async (host) => {
        resolvedNames.push(host);
        await Promise.resolve();
        if (scene.says instanceof DnsError) throw scene.says;
        return { addresses: scene.says.map((address) => ({ address, family: 4 })), ttlMs: scene.ttlMs };
      }, clock.now),
    };
    return scene;
  }
  const lookUp = (scene: Scene, host = 'reg.test', signal = NEVER, tenant = 'shop'): Promise<string> =>
    shown(scene.names.addressesOf(host, { tenant, signal }).then((addresses) => ({ addresses })));

  test('is looked up once for concurrent callers', async () => {
    const scene = sceneOf();
    const all = await Promise.all([lookUp(scene), lookUp(scene, 'REG.test'), lookUp(scene)]);
    expect([all, scene.resolvedNames]).toEqual([['127.0.0.1', '127.0.0.1', '127.0.0.1'], ['reg.test']]);
  });

  test.each([
    ['its TTL', 30_000, 29_999, 30_000],
    ['at least a second', 0, 999, 1000],
    ['at most a minute', 86_400_000, 59_999, 60_000],
  ])('is fresh for %s', async (_what, ttlMs, stillMs, overMs) => {
    const scene = sceneOf();
    scene.ttlMs = ttlMs;
    await lookUp(scene);
    clock.ms += stillMs;
    await lookUp(scene);
    expect(scene.resolvedNames).toHaveLength(1);
    clock.ms += overMs - stillMs;
    await lookUp(scene);
    expect(scene.resolvedNames).toHaveLength(2);
  });

  test.each([
    ['ETIMEOUT', '127.0.0.1', 'silent ETIMEOUT'],
    ['ESERVFAIL', '127.0.0.1', 'broken ESERVFAIL'],
    ['EREFUSED', '127.0.0.1', 'broken EREFUSED'],
    ['ENOTFOUND', 'absent ENOTFOUND', 'absent ENOTFOUND'],
    ['ENODATA', 'absent ENODATA', 'absent ENODATA'],
  ])('is stale for ten minutes if DNS returns %s: %s, then %s', async (code, soon, late) => {
    const scene = sceneOf();
    await lookUp(scene);
    scene.says = new DnsError(code);
    clock.ms += 60_000;
    expect(await lookUp(scene)).toBe(soon);
    clock.ms += 540_000;
    expect(await lookUp(scene)).toBe(late);
  });

  test('ends the wait at the deadline of one caller, and other callers still get it', async () => {
    const scene = sceneOf();
    const early = new AbortController();
    const [first, second] = [lookUp(scene, 'reg.test', early.signal), lookUp(scene)];
    early.abort();
    expect([await first, await second]).toEqual(['silent ETIMEOUT', '127.0.0.1']);
  });

  test.each<[string, number, boolean]>([
    ['one namespace', 1, false],
    ['one namespace, which looked it up first', 1, true],
    ['as many namespaces as there are places', 64, false],
    ['as many namespaces as there are places, which looked it up first', 64, true],
  ])('is looked up during an endless flood of names from %s', async (_what, tenants, isShared) => {
    const { names, release } = heldNames();
    const own = (tenant: string): Promise<string> =>
      shown(names.addressesOf('reg.test', { tenant, signal: NEVER }).then((addresses) => ({ addresses })));
    for (let at = 0; at < 200; at += 1) {
      const requester = { tenant: `evil-${at % tenants}`, signal: NEVER };
      void names.addressesOf(`n${at}.evil.test`, requester).catch(() => undefined);
    }
    const all = isShared ? [own('evil-0'), own('shop')] : [own('shop')];
    expect(new Set(await Promise.all(all))).toEqual(new Set(['127.0.0.1']));
    release();
  });

  test('is not displaced by endless names of another namespace', async () => {
    const scene = sceneOf();
    await lookUp(scene);
    for (let at = 0; at < 6000; at += 1) await lookUp(scene, `n${at}.evil.test`, NEVER, 'evil');
    scene.resolvedNames.length = 0;
    await lookUp(scene);
    expect(scene.resolvedNames).toEqual([]);
  });
});

/** Names in evil.test get no response until their release. */
function heldNames(): { readonly names: HostNames; readonly release: () => void } {
  const { promise, resolve } = Promise.withResolvers<void>();
  const names = createHostNames(async (host) => {
    if (host.endsWith('evil.test')) await promise;
    return { addresses: [{ address: '127.0.0.1', family: 4 }], ttlMs: 1000 };
  }, clock.now);
  return { names, release: resolve };
}

describe('a registry', () => {
  const close: (() => Promise<void>)[] = [];
  afterEach(async () => {
    for (const one of close.splice(0)) await one();
  });
  const clientOf = (host: string, more: Parameters<typeof entry>[1] = {}, env: Record<string, string> = {}) => {
    const registries = [entry(host, { insecure: true, ...more })];
    const client = createRegistryClient({ registries, access: 'any' }, { env, resolve: resolver() });
    close.push(() => client.close());
    return client;
  };

  test.each([
    ['nowhere.test', 'cannot be resolved (ENOTFOUND)', 'check the registry name and DNS'],
    ['empty.test', 'cannot be resolved (ENODATA)', 'check the registry name and DNS'],
    ['mute.test', 'cannot be resolved: DNS did not respond in time (ETIMEOUT)', undefined],
    ['lying.test', 'cannot be resolved: DNS did not respond in time (ETIMEOUT)', undefined],
    ['broken.test', 'cannot be resolved: DNS lookup failed (ESERVFAIL)', undefined],
    ['refused.test', 'cannot be resolved: DNS lookup failed (EREFUSED)', undefined],
  ])('%s %s', async (host, words, remedy) => {
    server.zone = {
      'empty.test': [],
      'mute.test': 'silent',
      'lying.test': 'lie',
      'broken.test': 'SERVFAIL',
      'refused.test': 'REFUSED',
    };
    const { failure } = await failureOf(clientOf(host).manifest(target(app(host)), NEVER));
    expect(failure).toMatchObject({ cause: 'dns', message: `${host} ${words}`, remedy });
  });

  test('is not reported as slow if the deadline comes during its DNS lookup', async () => {
    server.zone = { 'mute.test': 'silent' };
    const pending = clientOf('mute.test').manifest(target(app('mute.test')), AbortSignal.timeout(20));
    expect((await failureOf(pending)).failure).toMatchObject({
      cause: 'dns',
      message: 'mute.test cannot be resolved: DNS did not respond in time (ETIMEOUT)',
      remedy: undefined,
    });
  });

  test.each([
    ['a private address', ['10.0.0.1'], false, 'private address 10.0.0.1'],
    ['a metadata address', ['169.254.169.254'], true, 'metadata address 169.254.169.254'],
    ['loopback', ['127.0.0.1'], false, 'loopback address 127.0.0.1'],
    ['loopback in IPv6', ['::1'], false, 'loopback address ::1'],
  ])('that has %s in DNS is blocked', async (_what, addresses, allowPrivate, words) => {
    server.zone = { 'reg.test': addresses };
    const pending = clientOf('reg.test', { allowPrivate }).manifest(target(app('reg.test')), NEVER);
    const { failure } = await failureOf(pending);
    expect(failure.cause).toBe('blocked');
    expect(failure.message).toBe(`reg.test was not contacted: "reg.test" resolves to the ${words}`);
  });

  test('is reached by its name, that of its token server, and those of its redirects', async () => {
    const registry = await startFaultServer();
    close.push(() => registry.close());
    registry.reactWith(({ url, headers }) => {
      const host = headers.host ?? '';
      if (host.startsWith('reg.'))
        return { status: 307, headers: { location: `http://store.test:${registry.port}/x` } };
      if (!host.startsWith('store.')) return { status: 404 };
      return url === '/x'
        ? { headers: { 'content-type': INDEX, 'docker-content-digest': `sha256:${'a'.repeat(64)}` } }
        : { status: 404 };
    });
    server.zone = { 'reg.test': ['127.0.0.1'], 'store.test': ['127.0.0.1'] };
    const host = `reg.test:${registry.port}`;
    const registries = [
      entry(host, { insecure: true, allowPrivate: true }),
      entry(`store.test:${registry.port}`, { insecure: true, allowPrivate: true }),
    ];
    const client = createRegistryClient({ registries, access: 'any' }, { env: {}, resolve: resolver() });
    close.push(() => client.close());
    expect(await client.manifest(target(app(host)), NEVER)).toMatchObject({ mediaType: INDEX });
    const queries = server.queries.filter((one) => /^(reg|store)\.test /.test(one));
    expect(new Set(queries)).toEqual(new Set(['reg.test A', 'reg.test AAAA', 'store.test A', 'store.test AAAA']));
  });

  test('behind a proxy is resolved only by the proxy', async () => {
    const proxy = await startFaultServer();
    close.push(() => proxy.close());
    const client = clientOf('reg.test', {}, { HTTP_PROXY: `http://127.0.0.1:${proxy.port}` });
    await failureOf(client.manifest(target(app('reg.test')), NEVER));
    expect(server.queries.filter((one) => one.startsWith('reg.test'))).toEqual([]);
  });
});

const INDEX = 'application/vnd.oci.image.index.v1+json';
