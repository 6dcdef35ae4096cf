/** Secrets, ServiceAccounts, and labels of namespaces from a scripted API server. */
import { setTimeout as delay } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { Crowded, Outage } from '../../src/admission/context.ts';
import { createLookups } from '../../src/admission/facts/lookups.ts';
import type { ClusterApi } from '../../src/cluster/api.ts';
import { type ClusterFacts, createClusterFacts } from '../../src/cluster/facts/cluster-facts.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import type { Fact } from '../../src/policy/fact.ts';
import { apiClient } from '../support/api-client.ts';
import { type ApiServer, type Script, sendJson, sendStatus, startApiServer } from '../support/api-server.ts';

let server: ApiServer;
let api: ClusterApi;
let facts: ClusterFacts;
let counted: string[];
let old: string[];
let details: string[];
let nowMs: number;

beforeEach(async () => {
  server = await startApiServer();
  api = apiClient(server.url);
  counted = [];
  old = [];
  details = [];
  nowMs = 1000;
  facts = createClusterFacts(api, {
    count: (resource, result) => counted.push(`${resource} ${result}`),
    countOld: (resource) => old.push(resource),
    logDetail: (detail) => details.push(detail),
    now: () => nowMs,
  });
});

afterEach(async () => {
  facts.close();
  await api.close();
  await server.close();
});

const TYPE = 'kubernetes.io/dockerconfigjson';
const PASSWORD = 'hush-hush-hush';

function pullSecret(password = PASSWORD, type = TYPE): { readonly type: string; readonly data: object } {
  const config = JSON.stringify({ auths: { 'registry.example.com': { username: 'ci', password } } });
  return { type, data: { '.dockerconfigjson': Buffer.from(config).toString('base64') } };
}

const TOO_MANY = {
  state: 'unknown',
  reason: 'too many requests to the API server wait for this namespace',
  causedBy: 'author',
};

const PULL = new Set(['secrets', 'serviceaccounts']);
const NEEDS = new Set([...PULL, 'namespaces']);
const signal = (): AbortSignal => new AbortController().signal;
const SECRETS = '/api/v1/namespaces/shop/secrets';

const text = (fact: Fact<unknown>): string => (fact.state === 'unknown' ? fact.reason : fact.state);

/** The state of the fact, or the message of the outage. */
async function secret(name = 'pull', namespace = 'shop', refresh = false): Promise<string> {
  try {
    const fact = await facts.sourcesFor(PULL).secrets?.secret(namespace, name, signal(), refresh);
    if (fact === undefined) throw new Error('there is no source');
    return fact.state === 'yes' ? fact.value.contents().state : text(fact);
  } catch (error) {
    if (error instanceof Outage) return error.message;
    throw error;
  }
}

async function account(name = 'default'): Promise<unknown> {
  const fact = await facts.sourcesFor(PULL).serviceAccounts?.pullSecretsOf('shop', name, signal());
  return fact?.state === 'yes' ? fact.value : fact?.state;
}

async function labels(namespace = 'shop'): Promise<unknown> {
  try {
    const fact = await facts.sourcesFor(NEEDS).namespaces?.labelsOf(namespace, signal());
    if (fact === undefined) throw new Error('there is no source');
    return fact.state === 'yes' ? fact.value : text(fact);
  } catch (error) {
    if (error instanceof Outage) return error.message;
    throw error;
  }
}

const paths = (): readonly string[] => server.requests.map(({ path }) => path);

