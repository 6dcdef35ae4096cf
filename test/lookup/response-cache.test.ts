/** What is remembered, for whom, for how long, and what is told while a registry is in trouble. */
import { describe, expect, test } from 'vitest';
import type { ImageLookup } from '../../src/admission/context.ts';
import type { RegistryCause } from '../../src/policy/registry-fact.ts';
import { createResponseCache } from '../../src/lookup/response-cache.ts';
import { type FoundManifest, RegistryError } from '../../src/registry/client.ts';
import { type Answer, CACHE, DIGEST, failed, fakeClient, MANIFEST, questionOf, sceneOf, shown } from './fake-client.ts';

const A = 'a:p@reg.io';
const STALE = { staleMs: 3_600_000 };

/** One answer after the other, the last one for good. */
function inTurn(...list: readonly Answer[]): () => Answer {
  let at = 0;
  return () => list[Math.min(at++, list.length - 1)] ?? 'found';
}

const manifest = (digit: string): FoundManifest => ({ ...MANIFEST, digest: `sha256:${digit.repeat(64)}` });

describe('the memory', () => {
  test.each([
    ['a tag', 'reg.io/web:1', 60_000],
    ['a digest', `reg.io/web@${DIGEST}`, 86_400_000],
    ['a digest with a tag', `reg.io/web:1@${DIGEST}`, 86_400_000],
    ['an image without tag and digest', 'reg.io/web', 60_000],
  ])('answers at once for %s, without a promise, until its time is over', async (_, image, ttlMs) => {
    const scene = sceneOf(fakeClient());
    const question = questionOf(image, [A]);
    await scene.ask(question);
    scene.clock.ms += ttlMs - 1;
    expect(await scene.sources.images.lookUp(question, AbortSignal.abort())).toMatchObject({ state: 'yes' });
    expect(scene.client.asked).toHaveLength(1);
    scene.clock.ms += 1;
    await scene.ask(question);
    expect(scene.client.asked).toHaveLength(2);
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
    const question = questionOf('reg.io/web:1', [A]);
    const before = shown(await scene.ask(question));
    scene.clock.ms += ttlMs - 1;
    expect(await scene.sources.images.lookUp(question, AbortSignal.abort())).toMatchObject({ failure: { cause } });
    expect(shown(await scene.ask(question))).toBe(before);
    expect(scene.client.asked).toHaveLength(1);
    scene.clock.ms += 1;
    await scene.ask(question);
    expect(scene.client.asked).toHaveLength(2);
  });

  test('waits as long as a rate limit asks to, for all images of that credential and of no other', async () => {
    const scene = sceneOf(
      fakeClient((_, user) => (user === 'a:p' ? failed('rateLimited', 'reg.io', 90_000) : 'found')),
    );
    await scene.ask(questionOf('reg.io/web:1', [A]));
    scene.clock.ms += 60_000;
    expect(shown(await scene.ask(questionOf('reg.io/other:1', [A])))).toBe(
      'unknown rateLimited: reg.io limits the request rate; next attempt in 30 s; tried with pull secret "s0", key "reg.io" (user a)',
    );
    expect(scene.client.asked).toEqual(['reg.io/web:1 a:p']);
    expect(shown(await scene.ask(questionOf('reg.io/web:1', ['b:p@reg.io'])))).toMatch(/^yes /);
    scene.clock.ms += 30_000;
    await scene.ask(questionOf('reg.io/other:1', [A]));
    expect(scene.client.asked).toContain('reg.io/other:1 a:p');
  });

  test.each<[string, readonly string[], readonly string[]]>([
    ['another user', [A], ['b:p@reg.io']],
    ['another password', [A], ['a:q@reg.io']],
    ['nobody', [A], []],
    ['somebody, when nobody was told', [], [A]],
  ])('tells %s nothing of what one credential was told', async (_, first, second) => {
    const scene = sceneOf(fakeClient());
    await scene.ask(questionOf('reg.io/private:1', first));
    scene.client.answer = () => 'unauthenticated';
    expect(shown(await scene.ask(questionOf('reg.io/private:1', second, STALE)))).toMatch(/^unknown unauthenticated/);
    expect(scene.client.asked).toHaveLength(2);
  });

  test('knows one credential again in another secret and under another key, and says how it was asked this time', async () => {
    const scene = sceneOf(fakeClient());
    await scene.ask(questionOf('reg.io/web:1', [A]));
    const again = await scene.ask(questionOf('reg.io/web:1', ['a:p@https://reg.io/v2/']));
    expect(shown(again)).toBe('yes pull secret "s0", key "https://reg.io/v2/" (user a)');
    expect(scene.client.asked).toHaveLength(1);
  });

  test('takes two users for two, although the same function gives their password', async () => {
    const scene = sceneOf(fakeClient());
    const question = questionOf('reg.io/web:1', [A]);
    await scene.ask(question);
    const candidates = question.candidates.map((candidate) => ({ ...candidate, username: 'b', secret: 'other' }));
    expect(shown(await scene.ask({ ...question, candidates }))).toBe('yes pull secret "other", key "reg.io" (user b)');
    expect(scene.client.asked).toEqual(['reg.io/web:1 a:p', 'reg.io/web:1 b:p']);
  });

  test.each([
    ['REG.io/web:1', 'reg.io/web:1', 1],
    ['reg.io:443/web:1', 'reg.io/web:1', 1],
    ['reg.io/web:1', 'reg.io/web:2', 2],
    ['reg.io/web', 'reg.io/web:latest', 1],
    ['reg.io:5000/web:1', 'reg.io/web:1', 2],
    [`reg.io/web:1@${DIGEST}`, `reg.io/web:2@${DIGEST}`, 1],
  ])('asks for %s and %s %d times', async (one, other, times) => {
    const scene = sceneOf(fakeClient());
    await scene.ask(questionOf(one));
    await scene.ask(questionOf(other));
    expect(scene.client.asked).toHaveLength(times);
  });

  test('tells the tag of an image apart from its digest', async () => {
    const scene = sceneOf(fakeClient());
    const image = `reg.io/web:1@${DIGEST}`;
    await scene.ask(questionOf(image));
    await scene.ask(questionOf(image, [], { by: 'tag' }));
    await scene.ask(questionOf('reg.io/web:1'));
    expect(scene.client.asked).toHaveLength(2);
  });

  test('of a flood of names keeps only as many as it may', async () => {
    const scene = sceneOf(fakeClient(), { settings: { ...CACHE, maxImages: 10 } });
    for (let at = 0; at < 30; at += 1) await scene.ask(questionOf(`reg.io/web:${at}`));
    await scene.ask(questionOf('reg.io/web:29'));
    expect(scene.client.asked).toHaveLength(30);
    await scene.ask(questionOf('reg.io/web:0'));
    expect(scene.client.asked).toHaveLength(31);
  });

  test('loses no good answer to a flood of names that do not exist', async () => {
    const scene = sceneOf(
      fakeClient(({ reference }) => (reference.path === 'web' ? 'found' : 'notFound')),
      {
        settings: { ...CACHE, maxImages: 10 },
      },
    );
    await scene.ask(questionOf('reg.io/web:1'));
    for (let at = 0; at < 50; at += 1) await scene.ask(questionOf(`reg.io/none:${at}`));
    scene.client.asked.length = 0;
    await scene.ask(questionOf('reg.io/web:1'));
    expect(scene.client.asked).toEqual([]);
  });
});

