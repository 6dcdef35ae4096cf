/** Many who wait for one answer, each as long as it can; and more questions than can be asked. */
import { createLookups } from '../../src/admission/facts/lookups.ts';
import { describe, expect, test } from 'vitest';
import { kindTable } from '../../src/pod/kinds.ts';
import type { FoundManifest } from '../../src/registry/client.ts';
import { UNLIMITED } from '../../src/registry/fair-share.ts';
import { OWN_QUEUE_LIMITS } from '../../src/lookup/queue-tiers.ts';
import { failed, type FakeClient, fakeClient, MANIFEST, questionOf, sceneOf, shown } from './fake-client.ts';

interface Held {
  readonly client: FakeClient;
  readonly release: () => void;
}

/** Answers nobody until it is released. */
function heldClient(): Held {
  const { promise, resolve } = Promise.withResolvers<FoundManifest>();
  return { client: fakeClient(() => promise), release: () => resolve(MANIFEST) };
}

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

const LATE = 'unknown timeout: reg.io did not respond before the deadline';
const NODE = {
  label: 'node (user n)',
  secret: { kind: 'basic', username: 'n', password: () => 'p' },
} as const;

describe('who waits', () => {
  test('one thousand at the same time with 20 images among them ask 20 times', async () => {
    const { client, release } = heldClient();
    const scene = sceneOf(client);
    const asked = Array.from({ length: 1000 }, (_, at) =>
      scene.ask(questionOf(`reg.io/web:${at % 20}`, ['a:p@reg.io'])),
    );
    await turn();
    release();
    expect(new Set((await Promise.all(asked)).map(shown))).toEqual(
      new Set(['yes pull secret "s0", key "reg.io" (user a)']),
    );
    expect(client.asked).toHaveLength(20);
  });

  test('two credentials are two requests', async () => {
    const { client, release } = heldClient();
    const scene = sceneOf(client);
    const asked = ['a:p@reg.io', 'b:p@reg.io'].map((login) => scene.ask(questionOf('reg.io/web:1', [login])));
    release();
    await Promise.all(asked);
    expect(client.asked.sort()).toEqual(['reg.io/web:1 a:p', 'reg.io/web:1 b:p']);
  });

  test('whoever gives up ends it for nobody else, and the answer is remembered', async () => {
    const { client, release } = heldClient();
    const scene = sceneOf(client);
    const early = new AbortController();
    const question = questionOf('reg.io/web:1');
    const [first, second] = [scene.ask(question, early.signal), scene.ask(question)];
    early.abort();
    expect(shown(await first)).toBe(LATE);
    release();
    expect(shown(await second)).toBe('yes anonymous');
  });

  test('when all have given up the request goes on, and the next one has its answer at once', async () => {
    const { client, release } = heldClient();
    const scene = sceneOf(client);
    const early = new AbortController();
    const asked = scene.ask(questionOf('reg.io/web:1'), early.signal);
    early.abort();
    expect(shown(await asked)).toBe(LATE);
    release();
    await turn();
    expect(await scene.sources.images.lookUp(questionOf('reg.io/web:1'), AbortSignal.abort())).toMatchObject({
      state: 'yes',
    });
    expect(client.asked).toHaveLength(1);
  });

  test('whoever gives up does not try the next credential', async () => {
    const { promise, reject } = Promise.withResolvers<FoundManifest>();
    const client = fakeClient((_, user) => (user === 'a:p' ? promise : 'found'));
    const early = new AbortController();
    const asked = sceneOf(client).ask(questionOf('reg.io/web:1', ['a:p@reg.io', 'b:p@reg.io']), early.signal);
    early.abort();
    await asked;
    reject(failed('forbidden'));
    await turn();
    expect(client.asked).toEqual(['reg.io/web:1 a:p']);
  });

  test('at the end of the time the last answer is told, where the policy allows it', async () => {
    const { client } = heldClient();
    const scene = sceneOf(fakeClient());
    const question = questionOf('reg.io/web:1', [], { staleMs: 3_600_000 });
    await scene.ask(question);
    scene.clock.ms += 600_000;
    scene.client.answer = client.answer;
    const early = new AbortController();
    const asked = scene.ask(question, early.signal);
    early.abort();
    expect(shown(await asked)).toBe('yes anonymous (600000 ms old: reg.io did not respond before the deadline)');
  });

  test('a review gets the last answer in its time, too', async () => {
    const { client } = heldClient();
    const scene = sceneOf(fakeClient());
    const question = questionOf('reg.io/web:1', [], { staleMs: 3_600_000 });
    await scene.ask(question);
    scene.clock.ms += 600_000;
    scene.client.answer = client.answer;
    const review = new AbortController();
    const { images } = scene.sources;
    const asked = createLookups(
      'shop',
      { kinds: kindTable(), policies: [], world: { images }, abortGrace: turn },
      review.signal,
    ).registry('images', question);
    review.abort();
    expect(shown(await asked)).toMatch(/^yes anonymous \(600000 ms old/);
  });

  test('a node that does not say what it holds is waited for no longer than that either', async () => {
    const node = { credentialsFor: () => new Promise<never>(() => {}) };
    const early = new AbortController();
    const asked = sceneOf(fakeClient(), { node }).ask(questionOf('reg.io/web:1'), early.signal);
    early.abort();
    expect(shown(await asked)).toBe(LATE);
  });

  test('a node that takes its time is waited for', async () => {
    const node = { credentialsFor: async () => turn().then(() => ({ credentials: [NODE], problems: [] })) };
    const fact = await sceneOf(fakeClient(), { node }).ask(questionOf('reg.io/web:1'));
    expect(shown(fact)).toBe('yes node (user n)');
  });

  test('a request has its own limit, also with a client that does not listen', async () => {
    const { client } = heldClient();
    const fact = await sceneOf(client, { limits: { requestMs: 20 } }).ask(questionOf('reg.io/web:1'));
    expect(shown(fact)).toBe('unknown timeout: reg.io did not respond in time; tried anonymously');
  });
});

describe('a flood of names', () => {
  const queue = { ...OWN_QUEUE_LIMITS, tiers: [4, 4, 4], waiting: 6, perGroup: { running: 2, waiting: 3 } };

  test('is answered at once where there is no room, and takes no place of another registry', async () => {
    const { client, release } = heldClient();
    const scene = sceneOf(client, { limits: { queue } });
    const flood = Array.from({ length: 50 }, (_, at) => scene.ask(questionOf(`evil.io/web:${at}`)));
    const other = scene.ask(questionOf('reg.io/web:1'));
    await turn();
    expect(client.asked).toEqual(['evil.io/web:0', 'evil.io/web:1', 'reg.io/web:1']);
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
    // Who was turned away may ask again.
    expect(shown(await scene.ask(questionOf('evil.io/web:49')))).toBe('yes anonymous');
  });

  test('is served in the order in which it came, and nobody waits for a registry of others', async () => {
    const { client, release } = heldClient();
    const scene = sceneOf(client, {
      limits: { queue: { ...queue, tiers: [2, 2, 2], perGroup: { running: 1, waiting: 3 } } },
    });
    const images = ['a.io/1', 'b.io/1', 'a.io/2', 'a.io/3', 'b.io/2', 'c.io/1'];
    const asked = images.map((image) => scene.ask(questionOf(image)));
    await turn();
    release();
    await Promise.all(asked);
    expect(client.asked).toEqual(['a.io/1', 'b.io/1', 'a.io/2', 'b.io/2', 'a.io/3', 'c.io/1']);
  });

  test('that waits for a registry is not asked for when the registry has failed meanwhile', async () => {
    const client = fakeClient(() => 'unreachable');
    const scene = sceneOf(client, {
      limits: { queue: { ...queue, tiers: [1, 1, 1], waiting: 50, perGroup: UNLIMITED } },
    });
    const asked = Array.from({ length: 30 }, (_, at) => scene.ask(questionOf(`reg.io/web:${at}`)));
    expect((await Promise.all(asked)).every((fact) => fact.state === 'unknown')).toBe(true);
    expect(client.asked).toHaveLength(5);
  });

  test('who has given up while waiting for a place is not asked for', async () => {
    const { client, release } = heldClient();
    const scene = sceneOf(client, { limits: { queue: { ...queue, tiers: [1, 1, 1] } } });
    const early = new AbortController();
    const first = scene.ask(questionOf('reg.io/web:1'));
    const second = scene.ask(questionOf('reg.io/web:2'), early.signal);
    early.abort();
    await second;
    release();
    await first;
    await turn();
    expect(client.asked).toEqual(['reg.io/web:1']);
  });
});