describe('a Secret', () => {
  test('is read by name, and remembered for 10 s', async () => {
    server.put(SECRETS, 'pull', pullSecret());
    expect(await secret()).toBe('read');
    nowMs += 9999;
    expect(await secret()).toBe('read');
    expect(paths()).toEqual([`${SECRETS}/pull`]);
    nowMs += 1;
    expect(await secret()).toBe('read');
    expect(paths()).toHaveLength(2);
    expect(counted).toEqual(['secrets found', 'secrets found']);
  });

  test('is not remembered for a lookup that wants a new fact', async () => {
    server.put(SECRETS, 'pull', pullSecret());
    await secret();
    server.put(SECRETS, 'pull', pullSecret('new'));
    expect(await secret('pull', 'shop', true)).toBe('read');
    expect(paths()).toHaveLength(2);
  });

  test('is marked when it is remembered', async () => {
    server.put(SECRETS, 'pull', pullSecret());
    const read = async (): Promise<unknown> => facts.sourcesFor(PULL).secrets?.secret('shop', 'pull', signal());
    expect(await read()).not.toHaveProperty('isRemembered');
    expect(await read()).toHaveProperty('isRemembered', true);
  });

  test('is forgotten when a lookup that wants a new fact does not find it', async () => {
    server.put(SECRETS, 'pull', pullSecret());
    expect(await secret()).toBe('read');
    server.remove(SECRETS, 'pull');
    expect(await secret('pull', 'shop', true)).toBe('no');
    expect(await secret()).toBe('no');
  });

  test('is found when it is created a moment after it was missing', async () => {
    expect(await secret()).toBe('no');
    server.put(SECRETS, 'pull', pullSecret());
    expect(await secret()).toBe('read');
    expect(counted).toEqual(['secrets notFound', 'secrets found']);
  });

  test('is requested again if it was created while a request for it was under way', async () => {
    const { promise: arrived, resolve: hasArrived } = Promise.withResolvers<void>();
    const { promise: isCreated, resolve: create } = Promise.withResolvers<void>();
    let isFirst = true;
    server.scripts.push(async (_request, response) => {
      if (!isFirst) return false;
      isFirst = false;
      hasArrived();
      await isCreated;
      sendStatus(response, 404, 'NotFound');
      return true;
    });
    const early = secret();
    await arrived;
    server.put(SECRETS, 'pull', pullSecret());
    const late = [secret(), secret(), secret()];
    create();
    expect(await early).toBe('no');
    expect(await Promise.all(late)).toEqual(['read', 'read', 'read']);
    expect(paths()).toHaveLength(2);
  });

  test('is requested once for all reviews that wait for it', async () => {
    server.put(SECRETS, 'pull', pullSecret());
    expect(new Set(await Promise.all(Array.from({ length: 200 }, () => secret())))).toEqual(new Set(['read']));
    expect(paths()).toHaveLength(1);
  });

  test.each<[string, object, string]>([
    ['of another type', pullSecret(PASSWORD, 'Opaque'), 'other-type'],
    ['without its key', { type: TYPE, data: { other: 'e30=' } }, 'no-key'],
    ['without data', { type: TYPE, data: { '.dockerconfigjson': '' } }, 'empty'],
    ['with broken data', { type: TYPE, data: { '.dockerconfigjson': 'e30' } }, 'Secret "pull" is malformed'],
    ['with broken JSON', { type: TYPE, data: { '.dockerconfigjson': 'e3s=' } }, 'malformed'],
  ])('%s is not remembered, because it is repaired at once', async (_what, object, state) => {
    server.put(SECRETS, 'pull', { ...object });
    expect(await secret()).toBe(state);
    server.put(SECRETS, 'pull', pullSecret());
    expect(await secret()).toBe('read');
  });

  test('is decoded only if its type is one that the kubelet reads, and only the key that it reads', async () => {
    const other = Buffer.alloc(900_000, 'x').toString('base64');
    const opaque = { type: 'Opaque', data: { '.dockerconfigjson': other, more: 'not base64' } };
    server.put(SECRETS, 'opaque', opaque);
    server.put(SECRETS, 'pull', { ...pullSecret(), data: { ...pullSecret().data, more: 'not base64' } });
    const read = async (name: string): Promise<unknown> =>
      facts.sourcesFor(PULL).secrets?.secret('shop', name, signal());
    expect(await read('opaque')).toMatchObject({ value: { keys: ['.dockerconfigjson', 'more'], bytes: 900_157 } });
    expect(await secret('opaque')).toBe('other-type');
    expect(await secret('pull')).toBe('read');
  });

  test('is remembered with the memory that its keys need', async () => {
    const keys = Array.from({ length: 5000 }, (_, index) => [`k${index}`.padEnd(250, 'x'), '']);
    const many = { type: TYPE, data: { ...pullSecret().data, ...Object.fromEntries(keys) } };
    for (let index = 0; index < 12; index += 1) server.put(SECRETS, `s${index}`, many);
    for (let index = 0; index < 12; index += 1) expect(await secret(`s${index}`)).toBe('read');
    expect(await secret('s0')).toBe('read');
    expect(paths().filter((path) => path === `${SECRETS}/s0`)).toHaveLength(2);
  });

  test.each([
    // The file and its map are objects as well.
    [1998, 'read'],
    [1999, 'Secret "pull" has more than 2000 entries'],
    [80_000, 'Secret "pull" has more than 2000 entries'],
  ])('with %i entries is parsed only if it has at most 2,000 objects', async (entries, expected) => {
    const auths = Object.fromEntries(Array.from({ length: entries }, (_, index) => [`${index}`, {}]));
    const config = Buffer.from(JSON.stringify({ auths }));
    server.put(SECRETS, 'pull', { type: TYPE, data: { '.dockerconfigjson': config.toString('base64') } });
    expect(await secret()).toBe(expected);
    if (expected === 'read') return;
    const fact = await facts.sourcesFor(PULL).secrets?.secret('shop', 'pull', signal());
    expect(fact).toMatchObject({ state: 'unknown', causedBy: 'author' });
  });

  test('of another namespace does not count', async () => {
    server.put('/api/v1/namespaces/bank/secrets', 'pull', pullSecret());
    expect(await secret('pull', 'bank')).toBe('read');
    expect(await secret('pull', 'shop')).toBe('no');
  });

  test.each([
    '../../bank/secrets/pull',
    'a/b',
    'A',
    'ü',
    '',
    '.',
    '..',
    '-a',
    'a?b',
    'a%2fb',
    '__proto__',
    'x'.repeat(254),
    'x'.repeat(100_000),
    `${'a.'.repeat(50_000)}a`,
    `${'a'.repeat(100_000)}!`,
  ])('that no API server can have is not requested: %.20s', async (name) => {
    expect(await secret(name)).toBe('no');
    expect(await secret('pull', name)).toBe('no');
    expect(paths()).toEqual([]);
  });

  test('that the API server does not let tidewaiter read names the RBAC rule', async () => {
    server.scripts.push((_request, response) => (sendStatus(response, 403, 'Forbidden', 'secrets is forbidden'), true));
    expect(await secret()).toBe(
      'tidewaiter cannot get secrets in namespace "shop" (HTTP 403): grant get on secrets with a Role in that namespace, or a ClusterRole (tidewaiter manifests rbac)',
    );
    server.scripts.length = 0;
    server.put(SECRETS, 'pull', pullSecret());
    expect(await secret()).toBe('read');
    expect(counted).toEqual(['secrets forbidden', 'secrets found']);
  });

  const json =
    (body: unknown): Script =>
    (_request, response) => (sendJson(response, 200, body), true);
  const UNKNOWN =
    'Secret "shop/pull": the API server did not return it (get secrets in namespace "shop"; see the tidewaiter log)';

  test.each<[string, Script, string]>([
    ['another Secret', json({ metadata: { name: 'other', namespace: 'shop' }, ...pullSecret() }), 'failed'],
    ['one of another namespace', json({ metadata: { name: 'pull', namespace: 'bank' }, ...pullSecret() }), 'failed'],
    ['a list', json({ metadata: {}, items: [pullSecret()] }), 'failed'],
    ['an array', json([pullSecret()]), 'unavailable'],
    ['null', json(null), 'unavailable'],
    ['HTML', (_request, response) => (response.end('<html>sign in</html>'), true), 'unavailable'],
    [
      'an HTML error',
      (_request, response) => (response.writeHead(404).end('<html>no route</html>'), true),
      'unavailable',
    ],
    [
      'half a response',
      (_request, response) => (
        response.writeHead(200, { 'content-length': 99 }).write('{"kind"'),
        response.destroy(),
        true
      ),
      'unavailable',
    ],
    ['no response', (_request, response) => (response.destroy(), true), 'unavailable'],
  ])('for which the API server returns %s is unknown', async (_what, script, result) => {
    server.scripts.push(script);
    expect(await secret()).toBe(UNKNOWN);
    expect(counted).toEqual([`secrets ${result}`]);
    expect(details).toHaveLength(1);
    expect(JSON.stringify(details)).not.toContain(PASSWORD);
    expect(JSON.stringify(details)).not.toContain(Buffer.from(PASSWORD).toString('base64').slice(0, 12));
  });

  test.each([500, 503, 429, 401, 404])('is unknown after HTTP %i without a reason', async (status) => {
    server.scripts.push((_request, response) => (sendJson(response, status, {}), true));
    expect(await secret()).toContain(`the API server returned HTTP ${status}`);
  });

  test('is unknown after 2 s if the API server hangs, and then the next review tries again', async () => {
    server.put(SECRETS, 'pull', pullSecret());
    server.scripts.push(() => true);
    const startMs = performance.now();
    expect(await secret()).toContain('the API server did not return it');
    expect(performance.now() - startMs).toBeLessThan(3500);
    server.scripts.length = 0;
    expect(await secret()).toBe('read');
  });

  test('leaves a review when its time is up', async () => {
    server.scripts.push(() => true);
    const review = new AbortController();
    const fact = facts.sourcesFor(PULL).secrets?.secret('shop', 'pull', review.signal);
    setTimeout(() => review.abort(new Error('late')), 50);
    await expect(fact).rejects.toThrow('late');
  });

  test('of one namespace leaves places to others', async () => {
    server.put('/api/v1/namespaces/bank/secrets', 'pull', pullSecret());
    server.scripts.push(({ path }) => path.startsWith(SECRETS));
    const stuck = Array.from({ length: 3000 }, (_, index) => secret(`s${index}`));
    const more = await facts.sourcesFor(PULL).secrets?.secret('shop', 'one-more', signal());
    expect(more).toEqual(TOO_MANY);
    const startMs = performance.now();
    expect(await secret('pull', 'bank')).toBe('read');
    expect(performance.now() - startMs).toBeLessThan(1000);
    expect(paths().filter((path) => path.startsWith(SECRETS)).length).toBeLessThanOrEqual(8);
    facts.close();
    server.scripts.length = 0;
    await Promise.allSettled(stuck);
  }, 60_000);
});