/** Somebody asks anew (a restart) while the answer that others use is fresh. */
describe('a refusal takes nothing from those who have a fresh answer', () => {
  const web = (extra: Partial<ImageLookup> = {}): ImageLookup => questionOf('reg.io/web:1', [A], extra);
  const REFUSALS = ['notFound', 'forbidden', 'unauthenticated'] as const;

  test.each(REFUSALS)('%s to a question that asks anew', async (cause) => {
    const scene = sceneOf(fakeClient(inTurn('found', cause)));
    await scene.ask(web());
    scene.clock.ms += 30_000;
    expect(await scene.ask(web({ refresh: true }))).toMatchObject({ failure: { cause } });
    expect(await scene.sources.images.lookUp(web(), AbortSignal.abort())).toMatchObject({ state: 'yes' });
    scene.clock.ms += 29_999;
    expect(await scene.ask(web())).toMatchObject({ state: 'yes' });
    expect(scene.client.asked).toHaveLength(2);
  });

  test.each(REFUSALS)('%s, and after it the answer is no last one for times of trouble', async (cause) => {
    const scene = sceneOf(fakeClient(inTurn('found', cause, 'dns')));
    await scene.ask(web());
    scene.clock.ms += 30_000;
    await scene.ask(web({ refresh: true }));
    scene.clock.ms += 30_000;
    expect(await scene.ask(web(STALE))).toMatchObject({ state: 'unknown', failure: { cause: 'dns' } });
  });

  test.each(REFUSALS)('%s to who asks anew, who is not told the old answer in trouble either', async (cause) => {
    const scene = sceneOf(fakeClient(inTurn('found', cause, 'dns')));
    await scene.ask(web());
    scene.clock.ms += 5000;
    await scene.ask(web({ refresh: true }));
    scene.clock.ms += 40_000;
    expect(await scene.ask(web({ refresh: true, ...STALE }))).toMatchObject({ state: 'unknown' });
    expect(await scene.ask(web())).toMatchObject({ state: 'yes' });
  });

  test('when a mirror has found it and the registry has not, or the other way round', async () => {
    const byMirror: FoundManifest = { ...MANIFEST, mirror: 'mirror.io' };
    const scene = sceneOf(fakeClient(inTurn(byMirror, 'notFound', byMirror)));
    await scene.ask(web());
    scene.clock.ms += 20_000;
    await scene.ask(web({ refresh: true }));
    expect(await scene.ask(web())).toMatchObject({ state: 'yes', value: { mirror: 'mirror.io' } });
    scene.clock.ms += 20_000;
    expect(await scene.ask(web({ refresh: true }))).toMatchObject({ state: 'yes' });
  });

  test('about its details', async () => {
    const scene = sceneOf(fakeClient(inTurn('found', 'notFound')));
    await scene.askDetails(web());
    scene.clock.ms += 30_000;
    expect(await scene.askDetails(web({ refresh: true }))).toMatchObject({ failure: { cause: 'notFound' } });
    expect(await scene.askDetails(web())).toMatchObject({ state: 'yes' });
  });

  test('of a digest, and of a tag that has got another digest since', async () => {
    const byDigest = questionOf(`reg.io/web@${DIGEST}`, [A]);
    const scene = sceneOf(fakeClient(inTurn('found', 'notFound', manifest('b'), 'notFound', manifest('c'))));
    await scene.ask(byDigest);
    scene.clock.ms += 3_600_000;
    await scene.ask({ ...byDigest, refresh: true });
    expect(await scene.ask(byDigest)).toMatchObject({ state: 'yes' });
    await scene.ask(web());
    scene.clock.ms += 20_000;
    await scene.ask(web({ refresh: true }));
    scene.clock.ms += 20_000;
    expect(await scene.ask(web({ refresh: true }))).toMatchObject({ value: { digest: manifest('c').digest } });
    expect(await scene.ask(web(STALE))).toMatchObject({ value: { digest: manifest('c').digest } });
  });
});

