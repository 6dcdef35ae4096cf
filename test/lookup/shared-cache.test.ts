/** The cache of several replicas, against a real server: it saves requests, reveals nothing, and its outage does no harm. */
import { inspect } from 'node:util';
import { Valkey } from 'iovalkey';
import { generate } from 'selfsigned';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import { ANONYMOUS_ATTEMPT } from '../../src/lookup/attempts.ts';
import { imageKey } from '../../src/lookup/image-key.ts';
import { createSharedCache, type SharedCache, type SharedServer } from '../../src/lookup/shared-cache.ts';
import { sharedEntries } from '../../src/lookup/shared-entry.ts';
import { describeWith } from '../support/real-part.ts';
import {
  CACHE,
  CANARY,
  clockAt,
  DIGEST,
  fakeClient,
  MANIFEST,
  imageLookupOf,
  referenceOf,
  sceneOf,
  shown,
} from './fake-client.ts';
import {
  freePort,
  type KeyValueServer,
  missingServer,
  serverAt,
  silentServer,
  startServer,
  until,
} from './key-value-server.ts';
import { folderOf } from '../node/program-directory.ts';

const KEY = new TextEncoder().encode('a key that only replicas have');
const folder = folderOf();
const open: SharedCache[] = [];
const warnings: string[] = [];
const clock = clockAt(1_000_000);

afterEach(() => {
  for (const cache of open.splice(0)) cache.close();
  warnings.length = 0;
});

async function cacheAt(server: SharedServer, key = KEY): Promise<SharedCache> {
  const settings = { server, key: () => key, maxAgeMs: CACHE.staleMaxMs };
  const cache = await createSharedCache(settings, { now: clock.now, warn: (message) => void warnings.push(message) });
  open.push(cache);
  return cache;
}

const image = imageKey(referenceOf('reg.io/web:1'), 'image', 'https://reg.io');
const entryOf = (atMs = clock.ms) => ({ value: MANIFEST, atMs });

async function connected(server: SharedServer, key = KEY): Promise<SharedCache> {
  const cache = await cacheAt(server, key);
  const probe = imageKey(referenceOf('reg.io/probe:1'), 'image', 'https://reg.io');
  await until(async () => {
    cache.set(probe, ANONYMOUS_ATTEMPT, entryOf());
    return (await cache.get(probe, ANONYMOUS_ATTEMPT)) !== undefined;
  });
  return cache;
}