describe('a Secret that was read before', () => {
  const USED = 'Secret "shop/pull": used as it was read some minutes ago, because of an outage';
  const error =
    (status: number, reason: string): Script =>
    (_request, response) => (sendStatus(response, status, reason), true);
  const lookUp = (review: AbortSignal, refresh = false): unknown =>
    facts.sourcesFor(PULL).secrets?.secret('shop', 'pull', review, refresh);
  const only = (script: Script): void => void server.scripts.splice(0, Infinity, script);

  beforeEach(async () => {
    server.put(SECRETS, 'pull', pullSecret());
    await secret();
    nowMs += 10_000;
  });

  test.each<[string, Script]>([
    ['closes connections', (_request, response) => (response.destroy(), true)],
    ['hangs', () => true],
    ['returns HTTP 500', error(500, 'InternalError')],
    ['returns HTTP 503', error(503, 'ServiceUnavailable')],
    ['returns HTTP 504', error(504, 'Timeout')],
    ['limits the rate', error(429, 'TooManyRequests')],
    ['is behind a proxy that returns a page', (_request, response) => (response.end('<html>sign in</html>'), true)],
  ])('is used while the API server %s, for 5 minutes, and never for a denial', async (_what, script) => {
    only(script);
    expect(await lookUp(signal())).toMatchObject({ state: 'yes', isRemembered: true });
    expect(old).toEqual(['secrets']);
    expect(details).toContain(USED);
    expect(await secret('pull', 'shop', true)).toContain('the API server');
    expect(await secret('other')).toContain('the API server');
    nowMs += 289_999;
    expect(await secret()).toBe('read');
    nowMs += 1;
    expect(await secret()).toContain('the API server');
    expect(old).toEqual(['secrets', 'secrets']);
    expect(JSON.stringify(details)).not.toContain(PASSWORD);
  });

  test.each<[string, Script, string]>([
    ['was deleted', error(404, 'NotFound'), 'no'],
    ['tidewaiter may no longer read', error(403, 'Forbidden'), 'cannot get secrets'],
    ['needs other credentials', error(401, 'Unauthorized'), 'HTTP 401'],
  ])('is not used if it %s, not even in an outage after that', async (_what, script, expected) => {
    only(script);
    expect(await secret()).toContain(expected);
    only(error(503, 'ServiceUnavailable'));
    expect(await secret()).toContain('HTTP 503');
    expect(old).toEqual([]);
  });

  test('is not used if a newer version cannot be read by the kubelet', async () => {
    server.put(SECRETS, 'pull', { type: TYPE, data: { other: 'e30=' } });
    expect(await secret()).toBe('no-key');
    only(error(503, 'ServiceUnavailable'));
    expect(await secret()).toContain('HTTP 503');
  });

  test('is used when the time of the review is up, unless its namespace has used the time', async () => {
    only(() => true);
    const ending = async (reason: Error): Promise<unknown> => {
      const review = new AbortController();
      const found = lookUp(review.signal);
      review.abort(reason);
      return found;
    };
    expect(await ending(new Error('late'))).toMatchObject({ state: 'yes', isRemembered: true });
    await expect(ending(new Crowded())).rejects.toThrow('too many reviews of this namespace wait for lookups');
    expect(old).toEqual(['secrets']);
  });

  test('is read again after the outage', async () => {
    only(error(503, 'ServiceUnavailable'));
    await secret();
    server.scripts.length = 0;
    server.put(SECRETS, 'pull', { ...pullSecret(), data: { '.dockerconfigjson': '' } });
    expect(await secret()).toBe('empty');
  });

  test('is not used by a command, which would not tell', async () => {
    const { createCommandFacts } = await import('../../src/cluster/facts/command-facts.ts');
    vi.spyOn(performance, 'now').mockImplementation(() => nowMs);
    const ofCommand = createCommandFacts(api);
    await ofCommand.secrets?.secret('shop', 'pull', signal());
    nowMs += 10_000;
    only(error(503, 'ServiceUnavailable'));
    await expect(ofCommand.secrets?.secret('shop', 'pull', signal())).rejects.toThrow('HTTP 503');
    vi.restoreAllMocks();
  });
});