test('an older answer of another replica does not take the place of a refusal', () => {
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

describe('while a registry is in trouble', () => {
  const question = (extra: Partial<ImageLookup> = STALE): ImageLookup => questionOf('reg.io/web:1', [A], extra);

  test.each<RegistryCause>(['rateLimited', 'serverError', 'timeout', 'dns', 'tls', 'unreachable'])(
    'the last answer is told with its age after %s, where the policy allows it',
    async (cause) => {
      const scene = sceneOf(fakeClient(inTurn(manifest('b'), cause)));
      await scene.ask(question());
      scene.clock.ms += 600_000;
      expect(await scene.ask(question())).toMatchObject({
        state: 'yes',
        value: { digest: manifest('b').digest, stale: { ageMs: 600_000, failure: { cause } } },
      });
      // Also while the failure is remembered: then at once.
      expect(await scene.sources.images.lookUp(question(), AbortSignal.abort())).toMatchObject({ state: 'yes' });
      expect(await scene.ask(question({ staleMs: 0 }))).toMatchObject({ state: 'unknown', failure: { cause } });
      expect(await scene.ask(question({ staleMs: 599_999 }))).toMatchObject({ state: 'unknown', failure: { cause } });
    },
  );

  test.each<RegistryCause>(['notFound', 'forbidden', 'unauthenticated', 'protocol', 'blocked'])(
    'the last answer is not told after %s, which is no trouble',
    async (cause) => {
      const scene = sceneOf(fakeClient(inTurn('found', cause)));
      await scene.ask(question());
      scene.clock.ms += 600_000;
      expect(await scene.ask(question())).toMatchObject({ failure: { cause } });
    },
  );

  test.each<RegistryCause>(['notFound', 'forbidden', 'unauthenticated'])(
    'what was found before %s is not the last answer any more',
    async (cause) => {
      const scene = sceneOf(fakeClient(inTurn('found', cause, 'dns')));
      await scene.ask(question());
      scene.clock.ms += 600_000;
      await scene.ask(question());
      scene.clock.ms += 600_000;
      expect(await scene.ask(question())).toMatchObject({ state: 'unknown', failure: { cause: 'dns' } });
    },
  );

  test('the last answer of the second credential is told when the first one meets the trouble', async () => {
    const both = questionOf('reg.io/web:1', [A, 'b:p@reg.io'], STALE);
    const scene = sceneOf(fakeClient((_, user) => (user === 'b:p' ? 'found' : 'forbidden')));
    await scene.ask(both);
    scene.client.answer = () => 'unreachable';
    scene.clock.ms += 600_000;
    expect(shown(await scene.ask(both))).toBe(
      'yes pull secret "s1", key "reg.io" (user b) (600000 ms old: reg.io said unreachable; tried with pull secret "s0", key "reg.io" (user a))',
    );
  });

  test('no answer gets older than it may be at all', async () => {
    const scene = sceneOf(fakeClient(inTurn('found', 'dns')));
    await scene.ask(question());
    scene.clock.ms += CACHE.staleMaxMs;
    expect(await scene.ask(question({ staleMs: Infinity }))).toMatchObject({ state: 'unknown' });
  });

  test('details are never old ones: nothing in them could say so', async () => {
    const scene = sceneOf(fakeClient(inTurn('found', 'dns')));
    await scene.askDetails(question());
    scene.clock.ms += 600_000;
    expect(await scene.askDetails(question())).toMatchObject({ state: 'unknown', failure: { cause: 'dns' } });
  });

  test('a registry that failed five times in a row is not asked again for a while, whatever the image', async () => {
    const scene = sceneOf(fakeClient());
    await scene.ask(questionOf('reg.io/old:1'));
    scene.clock.ms += 600_000;
    scene.client.asked.length = 0;
    scene.client.answer = () => 'unreachable';
    for (let at = 0; at < 8; at += 1) await scene.ask(questionOf(`reg.io/web:${at}`));
    expect(scene.client.asked).toHaveLength(5);
    expect(shown(await scene.ask(questionOf('reg.io/web:9')))).toBe(
      'unknown unreachable: reg.io failed 5 times in a row and is skipped for 5 s; last error: reg.io said unreachable; tried anonymously',
    );
    const old = questionOf('reg.io/old:1', [], STALE);
    expect(shown(await scene.ask(old))).toMatch(/^yes anonymous \(600000 ms old: reg\.io failed 5 times in a row/);
    scene.client.answer = () => 'found';
    expect(shown(await scene.ask(questionOf('other.io/web:1')))).toBe('yes anonymous');
    scene.clock.ms += 5000;
    expect(shown(await scene.ask(questionOf('reg.io/web:9')))).toBe('yes anonymous');
  });
});

/** Secrets of several namespaces hold the same credential, and one answer is for all of them. */
describe('what a credential was refused is told in the name of the Secret that the requester has', () => {
  const first = questionOf('reg.io/web:1', [A]);
  const second = questionOf('reg.io/web:1', ['x:y@other.io', A]);
  const refuses = (cause: RegistryCause) =>
    fakeClient(({ credential }) => {
      const label = credential?.label ?? 'nobody';
      return new RegistryError({ cause, message: `${label} was refused`, remedy: `check ${label}` });
    });
  const told = async (fact: Promise<object> | object): Promise<string> => JSON.stringify(await fact);

  test.each<RegistryCause>(['forbidden', 'unauthenticated', 'notFound', 'rateLimited', 'serverError'])(
    'for %s, remembered and under way',
    async (cause) => {
      const scene = sceneOf(refuses(cause));
      for (const facts of [
        [await scene.ask(first), await scene.ask(second)],
        [await scene.ask(second), await scene.ask(first)].toReversed(),
        await Promise.all([scene.ask(first), scene.ask(second)]),
      ]) {
        const [ofFirst = '', ofSecond = ''] = await Promise.all(facts.map(told));
        expect([ofFirst.includes('s0'), ofFirst.includes('s1')]).toEqual([true, false]);
        expect([ofSecond.includes('s0'), ofSecond.includes('s1')]).toEqual([false, true]);
        expect(ofFirst + ofSecond).not.toContain('u0000');
        scene.clock.ms += 86_400_000;
      }
    },
  );

  // A Secret without a user name is nobody, and its label has the word in it that others use.
  test('for nobody, whose label is no part of what is told', async () => {
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
    const nobody = questionOf('reg.io/web:1');
    const empty = questionOf('reg.io/web:1', [':x@reg.io']);
    for (const question of [nobody, empty, nobody]) {
      const fact = await scene.ask(question);
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
])('a credential is named beside the cause %s: %s, as it was sent or not', async (cause, isNamed) => {
  const client = fakeClient(() => cause);
  for (const logins of [[A], []]) {
    const fact = await sceneOf(client).ask(questionOf('reg.io/web:1', logins));
    expect([logins, shown(fact).includes('tried ')]).toEqual([logins, isNamed]);
  }
});