describeWith(missingServer, 'a shared cache', () => {
  let server: KeyValueServer;
  let direct: Valkey;
  beforeAll(async () => {
    server = await startServer(await freePort());
    direct = new Valkey(server.at.port, server.at.host);
  });
  afterAll(async () => {
    direct.disconnect();
    await server.stop();
  });
  afterEach(() => direct.flushall());

  test('saves another replica the request, for the same credential and for no other', async () => {
    const login = `ci:${CANARY}@reg.io`;
    const first = sceneOf(fakeClient(), { shared: await connected(server.at) });
    await first.lookUp(imageLookupOf('reg.io/web:1', [login]));
    const second = sceneOf(
      fakeClient(() => 'unauthenticated'),
      { shared: await connected(server.at) },
    );
    await until(async () => shown(await second.lookUp(imageLookupOf('reg.io/web:1', [login]))).startsWith('yes'));
    second.client.requests.length = 0;
    expect(shown(await second.lookUp(imageLookupOf('reg.io/web:1', [login])))).toBe(
      'yes pull secret "s0", key "reg.io" (user ci)',
    );
    expect(second.client.requests).toEqual([]);
    expect(shown(await second.lookUp(imageLookupOf('reg.io/web:1', ['other:p@reg.io'])))).toMatch(
      /^unknown unauthenticated/,
    );
    expect(shown(await second.lookUp(imageLookupOf('reg.io/web:1')))).toMatch(/^unknown unauthenticated/);
  });

  test('contains neither the image nor the credential', async () => {
    const scene = sceneOf(fakeClient(), { shared: await connected(server.at) });
    await scene.lookUp(imageLookupOf('reg.io/secret-project:1', [`ci:${CANARY}@reg.io`]));
    await until(async () => (await direct.keys('*')).length === 2);
    const names = await direct.keys('*');
    const everything = [...names, ...(await direct.mget(names))].join('\n');
    expect(everything).toContain(DIGEST);
    expect(everything).not.toMatch(new RegExp(`${CANARY}|secret-project|reg\\.io|ci:`));
  });

  test('serves a stale entry only during an outage of the registry', async () => {
    const first = await connected(server.at);
    first.set(image, ANONYMOUS_ATTEMPT, entryOf(clock.ms - CACHE.tagTtlMs));
    await until(async () => (await first.get(image, ANONYMOUS_ATTEMPT)) !== undefined);
    const scene = sceneOf(
      fakeClient(() => 'unreachable'),
      { shared: first },
    );
    expect(shown(await scene.lookUp(imageLookupOf('reg.io/web:1', [], { staleMs: 3_600_000 })))).toBe(
      'yes anonymous (60000 ms old: reg.io said unreachable; tried anonymously)',
    );
    expect(scene.client.requests).toHaveLength(1);
  });

  test.each<[string, (name: string, value: string, cache: SharedCache) => Promise<unknown>]>([
    ['a value that was changed', (name, value) => direct.set(name, value.replace('aaaa', 'bbbb'))],
    ['a value without a seal', (name, value) => direct.set(name, value.replace(/^[^.]*/, ''))],
    ['no entry at all', (name) => direct.set(name, 'x')],
    ['a value that is too long', (name, value) => direct.set(name, value + ' '.repeat(5000))],
    ['another type', async (name) => (await direct.del(name), direct.lpush(name, 'x'))],
    [
      'the entry of another image',
      async (name, _, cache) => {
        const other = imageKey(referenceOf('reg.io/other:1'), 'image', 'https://reg.io');
        cache.set(other, ANONYMOUS_ATTEMPT, entryOf());
        await until(async () => (await direct.keys('*')).length === 3);
        const copied = (await direct.keys('*')).find((one) => one !== name);
        return direct.set(name, (await direct.get(copied ?? '')) ?? '');
      },
    ],
  ])('ignores %s', async (_, spoil) => {
    const cache = await connected(server.at);
    await direct.flushall();
    cache.set(image, ANONYMOUS_ATTEMPT, entryOf());
    await until(async () => (await cache.get(image, ANONYMOUS_ATTEMPT)) !== undefined);
    const [name = ''] = await direct.keys('*');
    cache.set(imageKey(referenceOf('reg.io/third:1'), 'image', 'https://reg.io'), ANONYMOUS_ATTEMPT, entryOf());
    await spoil(name, (await direct.get(name)) ?? '', cache);
    expect(await cache.get(image, ANONYMOUS_ATTEMPT)).toBeUndefined();
  });

  test('rejects entries that were sealed with another key', async () => {
    const cache = await connected(server.at);
    cache.set(image, ANONYMOUS_ATTEMPT, entryOf());
    const other = await connected(server.at, new TextEncoder().encode('another key'));
    expect(await other.get(image, ANONYMOUS_ATTEMPT)).toBeUndefined();
  });

  test.each<[string, number, number, boolean]>([
    ['fresh', 0, CACHE.tagTtlMs, true],
    ['just fresh', CACHE.tagTtlMs - 1, CACHE.tagTtlMs, true],
    ['no longer fresh', CACHE.tagTtlMs, CACHE.tagTtlMs, false],
    ['a day old', 86_400_000, CACHE.tagTtlMs, false],
    ['an hour old, of a digest', 3_600_000, CACHE.digestTtlMs, true],
  ])('has an entry that is %s after one replica is rejected: %d of %d ms', async (_, ageMs, freshMs, stays) => {
    const cache = await connected(server.at);
    cache.set(image, ANONYMOUS_ATTEMPT, entryOf(clock.ms - ageMs));
    await until(async () => (await cache.get(image, ANONYMOUS_ATTEMPT)) !== undefined);
    cache.delete(image, ANONYMOUS_ATTEMPT, clock.ms - freshMs);
    if (!stays) return until(async () => (await cache.get(image, ANONYMOUS_ATTEMPT)) === undefined);
    // Comes after the commands of the rejection, on the same connection.
    for (let at = 0; at < 3; at += 1) await cache.get(image, ANONYMOUS_ATTEMPT);
    expect(await cache.get(image, ANONYMOUS_ATTEMPT)).toBeDefined();
  });

  test('keeps its entries if a replica refreshes and is rejected', async () => {
    const first = sceneOf(fakeClient(), { shared: await connected(server.at) });
    await first.lookUp(imageLookupOf('reg.io/web:1'));
    const cache = await connected(server.at);
    await until(async () => (await cache.get(image, ANONYMOUS_ATTEMPT)) !== undefined);
    const second = sceneOf(
      fakeClient(() => 'notFound'),
      { shared: cache },
    );
    expect(shown(await second.lookUp(imageLookupOf('reg.io/web:1', [], { refresh: true })))).toMatch(
      /^unknown notFound/,
    );
    for (let at = 0; at < 3; at += 1) await cache.get(image, ANONYMOUS_ATTEMPT);
    const third = sceneOf(
      fakeClient(() => 'notFound'),
      { shared: cache },
    );
    expect(shown(await third.lookUp(imageLookupOf('reg.io/web:1')))).toBe('yes anonymous');
  });

  test('works with a user and a password, and reports wrong ones without the password', async () => {
    const locked = await startServer(await freePort(), [
      '--user',
      'gate',
      'on',
      `>${CANARY}`,
      '~*',
      '+@all',
      '--requirepass',
      'x',
    ]);
    try {
      const at = serverAt(locked.at.port, { username: 'gate', password: () => CANARY });
      expect(await (await connected(at)).get(image, ANONYMOUS_ATTEMPT)).toBeUndefined();
      const cache = await cacheAt({ ...at, password: () => `${CANARY}-wrong` });
      await until(() => warnings.length > 0);
      expect(warnings).toEqual([`the shared cache at 127.0.0.1:${locked.at.port} is not used: WRONGPASS`]);
      expect(await cache.get(image, ANONYMOUS_ATTEMPT)).toBeUndefined();
      expect(inspect([cache, at], { depth: 20, showHidden: true }) + JSON.stringify([cache, at])).not.toContain(CANARY);
    } finally {
      await locked.stop();
    }
  });

  test('works over TLS with its own CA, and with no other', async () => {
    const { cert, private: key } = await generate([{ name: 'commonName', value: 'localhost' }], {
      extensions: [{ name: 'subjectAltName', altNames: [{ type: 2, value: 'localhost' }] }],
    });
    const files = [folder.file('tls.crt', cert), folder.file('tls.key', key)];
    const port = await freePort();
    const [crt = '', pem = ''] = files;
    const tls = ['--tls-port', String(port), '--tls-cert-file', crt, '--tls-key-file', pem, '--tls-ca-cert-file', crt];
    const secure = await startServer(0, [...tls, '--tls-auth-clients', 'no']);
    try {
      const at = { ...serverAt(port), host: 'localhost', tls: { ca: cert } };
      const cache = await connected(at);
      cache.set(image, ANONYMOUS_ATTEMPT, entryOf());
      await cacheAt({ ...at, tls: {} });
      await until(() => warnings.length > 0);
      expect(warnings[0]).toMatch(/is not used: DEPTH_ZERO_SELF_SIGNED_CERT$/);
    } finally {
      await secure.stop();
    }
  });

  test('that is killed is an immediate miss, and works again after its restart', async () => {
    const port = await freePort();
    const killed = await startServer(port);
    const cache = await connected(killed.at);
    await killed.stop();
    const scene = sceneOf(fakeClient(), { shared: cache });
    expect(shown(await scene.lookUp(imageLookupOf('reg.io/web:1')))).toBe('yes anonymous');
    await until(() => warnings.length > 0);
    expect(warnings[0]).toMatch(/is not used: (ECONNREFUSED|ECONNRESET|EPIPE)$/);
    const again = await startServer(port);
    try {
      await until(async () => {
        cache.set(image, ANONYMOUS_ATTEMPT, entryOf());
        return (await cache.get(image, ANONYMOUS_ATTEMPT)) !== undefined;
      });
    } finally {
      await again.stop();
    }
  }, 15_000);

  test('that hangs delays lookups by 50 ms, then is skipped', async () => {
    const stopped = await startServer(await freePort());
    const cache = await connected(stopped.at);
    stopped.process.kill('SIGSTOP');
    try {
      for (let at = 0; at < 3; at += 1) expect(await cache.get(image, ANONYMOUS_ATTEMPT)).toBeUndefined();
      expect(warnings).toEqual([
        `the shared cache at 127.0.0.1:${stopped.at.port} is not used: no response within 50 ms`,
      ]);
      const results = Promise.all(Array.from({ length: 1000 }, () => cache.get(image, ANONYMOUS_ATTEMPT)));
      const turn = new Promise((resolve) => void setImmediate(resolve, 'waits'));
      expect(await Promise.race([results.then((all) => all.every((one) => one === undefined)), turn])).toBe(true);
    } finally {
      stopped.process.kill('SIGCONT');
      await stopped.stop();
    }
  });
});