describe('many Secrets of one namespace', () => {
  const lookUp = (name: string, review: AbortSignal): unknown =>
    facts.sourcesFor(PULL).secrets?.secret('shop', name, review);
  /** Responds like an API server under load. */
  const slowly =
    (ms: number): Script =>
    async () => (await delay(ms), false);

  test('are all read for a rollout of 500 Pods with five pull secrets of their own', async () => {
    const names = Array.from({ length: 2500 }, (_, index) => `s${index}`);
    for (const name of names) server.put(SECRETS, name, pullSecret());
    const reviews = Array.from({ length: 500 }, signal);
    const found = await Promise.all(names.map((name, index) => lookUp(name, reviews[index % 500] ?? signal())));
    expect(found.filter((fact) => (fact as Fact<unknown>).state !== 'yes')).toEqual([]);
  }, 30_000);

  test('of one review leave turns to the next review', async () => {
    server.put(SECRETS, 'pull', pullSecret());
    server.scripts.push(slowly(20));
    const greedy = new AbortController();
    const stuck = Array.from({ length: 400 }, (_, index) => lookUp(`s${index}`, greedy.signal));
    expect(await secret()).toBe('read');
    expect(paths().length).toBeLessThan(20);
    greedy.abort();
    await Promise.allSettled(stuck);
  });

  test('are caused by the author if they fill the time of the review, unless the API server is slow', async () => {
    /** Each response takes `ms`; the time of the reviews ends after that many requests. */
    const wait = async (ms: number, requests: number): Promise<readonly unknown[]> => {
      server.scripts.splice(0, Infinity, slowly(ms));
      const end = new AbortController();
      const before = paths().length;
      const stuck = Array.from({ length: 2500 }, (_, index) => lookUp(`s${index}`, AbortSignal.any([end.signal])));
      await vi.waitFor(() => expect(paths().length - before).toBeGreaterThan(requests), { timeout: 20_000 });
      end.abort(new Error('late'));
      const results = await Promise.allSettled(stuck);
      return [
        ...new Set(
          results.slice(-100).map((one) => JSON.stringify(one.status === 'fulfilled' ? one.value : String(one.reason))),
        ),
      ];
    };
    expect(await wait(10, 300)).toEqual([JSON.stringify(TOO_MANY)]);
    expect(await wait(300, 30)).toEqual([JSON.stringify('Error: late')]);
  }, 30_000);

  test('are read although they gave way to other namespaces', async () => {
    server.scripts.push(slowly(700));
    const { secrets } = facts.sourcesFor(PULL);
    const greedy = ['a', 'b', 'c'].flatMap((where) =>
      Array.from({ length: 6 }, (_, index) => [where, `s${index}`] as const),
    );
    for (const [where, name] of [...greedy, ['shop', 'pull'] as const]) {
      server.put(`/api/v1/namespaces/${where}/secrets`, name, pullSecret());
    }
    const found = greedy.map(async ([where, name]) => secrets?.secret(where, name, signal()));
    expect(await secret()).toBe('read');
    expect((await Promise.all(found)).map((fact) => fact?.state)).toEqual(greedy.map(() => 'yes'));
    expect(paths().length).toBeGreaterThan(greedy.length + 1);
    expect([new Set(counted), details]).toEqual([new Set(['secrets found']), []]);
  }, 20_000);

  test('are not requested beyond 4 MiB for one review', async () => {
    const large = { type: TYPE, data: { '.dockerconfigjson': Buffer.alloc(1_000_000, 'x').toString('base64') } };
    for (let index = 0; index < 100; index += 1) server.put(SECRETS, `s${index}`, large);
    const { secrets } = facts.sourcesFor(PULL);
    const lookups = createLookups('shop', { kinds: kindTable(), policies: [], world: { secrets } }, signal());
    const found = await Promise.all(Array.from({ length: 100 }, async (_, index) => lookups.secret(`s${index}`)));
    expect(found.filter(({ state }) => state === 'yes')).toHaveLength(4);
    expect(found.filter((fact) => fact.state === 'unknown' && fact.causedBy === 'author')).toHaveLength(96);
    expect(paths().length).toBeLessThanOrEqual(8);
  });

  test('that wait serve lookups that came later', async () => {
    const greedy = new AbortController();
    server.scripts.push(slowly(50));
    const stuck = Array.from({ length: 20 }, (_, index) => lookUp(`s${index}`, greedy.signal));
    const early = lookUp('s19', signal());
    await delay(10);
    server.put(SECRETS, 's19', pullSecret());
    expect(await secret('s19')).toBe('read');
    expect(await early).toMatchObject({ state: 'yes' });
    expect(paths().filter((path) => path === `${SECRETS}/s19`)).toHaveLength(1);
    await Promise.allSettled(stuck);
  });
});

