/** Many callers that wait for one request, each until its deadline; and more lookups than the queue has places. */
import { createLookups } from '../../src/admission/facts/lookups.ts';
import { describe, expect, test } from 'vitest';
import { kindTable } from '../../src/pod/kinds.ts';
import type { FoundManifest } from '../../src/registry/client.ts';
import { UNLIMITED } from '../../src/registry/fair-share.ts';
import { OWN_QUEUE_LIMITS } from '../../src/lookup/queue-tiers.ts';
import { failed, type FakeClient, fakeClient, MANIFEST, imageLookupOf, sceneOf, shown } from './fake-client.ts';

interface ClientWithRelease {
  readonly client: FakeClient;
  readonly release: () => void;
}

/** Responds only after its release. */
function clientWithRelease(): ClientWithRelease {
  const { promise, resolve } = Promise.withResolvers<FoundManifest>();
  return { client: fakeClient(() => promise), release: () => resolve(MANIFEST) };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const LATE = 'unknown timeout: reg.io did not respond before the deadline';
const NODE = {
  label: 'node (user n)',
  secret: { kind: 'basic', username: 'n', password: () => 'p' },
} as const;

describe('concurrent lookups', () => {
  test('of 20 images by one thousand callers send 20 requests', async () => {
    const { client, release } = clientWithRelease();
    const scene = sceneOf(client);
    const pending = Array.from({ length: 1000 }, (_, at) =>
      scene.lookUp(imageLookupOf(`reg.io/web:${at % 20}`, ['a:p@reg.io'])),
    );
    await turn();
    release();
    expect(new Set((await Promise.all(pending)).map(shown))).toEqual(
      new Set(['yes pull secret "s0", key "reg.io" (user a)']),
    );
    expect(client.requests).toHaveLength(20);
  });

  test('with two credentials send two requests', async () => {
    const { client, release } = clientWithRelease();
    const scene = sceneOf(client);
    const pending = ['a:p@reg.io', 'b:p@reg.io'].map((login) => scene.lookUp(imageLookupOf('reg.io/web:1', [login])));
    release();
    await Promise.all(pending);
    expect(client.requests.sort()).toEqual(['reg.io/web:1 a:p', 'reg.io/web:1 b:p']);
  });

  test('go on if one caller gives up, and the response is cached', async () => {
    const { client, release } = clientWithRelease();
    const scene = sceneOf(client);
    const early = new AbortController();
    const lookup = imageLookupOf('reg.io/web:1');
    const [first, second] = [scene.lookUp(lookup, early.signal), scene.lookUp(lookup)];
    early.abort();
    expect(shown(await first)).toBe(LATE);
    release();
    expect(shown(await second)).toBe('yes anonymous');
  });

  test('go on if all callers give up, and the next caller gets the cached response', async () => {
    const { client, release } = clientWithRelease();
    const scene = sceneOf(client);
    const early = new AbortController();
    const pending = scene.lookUp(imageLookupOf('reg.io/web:1'), early.signal);
    early.abort();
    expect(shown(await pending)).toBe(LATE);
    release();
    await turn();
    expect(await scene.sources.images.lookUp(imageLookupOf('reg.io/web:1'), AbortSignal.abort())).toMatchObject({
      state: 'yes',
    });
    expect(client.requests).toHaveLength(1);
  });

  test('try no further credential after the caller gives up', async () => {
    const { promise, reject } = Promise.withResolvers<FoundManifest>();
    const client = fakeClient((_, user) => (user === 'a:p' ? promise : 'found'));
    const early = new AbortController();
    const pending = sceneOf(client).lookUp(imageLookupOf('reg.io/web:1', ['a:p@reg.io', 'b:p@reg.io']), early.signal);
    early.abort();
    await pending;
    reject(failed('forbidden'));
    await turn();
    expect(client.requests).toEqual(['reg.io/web:1 a:p']);
  });

  test('use the stale response at the deadline if the policy allows it', async () => {
    const { client } = clientWithRelease();
    const scene = sceneOf(fakeClient());
    const lookup = imageLookupOf('reg.io/web:1', [], { staleMs: 3_600_000 });
    await scene.lookUp(lookup);
    scene.clock.ms += 600_000;
    scene.client.answer = client.answer;
    const early = new AbortController();
    const pending = scene.lookUp(lookup, early.signal);
    early.abort();
    expect(shown(await pending)).toBe('yes anonymous (600000 ms old: reg.io did not respond before the deadline)');
  });

  test('of a review use the stale response before its deadline', async () => {
    const { client } = clientWithRelease();
    const scene = sceneOf(fakeClient());
    const lookup = imageLookupOf('reg.io/web:1', [], { staleMs: 3_600_000 });
    await scene.lookUp(lookup);
    scene.clock.ms += 600_000;
    scene.client.answer = client.answer;
    const review = new AbortController();
    const { images } = scene.sources;
    const pending = createLookups(
      'shop',
      { kinds: kindTable(), policies: [], world: { images }, abortGrace: turn },
      review.signal,
    ).registry('images', lookup);
    review.abort();
    expect(shown(await pending)).toMatch(/^yes anonymous \(600000 ms old/);
  });

  test('wait for node credentials only until the deadline', async () => {
    const node = { credentialsFor: () => new Promise<never>(() => {}) };
    const early = new AbortController();
    const pending = sceneOf(fakeClient(), { node }).lookUp(imageLookupOf('reg.io/web:1'), early.signal);
    early.abort();
    expect(shown(await pending)).toBe(LATE);
  });

  test('wait for slow node credentials', async () => {
    const node = { credentialsFor: async () => turn().then(() => ({ credentials: [NODE], problems: [] })) };
    const fact = await sceneOf(fakeClient(), { node }).lookUp(imageLookupOf('reg.io/web:1'));
    expect(shown(fact)).toBe('yes node (user n)');
  });

  test('have a limit for one request, even if the client ignores its signal', async () => {
    const { client } = clientWithRelease();
    const fact = await sceneOf(client, { limits: { requestMs: 20 } }).lookUp(imageLookupOf('reg.io/web:1'));
    expect(shown(fact)).toBe('unknown timeout: reg.io did not respond in time; tried anonymously');
  });
});

describe('a flood of names', () => {
  const queue = { ...OWN_QUEUE_LIMITS, tiers: [4, 4, 4], waiting: 6, perGroup: { running: 2, waiting: 3 } };

  test('fails immediately without room, and takes no place of another registry', async () => {
    const { client, release } = clientWithRelease();
    const scene = sceneOf(client, { limits: { queue } });
    const flood = Array.from({ length: 50 }, (_, at) => scene.lookUp(imageLookupOf(`evil.io/web:${at}`)));
    const other = scene.lookUp(imageLookupOf('reg.io/web:1'));
    await turn();
    expect(client.requests).toEqual(['evil.io/web:0', 'evil.io/web:1', 'reg.io/web:1']);
    release();
    expect(shown(await other)).toBe('yes anonymous');
    const facts = (await Promise.all(flood)).map(shown);
    expect(
      Map.groupBy(facts, (fact) => fact)
        .entries()
        .map(([fact, all]) => [fact, all.length])
        .toArray(),
    ).toEqual([
      ['yes anonymous', 5],
      ['unknown tooMany: evil.io was not queried: too many lookups are in progress', 45],
    ]);
    // A rejected lookup can be repeated.
    expect(shown(await scene.lookUp(imageLookupOf('evil.io/web:49')))).toBe('yes anonymous');
  });

  test('is served in order of arrival, and no lookup waits for another registry', async () => {
    const { client, release } = clientWithRelease();
    const scene = sceneOf(client, {
      limits: { queue: { ...queue, tiers: [2, 2, 2], perGroup: { running: 1, waiting: 3 } } },
    });
    const images = ['a.io/1', 'b.io/1', 'a.io/2', 'a.io/3', 'b.io/2', 'c.io/1'];
    const pending = images.map((image) => scene.lookUp(imageLookupOf(image)));
    await turn();
    release();
    await Promise.all(pending);
    expect(client.requests).toEqual(['a.io/1', 'b.io/1', 'a.io/2', 'b.io/2', 'a.io/3', 'c.io/1']);
  });

  test('is not sent if the registry has failed while it waited', async () => {
    const client = fakeClient(() => 'unreachable');
    const scene = sceneOf(client, {
      limits: { queue: { ...queue, tiers: [1, 1, 1], waiting: 50, perGroup: UNLIMITED } },
    });
    const pending = Array.from({ length: 30 }, (_, at) => scene.lookUp(imageLookupOf(`reg.io/web:${at}`)));
    expect((await Promise.all(pending)).every((fact) => fact.state === 'unknown')).toBe(true);
    expect(client.requests).toHaveLength(5);
  });

  test('is not sent for callers that gave up while they waited', async () => {
    const { client, release } = clientWithRelease();
    const scene = sceneOf(client, { limits: { queue: { ...queue, tiers: [1, 1, 1] } } });
    const early = new AbortController();
    const first = scene.lookUp(imageLookupOf('reg.io/web:1'));
    const second = scene.lookUp(imageLookupOf('reg.io/web:2'), early.signal);
    early.abort();
    await second;
    release();
    await first;
    await turn();
    expect(client.requests).toEqual(['reg.io/web:1']);
  });
});