describe('an unavailable shared cache', () => {
  test.each([
    ['refuses connections', async () => ({ at: serverAt(await freePort()), stop: () => {} })],
    ['never responds', silentServer],
  ])('that %s is a miss without a delay', async (_, start) => {
    const server = await start();
    try {
      const scene = sceneOf(fakeClient(), { shared: await cacheAt(server.at) });
      const facts = Array.from({ length: 200 }, (__, at) => scene.lookUp(imageLookupOf(`reg.io/web:${at}`)));
      expect(new Set((await Promise.all(facts)).map(shown))).toEqual(new Set(['yes anonymous']));
    } finally {
      server.stop();
    }
  });
});

describe('an entry', () => {
  const entries = sharedEntries({ key: KEY, maxAgeMs: 1000, now: clock.now });
  const name = entries.nameOf(image, ANONYMOUS_ATTEMPT);
  const opened = (answer: Parameters<typeof entries.seal>[1], key = image) =>
    entries.open(name, key, entries.seal(name, answer));

  test('is read as it was written', () => {
    expect(opened(entryOf())).toEqual(entryOf());
    const mirrored = { value: { ...MANIFEST, mirror: 'mirror.io/hub' }, atMs: clock.ms };
    expect(opened(mirrored)).toEqual(mirrored);
  });

  test.each<[string, Parameters<typeof entries.seal>[1]]>([
    ['too old', entryOf(clock.ms - 1001)],
    ['from the future', entryOf(clock.ms + 60_001)],
    ['without a valid digest', { ...entryOf(), value: { ...MANIFEST, digest: 'sha256:x' } }],
  ])('that is %s is a miss, although it is sealed', (_, answer) => {
    expect(opened(answer)).toBeUndefined();
  });

  test('for an image by digest has that digest', () => {
    const byDigest = (digit: string) =>
      imageKey(referenceOf(`reg.io/web@sha256:${digit.repeat(64)}`), 'image', 'https://reg.io');
    expect(opened(entryOf(), byDigest('a'))).toEqual(entryOf());
    expect(opened(entryOf(), byDigest('b'))).toBeUndefined();
  });
});