describe('a ServiceAccount', () => {
  const ACCOUNTS = '/api/v1/namespaces/shop/serviceaccounts';

  test('has the names of its pull secrets in order, and is remembered', async () => {
    server.put(ACCOUNTS, 'default', { imagePullSecrets: [{ name: 'b' }, {}, { name: 'a' }], secrets: [{ name: 'x' }] });
    expect(await account()).toEqual(['b', '', 'a']);
    expect(await account()).toEqual(['b', '', 'a']);
    expect(paths()).toEqual([`${ACCOUNTS}/default`]);
  });

  test('is remembered with the memory that its names need', async () => {
    const imagePullSecrets = [{ name: 'x'.repeat(1_000_000) }];
    for (let index = 0; index < 7; index += 1) server.put(ACCOUNTS, `a${index}`, { imagePullSecrets });
    for (let index = 0; index < 7; index += 1) await account(`a${index}`);
    await account('a0');
    await account('a6');
    expect(paths().filter((path) => path === `${ACCOUNTS}/a0`)).toHaveLength(2);
    expect(paths().filter((path) => path === `${ACCOUNTS}/a6`)).toHaveLength(1);
  });

  test('that was read before is used in an outage', async () => {
    server.put(ACCOUNTS, 'default', { imagePullSecrets: [{ name: 'a' }] });
    await account();
    nowMs += 10_000;
    server.scripts.push((_request, response) => (sendStatus(response, 503, 'ServiceUnavailable'), true));
    expect(await account()).toEqual(['a']);
    expect(old).toEqual(['serviceaccounts']);
  });

  test('can be missing, and can have no list', async () => {
    expect(await account()).toBe('no');
    server.put(ACCOUNTS, 'default');
    expect(await account()).toEqual([]);
  });
});

