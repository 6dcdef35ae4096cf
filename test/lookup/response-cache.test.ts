/** The lifetimes and owners of cached responses, and stale responses during an outage. */
import { describe, expect, test } from 'vitest';
import type { ImageLookup } from '../../src/admission/context.ts';
import type { RegistryCause } from '../../src/policy/registry-fact.ts';
import { createResponseCache } from '../../src/lookup/response-cache.ts';
import { type FoundManifest, RegistryError } from '../../src/registry/client.ts';
import {
  type FakeResponse,
  CACHE,
  DIGEST,
  failed,
  fakeClient,
  MANIFEST,
  imageLookupOf,
  sceneOf,
  shown,
} from './fake-client.ts';

const A = 'a:p@reg.io';
const STALE = { staleMs: 3_600_000 };

/** Returns one response after the other, then always the last one. */
function inTurn(...list: readonly FakeResponse[]): () => FakeResponse {
  let at = 0;
  return () => list[Math.min(at++, list.length - 1)] ?? 'found';
}

const manifest = (digit: string): FoundManifest => ({ ...MANIFEST, digest: `sha256:${digit.repeat(64)}` });

describe('the response cache', () => {
  test.each([
    ['a tag', 'reg.io/web:1', 60_000],
    ['a digest', `reg.io/web@${DIGEST}`, 86_400_000],
    ['a digest with a tag', `reg.io/web:1@${DIGEST}`, 86_400_000],
    ['an image without tag and digest', 'reg.io/web', 60_000],
  ])('returns %s synchronously until it expires', async (_, image, ttlMs) => {
    const scene = sceneOf(fakeClient());
    const lookup = imageLookupOf(image, [A]);
    await scene.lookUp(lookup);
    scene.clock.ms += ttlMs - 1;
    expect(await scene.sources.images.lookUp(lookup, AbortSignal.abort())).toMatchObject({ state: 'yes' });
    expect(scene.client.requests).toHaveLength(1);
    scene.clock.ms += 1;
    await scene.lookUp(lookup);
    expect(scene.client.requests).toHaveLength(2);
  });

  test.each<[RegistryCause, number]>([
    ['notFound', 10_000],
    ['forbidden', 30_000],
    ['unauthenticated', 30_000],
    ['serverError', 3000],
    ['timeout', 3000],
    ['dns', 3000],
    ['tls', 3000],
    ['unreachable', 3000],
    ['blocked', 5000],
    ['protocol', 5000],
  ])('keeps %s for %d ms', async (cause, ttlMs) => {
    const scene = sceneOf(fakeClient(() => cause));
    const lookup = imageLookupOf('reg.io/web:1', [A]);
    const before = shown(await scene.lookUp(lookup));
    scene.clock.ms += ttlMs - 1;
    expect(await scene.sources.images.lookUp(lookup, AbortSignal.abort())).toMatchObject({ failure: { cause } });
    expect(shown(await scene.lookUp(lookup))).toBe(before);
    expect(scene.client.requests).toHaveLength(1);
    scene.clock.ms += 1;
    await scene.lookUp(lookup);
    expect(scene.client.requests).toHaveLength(2);
  });

  test('keeps a rate limit for all images of one credential and of no other', async () => {
    const scene = sceneOf(
      fakeClient((_, user) => (user === 'a:p' ? failed('rateLimited', 'reg.io', 90_000) : 'found')),
    );
    await scene.lookUp(imageLookupOf('reg.io/web:1', [A]));
    scene.clock.ms += 60_000;
    expect(shown(await scene.lookUp(imageLookupOf('reg.io/other:1', [A])))).toBe(
      'unknown rateLimited: reg.io limits the request rate; next attempt in 30 s; tried with pull secret "s0", key "reg.io" (user a)',
    );
    expect(scene.client.requests).toEqual(['reg.io/web:1 a:p']);
    expect(shown(await scene.lookUp(imageLookupOf('reg.io/web:1', ['b:p@reg.io'])))).toMatch(/^yes /);
    scene.clock.ms += 30_000;
    await scene.lookUp(imageLookupOf('reg.io/other:1', [A]));
    expect(scene.client.requests).toContain('reg.io/other:1 a:p');
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ['another user', [A], ['b:p@reg.io']],
    ['another password', [A], ['a:q@reg.io']],
    ['an anonymous caller', [A], []],
    ['a credential, after an anonymous lookup', [], [A]],
  ])('does not serve %s the response to another credential', async (_, first, second) => {
    const scene = sceneOf(fakeClient());
    await scene.lookUp(imageLookupOf('reg.io/private:1', first));
    scene.client.answer = () => 'unauthenticated';
    expect(shown(await scene.lookUp(imageLookupOf('reg.io/private:1', second, STALE)))).toMatch(
      /^unknown unauthenticated/,
    );
    expect(scene.client.requests).toHaveLength(2);
  });

  test('serves one credential in another Secret and under another key, with its own label', async () => {
    const scene = sceneOf(fakeClient());
    await scene.lookUp(imageLookupOf('reg.io/web:1', [A]));
    const again = await scene.lookUp(imageLookupOf('reg.io/web:1', ['a:p@https://reg.io/v2/']));
    expect(shown(again)).toBe('yes pull secret "s0", key "https://reg.io/v2/" (user a)');
    expect(scene.client.requests).toHaveLength(1);
  });

  test('separates two users whose password comes from the same function', async () => {
    const scene = sceneOf(fakeClient());
    const lookup = imageLookupOf('reg.io/web:1', [A]);
    await scene.lookUp(lookup);
    const candidates = lookup.candidates.map((candidate) => ({ ...candidate, username: 'b', secret: 'other' }));
    expect(shown(await scene.lookUp({ ...lookup, candidates }))).toBe('yes pull secret "other", key "reg.io" (user b)');
    expect(scene.client.requests).toEqual(['reg.io/web:1 a:p', 'reg.io/web:1 b:p']);
  });

  test.each([
    ['REG.io/web:1', 'reg.io/web:1', 1],
    ['reg.io:443/web:1', 'reg.io/web:1', 1],
    ['reg.io/web:1', 'reg.io/web:2', 2],
    ['reg.io/web', 'reg.io/web:latest', 1],
    ['reg.io:5000/web:1', 'reg.io/web:1', 2],
    [`reg.io/web:1@${DIGEST}`, `reg.io/web:2@${DIGEST}`, 1],
  ])('needs for %s and %s %d requests', async (one, other, times) => {
    const scene = sceneOf(fakeClient());
    await scene.lookUp(imageLookupOf(one));
    await scene.lookUp(imageLookupOf(other));
    expect(scene.client.requests).toHaveLength(times);
  });

  test('separates the tag of an image from its digest', async () => {
    const scene = sceneOf(fakeClient());
    const image = `reg.io/web:1@${DIGEST}`;
    await scene.lookUp(imageLookupOf(image));
    await scene.lookUp(imageLookupOf(image, [], { by: 'tag' }));
    await scene.lookUp(imageLookupOf('reg.io/web:1'));
    expect(scene.client.requests).toHaveLength(2);
  });

  test('keeps only a limited number of names', async () => {
    const scene = sceneOf(fakeClient(), { settings: { ...CACHE, maxImages: 10 } });
    for (let at = 0; at < 30; at += 1) await scene.lookUp(imageLookupOf(`reg.io/web:${at}`));
    await scene.lookUp(imageLookupOf('reg.io/web:29'));
    expect(scene.client.requests).toHaveLength(30);
    await scene.lookUp(imageLookupOf('reg.io/web:0'));
    expect(scene.client.requests).toHaveLength(31);
  });

  test('keeps images whatever number of names does not exist', async () => {
    const scene = sceneOf(
      fakeClient(({ reference }) => (reference.path === 'web' ? 'found' : 'notFound')),
      {
        settings: { ...CACHE, maxImages: 10 },
      },
    );
    await scene.lookUp(imageLookupOf('reg.io/web:1'));
    for (let at = 0; at < 50; at += 1) await scene.lookUp(imageLookupOf(`reg.io/none:${at}`));
    scene.client.requests.length = 0;
    await scene.lookUp(imageLookupOf('reg.io/web:1'));
    expect(scene.client.requests).toEqual([]);
  });
});