describe('the labels of a namespace', () => {
  const NAMESPACES = '/api/v1/namespaces';

  test('are unknown until all are read, and then come from the watch', async () => {
    server.put(NAMESPACES, 'shop', { metadata: { labels: { team: 'a' } } });
    expect(await labels()).toBe('the labels of the namespaces have not been read from the cluster yet');
    expect(facts.notSynced()).toBe('the labels of the namespaces have not been read from the cluster yet');
    await vi.waitFor(() => expect(facts.notSynced()).toBeUndefined());
    expect(await labels()).toEqual({ team: 'a', 'kubernetes.io/metadata.name': 'shop' });
    server.put(NAMESPACES, 'shop', { metadata: { labels: { team: 'b' } } });
    await vi.waitFor(async () => expect(await labels()).toMatchObject({ team: 'b' }));
    expect(paths()).toEqual([NAMESPACES]);
    expect([...facts.idleSeconds().keys()]).toEqual(['namespaces']);
  });

  test('of a namespace that the watch does not have are requested', async () => {
    facts.sourcesFor(NEEDS);
    await vi.waitFor(() => expect(facts.notSynced()).toBeUndefined());
    server.scripts.push(({ path }, response) => {
      if (path !== `${NAMESPACES}/new`) return false;
      sendJson(response, 200, { metadata: { name: 'new', labels: { team: 'n' } } });
      return true;
    });
    expect(await labels('new')).toEqual({ team: 'n', 'kubernetes.io/metadata.name': 'new' });
    expect(await labels('gone')).toBe('no');
  });

  test('are unknown because of their author if they are too long, and others stay', async () => {
    const long = (count: number): object =>
      Object.fromEntries(
        Array.from({ length: count }, (_, index) => [`${'k'.repeat(60)}${1000 + index}`, 'v'.repeat(60)]),
      );
    server.put(NAMESPACES, 'many', { metadata: { labels: long(131) } });
    server.put(NAMESPACES, 'huge', { metadata: { labels: long(133) } });
    facts.sourcesFor(NEEDS);
    await vi.waitFor(() => expect(facts.notSynced()).toBeUndefined());
    expect(Object.keys((await labels('many')) as object)).toHaveLength(132);
    server.put(NAMESPACES, 'later', { metadata: { labels: long(133) } });
    for (const name of ['huge', 'later']) {
      const reason = `namespace "${name}" has more than 16 KiB of labels`;
      await vi.waitFor(async () =>
        expect(await facts.sourcesFor(NEEDS).namespaces?.labelsOf(name, signal())).toEqual({
          state: 'unknown',
          reason,
          causedBy: 'author',
        }),
      );
    }
  });

  describe('when the watch is silent', () => {
    const SILENT = 'the watch of the namespaces has had no event for 3 minutes';
    const putByPath = (team: string): void => {
      const script: Script = ({ path }, response) => {
        if (path === `${NAMESPACES}/shop`) sendJson(response, 200, { metadata: { name: 'shop', labels: { team } } });
        return path === `${NAMESPACES}/shop`;
      };
      server.scripts.splice(0, Infinity, script);
    };
    async function startWatch(): Promise<void> {
      server.put(NAMESPACES, 'shop', { metadata: { labels: { team: 'old' } } });
      facts.sourcesFor(NEEDS);
      await vi.waitFor(() => expect(facts.notSynced()).toBeUndefined());
      await vi.waitFor(() => expect(server.watches).toBe(1));
    }

    test('are used for 3 minutes, and then requested', async () => {
      await startWatch();
      putByPath('new');
      nowMs += 179_999;
      expect(await labels()).toMatchObject({ team: 'old' });
      nowMs += 1;
      expect(facts.idleSeconds().get('namespaces')).toBe(180);
      expect(await labels()).toMatchObject({ team: 'new' });
      expect(await labels()).toMatchObject({ team: 'new' });
      expect(details).toEqual([`${SILENT} (it is silent)`]);
      server.bookmark();
      await vi.waitFor(async () => expect(await labels()).toMatchObject({ team: 'old' }));
      expect(facts.idleSeconds().get('namespaces')).toBe(0);
    });

    test.each<[string, Script, string]>([
      [
        'a proxy hangs',
        () => true,
        'Namespace "shop": the API server did not return it (get namespaces; see the tidewaiter log)',
      ],
      [
        'the ClusterRole is removed',
        (_request, response) => (sendStatus(response, 403, 'Forbidden'), true),
        'tidewaiter cannot get namespaces (HTTP 403): grant get on namespaces with a ClusterRole (tidewaiter manifests rbac)',
      ],
    ])('are unknown after 3 minutes if %s', async (_what, script, problem) => {
      await startWatch();
      server.scripts.push(script);
      server.resetWatches();
      nowMs += 179_000;
      expect(await labels()).toMatchObject({ team: 'old' });
      nowMs += 1000;
      expect(await labels()).toBe(`${SILENT}, and ${problem}`);
    });
  });

  test('are not watched if no policy needs them', async () => {
    server.put(SECRETS, 'pull', pullSecret());
    await secret();
    expect(facts.notSynced()).toBeUndefined();
    expect(facts.idleSeconds().size).toBe(0);
    expect(paths()).toEqual([`${SECRETS}/pull`]);
  });

  test('that tidewaiter may not read name the ClusterRole', async () => {
    server.scripts.push((_request, response) => (sendStatus(response, 403, 'Forbidden'), true));
    const message =
      'tidewaiter cannot get, list and watch namespaces (HTTP 403): grant get, list and watch on namespaces with a ClusterRole (tidewaiter manifests rbac)';
    await vi.waitFor(async () => expect(await labels()).toBe(message));
    expect(facts.notSynced()).toBe(message);
  });
});