/** A caller refreshes (a restart) while other callers use the fresh response. */
describe('a rejection removes no fresh response of other callers', () => {
  const web = (extra: Partial<ImageLookup> = {}): ImageLookup => imageLookupOf('reg.io/web:1', [A], extra);
  const REFUSALS = ['notFound', 'forbidden', 'unauthenticated'] as const;

  test.each(REFUSALS)('%s to a refresh', async (cause) => {
    const scene = sceneOf(fakeClient(inTurn('found', cause)));
    await scene.lookUp(web());
    scene.clock.ms += 30_000;
    expect(await scene.lookUp(web({ refresh: true }))).toMatchObject({ failure: { cause } });
    expect(await scene.sources.images.lookUp(web(), AbortSignal.abort())).toMatchObject({ state: 'yes' });
    scene.clock.ms += 29_999;
    expect(await scene.lookUp(web())).toMatchObject({ state: 'yes' });
    expect(scene.client.requests).toHaveLength(2);
  });

  test.each(REFUSALS)('%s, but the response is not used in an outage', async (cause) => {
    const scene = sceneOf(fakeClient(inTurn('found', cause, 'dns')));
    await scene.lookUp(web());
    scene.clock.ms += 30_000;
    await scene.lookUp(web({ refresh: true }));
    scene.clock.ms += 30_000;
    expect(await scene.lookUp(web(STALE))).toMatchObject({ state: 'unknown', failure: { cause: 'dns' } });
  });

  test.each(REFUSALS)('%s to a refresh, which gets no stale response in an outage either', async (cause) => {
    const scene = sceneOf(fakeClient(inTurn('found', cause, 'dns')));
    await scene.lookUp(web());
    scene.clock.ms += 5000;
    await scene.lookUp(web({ refresh: true }));
    scene.clock.ms += 40_000;
    expect(await scene.lookUp(web({ refresh: true, ...STALE }))).toMatchObject({ state: 'unknown' });
    expect(await scene.lookUp(web())).toMatchObject({ state: 'yes' });
  });

  test('if only the mirror has the image, or only the registry', async () => {
    const byMirror: FoundManifest = { ...MANIFEST, mirror: 'mirror.io' };
    const scene = sceneOf(fakeClient(inTurn(byMirror, 'notFound', byMirror)));
    await scene.lookUp(web());
    scene.clock.ms += 20_000;
    await scene.lookUp(web({ refresh: true }));
    expect(await scene.lookUp(web())).toMatchObject({ state: 'yes', value: { mirror: 'mirror.io' } });
    scene.clock.ms += 20_000;
    expect(await scene.lookUp(web({ refresh: true }))).toMatchObject({ state: 'yes' });
  });

  test('for details', async () => {
    const scene = sceneOf(fakeClient(inTurn('found', 'notFound')));
    await scene.lookUpDetails(web());
    scene.clock.ms += 30_000;
    expect(await scene.lookUpDetails(web({ refresh: true }))).toMatchObject({ failure: { cause: 'notFound' } });
    expect(await scene.lookUpDetails(web())).toMatchObject({ state: 'yes' });
  });

  test('for a digest, and for a tag that has moved', async () => {
    const byDigest = imageLookupOf(`reg.io/web@${DIGEST}`, [A]);
    const scene = sceneOf(fakeClient(inTurn('found', 'notFound', manifest('b'), 'notFound', manifest('c'))));
    await scene.lookUp(byDigest);
    scene.clock.ms += 3_600_000;
    await scene.lookUp({ ...byDigest, refresh: true });
    expect(await scene.lookUp(byDigest)).toMatchObject({ state: 'yes' });
    await scene.lookUp(web());
    scene.clock.ms += 20_000;
    await scene.lookUp(web({ refresh: true }));
    scene.clock.ms += 20_000;
    expect(await scene.lookUp(web({ refresh: true }))).toMatchObject({ value: { digest: manifest('c').digest } });
    expect(await scene.lookUp(web(STALE))).toMatchObject({ value: { digest: manifest('c').digest } });
  });
});

test('an older response from another replica does not replace a rejection', () => {
  const clock = { ms: 100_000 };
  const cache = createResponseCache<FoundManifest>(CACHE, () => clock.ms);
  const found = (atMs: number) => ({ value: MANIFEST, atMs, freshUntilMs: atMs + 60_000 });
  cache.set('x', found(90_000));
  cache.setFailure('x', failed('notFound').failure);
  cache.set('x', found(80_000));
  expect(cache.failure('x')).toMatchObject({ cause: 'notFound' });
  expect(cache.stale('x', Infinity)).toBeUndefined();
  expect(cache.fresh('x')).toEqual(found(90_000));
});

describe('during an outage', () => {
  const lookup = (extra: Partial<ImageLookup> = STALE): ImageLookup => imageLookupOf('reg.io/web:1', [A], extra);

  test.each<RegistryCause>(['rateLimited', 'serverError', 'timeout', 'dns', 'tls', 'unreachable'])(
    'the stale response has its age after %s if the policy allows it',
    async (cause) => {
      const scene = sceneOf(fakeClient(inTurn(manifest('b'), cause)));
      await scene.lookUp(lookup());
      scene.clock.ms += 600_000;
      expect(await scene.lookUp(lookup())).toMatchObject({
        state: 'yes',
        value: { digest: manifest('b').digest, stale: { ageMs: 600_000, failure: { cause } } },
      });
      // The same while the failure is cached.
      expect(await scene.sources.images.lookUp(lookup(), AbortSignal.abort())).toMatchObject({ state: 'yes' });
      expect(await scene.lookUp(lookup({ staleMs: 0 }))).toMatchObject({ state: 'unknown', failure: { cause } });
      expect(await scene.lookUp(lookup({ staleMs: 599_999 }))).toMatchObject({
        state: 'unknown',
        failure: { cause },
      });
    },
  );

  test.each<RegistryCause>(['notFound', 'forbidden', 'unauthenticated', 'protocol', 'blocked'])(
    'no stale response is used after %s, which is not an outage',
    async (cause) => {
      const scene = sceneOf(fakeClient(inTurn('found', cause)));
      await scene.lookUp(lookup());
      scene.clock.ms += 600_000;
      expect(await scene.lookUp(lookup())).toMatchObject({ failure: { cause } });
    },
  );

  test.each<RegistryCause>(['notFound', 'forbidden', 'unauthenticated'])(
    'a response from before %s is not used as stale',
    async (cause) => {
      const scene = sceneOf(fakeClient(inTurn('found', cause, 'dns')));
      await scene.lookUp(lookup());
      scene.clock.ms += 600_000;
      await scene.lookUp(lookup());
      scene.clock.ms += 600_000;
      expect(await scene.lookUp(lookup())).toMatchObject({ state: 'unknown', failure: { cause: 'dns' } });
    },
  );

  test('the stale response of the second credential is used if the first one gets the error', async () => {
    const both = imageLookupOf('reg.io/web:1', [A, 'b:p@reg.io'], STALE);
    const scene = sceneOf(fakeClient((_, user) => (user === 'b:p' ? 'found' : 'forbidden')));
    await scene.lookUp(both);
    scene.client.answer = () => 'unreachable';
    scene.clock.ms += 600_000;
    expect(shown(await scene.lookUp(both))).toBe(
      'yes pull secret "s1", key "reg.io" (user b) (600000 ms old: reg.io said unreachable; tried with pull secret "s0", key "reg.io" (user a))',
    );
  });

  test('no response is older than the limit', async () => {
    const scene = sceneOf(fakeClient(inTurn('found', 'dns')));
    await scene.lookUp(lookup());
    scene.clock.ms += CACHE.staleMaxMs;
    expect(await scene.lookUp(lookup({ staleMs: Infinity }))).toMatchObject({ state: 'unknown' });
  });

  test('details are never stale, because they have no age', async () => {
    const scene = sceneOf(fakeClient(inTurn('found', 'dns')));
    await scene.lookUpDetails(lookup());
    scene.clock.ms += 600_000;
    expect(await scene.lookUpDetails(lookup())).toMatchObject({ state: 'unknown', failure: { cause: 'dns' } });
  });

  test('a registry that failed five times in a row is skipped for a while for all images', async () => {
    const scene = sceneOf(fakeClient());
    await scene.lookUp(imageLookupOf('reg.io/old:1'));
    scene.clock.ms += 600_000;
    scene.client.requests.length = 0;
    scene.client.answer = () => 'unreachable';
    for (let at = 0; at < 8; at += 1) await scene.lookUp(imageLookupOf(`reg.io/web:${at}`));
    expect(scene.client.requests).toHaveLength(5);
    expect(shown(await scene.lookUp(imageLookupOf('reg.io/web:9')))).toBe(
      'unknown unreachable: reg.io failed 5 times in a row and is skipped for 5 s; last error: reg.io said unreachable; tried anonymously',
    );
    const old = imageLookupOf('reg.io/old:1', [], STALE);
    expect(shown(await scene.lookUp(old))).toMatch(/^yes anonymous \(600000 ms old: reg\.io failed 5 times in a row/);
    scene.client.answer = () => 'found';
    expect(shown(await scene.lookUp(imageLookupOf('other.io/web:1')))).toBe('yes anonymous');
    scene.clock.ms += 5000;
    expect(shown(await scene.lookUp(imageLookupOf('reg.io/web:9')))).toBe('yes anonymous');
  });
});

/** Secrets of several namespaces contain the same credential, and share one response. */
describe('a failure names the Secret of its requester', () => {
  const first = imageLookupOf('reg.io/web:1', [A]);
  const second = imageLookupOf('reg.io/web:1', ['x:y@other.io', A]);
  const refuses = (cause: RegistryCause) =>
    fakeClient(({ credential }) => {
      const label = credential?.label ?? 'nobody';
      return new RegistryError({ cause, message: `${label} was refused`, remedy: `check ${label}` });
    });
  const textOf = async (fact: Promise<object> | object): Promise<string> => JSON.stringify(await fact);

  test.each<RegistryCause>(['forbidden', 'unauthenticated', 'notFound', 'rateLimited', 'serverError'])(
    'after %s, cached and in progress',
    async (cause) => {
      const scene = sceneOf(refuses(cause));
      for (const facts of [
        [await scene.lookUp(first), await scene.lookUp(second)],
        [await scene.lookUp(second), await scene.lookUp(first)].toReversed(),
        await Promise.all([scene.lookUp(first), scene.lookUp(second)]),
      ]) {
        const [ofFirst = '', ofSecond = ''] = await Promise.all(facts.map(textOf));
        expect([ofFirst.includes('s0'), ofFirst.includes('s1')]).toEqual([true, false]);
        expect([ofSecond.includes('s0'), ofSecond.includes('s1')]).toEqual([false, true]);
        expect(ofFirst + ofSecond).not.toContain('u0000');
        scene.clock.ms += 86_400_000;
      }
    },
  );

  // A Secret without a user name means anonymous, and its label contains that word.
  test('anonymously, without a label', async () => {
    const scene = sceneOf(
      fakeClient(
        () =>
          new RegistryError({
            cause: 'rateLimited',
            message: 'anonymous.io said 429',
            remedy: 'anonymous pulls count',
          }),
      ),
    );
    const anonymous = imageLookupOf('reg.io/web:1');
    const empty = imageLookupOf('reg.io/web:1', [':x@reg.io']);
    for (const lookup of [anonymous, empty, anonymous]) {
      const fact = await scene.lookUp(lookup);
      if (fact.state !== 'unknown') throw new Error(fact.state);
      expect(fact.failure.message).toMatch(/^(anonymous\.io said 429|reg\.io limits the request rate)/);
      expect(fact.failure.remedy).toBe('anonymous pulls count');
    }
  });
});

test.each<[RegistryCause, boolean]>([
  ['dns', false],
  ['tls', false],
  ['blocked', false],
  ['tooMany', false],
  ['forbidden', true],
  ['serverError', true],
])('a message with the cause %s names the credential: %s', async (cause, isNamed) => {
  const client = fakeClient(() => cause);
  for (const logins of [[A], []]) {
    const fact = await sceneOf(client).lookUp(imageLookupOf('reg.io/web:1', logins));
    expect([logins, shown(fact).includes('tried ')]).toEqual([logins, isNamed]);
  }
});
