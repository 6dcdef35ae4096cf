/** Places are shared by namespace and by review: endless names of images and registries delay no other namespace. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Requester } from '../../src/admission/context.ts';
import { createFairQueue, type Place } from '../../src/registry/fair-queue.ts';
import { type Bid, type QueueLimits, UNLIMITED } from '../../src/registry/fair-share.ts';
import { QUEUE_LIMITS } from '../../src/lookup/queue-tiers.ts';
import { failed, type FakeClient, fakeClient, imageLookupOf, sceneOf, shown } from '../lookup/fake-client.ts';

/** Small, and without eviction. */
const SMALL: QueueLimits = {
  tiers: [8, 6, 4],
  waiting: 100,
  perTenant: { running: 3, waiting: 10 },
  perReview: { running: 2, waiting: 6 },
  perGroup: UNLIMITED,
  patienceMs: 3_600_000,
};
const QUICK = { ...SMALL, patienceMs: 20 };

const turn = (): Promise<void> => new Promise((resolve) => void setImmediate(resolve));

/** Never responds for hosts of `evil.io`, and records its requests. */
function worldOf(isNamed: (domain: string) => boolean = () => false): FakeClient {
  const hangs = new Promise<never>(() => {});
  const client = fakeClient(({ reference: { domain } }, _user, signal) => {
    if (!domain.endsWith('evil.io')) return 'found';
    return Promise.race([hangs, ended(signal)]);
  });
  return Object.assign(client, { isNamed: ({ domain }: { readonly domain: string }) => isNamed(domain) });
}

function ended(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => {
    signal.addEventListener('abort', () => reject(failed('timeout')), { once: true });
  });
}

const requester = (namespace: string): Requester => ({ namespace });

interface Flood {
  readonly namespaces: number;
  readonly reviews: number;
  readonly images: number;
}

/** Any number of dry-run Pods, whose registries never respond. */
function flood(scene: ReturnType<typeof sceneOf>, { namespaces, reviews, images }: Flood): void {
  for (let space = 0; space < namespaces; space += 1) {
    for (let review = 0; review < reviews; review += 1) {
      const who = requester(`evil-${space}`);
      for (let at = 0; at < images; at += 1) {
        void scene.lookUp(imageLookupOf(`h${space}-${review}-${at}.evil.io/x:1`, [], { requester: who }));
      }
    }
  }
}

describe('a namespace with a healthy registry is not delayed by', () => {
  test.each<[string, Flood]>([
    ['one Pod with a hundred images of hosts that hang', { namespaces: 1, reviews: 1, images: 100 }],
    ['six of them', { namespaces: 1, reviews: 6, images: 100 }],
    ['six of them from six namespaces', { namespaces: 6, reviews: 1, images: 100 }],
    ['forty namespaces with three each', { namespaces: 40, reviews: 3, images: 50 }],
    ['a hundred reviews with one image each', { namespaces: 1, reviews: 100, images: 1 }],
  ])('%s, if the configuration names the registry', async (_what, attack) => {
    const scene = sceneOf(
      worldOf((domain) => domain === 'reg.io'),
      { limits: { queue: QUEUE_LIMITS } },
    );
    flood(scene, attack);
    await turn();
    const pending = scene.lookUp(imageLookupOf('reg.io/web:1', [], { requester: requester('shop') }));
    await turn();
    expect(scene.client.requests).toContain('reg.io/web:1');
    expect(shown(await pending)).toBe('yes anonymous');
  });

  test.each<[string, Flood]>([
    ['one namespace', { namespaces: 1, reviews: 6, images: 100 }],
    ['forty namespaces', { namespaces: 40, reviews: 3, images: 50 }],
  ])('a flood of %s, if the registry has responded before', async (_what, attack) => {
    const scene = sceneOf(worldOf(), { limits: { queue: QUEUE_LIMITS } });
    await scene.lookUp(imageLookupOf('reg.io/web:0', [], { requester: requester('other') }));
    flood(scene, attack);
    await turn();
    const pending = scene.lookUp(imageLookupOf('reg.io/web:1', [], { requester: requester('shop') }));
    await turn();
    expect(scene.client.requests).toContain('reg.io/web:1');
    expect(shown(await pending)).toBe('yes anonymous');
  });

  test('a flood of one namespace, if the registry is unknown', async () => {
    const scene = sceneOf(worldOf(), { limits: { queue: QUEUE_LIMITS } });
    flood(scene, { namespaces: 1, reviews: 6, images: 100 });
    await turn();
    expect(shown(await scene.lookUp(imageLookupOf('reg.io/web:1', [], { requester: requester('shop') })))).toBe(
      'yes anonymous',
    );
  });

  test.each<[string, boolean]>([
    ['to unknown registries', false],
    ['to registries that have responded once', true],
  ])('a flood of many namespaces %s: slow requests give back their places', async (_what, isKnown) => {
    const client = worldOf();
    const scene = sceneOf(client, { limits: { queue: QUICK } });
    if (isKnown) {
      const { answer } = client;
      client.answer = () => 'found';
      for (let at = 0; at < 30; at += 1) {
        await scene.lookUp(imageLookupOf(`h${at}-0-0.evil.io/y:1`, [], { requester: requester(`evil-${at}`) }));
      }
      client.answer = answer;
    }
    // More namespaces than places.
    flood(scene, { namespaces: 30, reviews: 1, images: 3 });
    await turn();
    expect(shown(await scene.lookUp(imageLookupOf('reg.io/web:1', [], { requester: requester('shop') })))).toBe(
      'yes anonymous',
    );
  });
});

describe('a namespace that shares an image with another one', () => {
  test('does not wait in the line of the other, which came first', async () => {
    const scene = sceneOf(worldOf(), { limits: { queue: SMALL } });
    const evil = requester('evil-0');
    for (let at = 0; at < 6; at += 1) void scene.lookUp(imageLookupOf(`h${at}.evil.io/x:1`, [], { requester: evil }));
    const first = scene.lookUp(imageLookupOf('reg.io/web:1', [], { requester: evil }));
    await turn();
    expect(scene.client.requests).not.toContain('reg.io/web:1');
    const second = scene.lookUp(imageLookupOf('reg.io/web:1', [], { requester: requester('shop') }));
    expect([shown(await first), shown(await second)]).toEqual(['yes anonymous', 'yes anonymous']);
  });

  test('gets its response if the other gives up', async () => {
    const { promise, resolve } = Promise.withResolvers<'found'>();
    const client = fakeClient(() =>
      promise.then(() => ({ digest: `sha256:${'a'.repeat(64)}`, mediaType: 'm', mirror: undefined })),
    );
    const scene = sceneOf(client, { limits: { queue: SMALL } });
    const early = new AbortController();
    void scene.lookUp(imageLookupOf('reg.io/web:1', [], { requester: requester('evil') }), early.signal);
    const other = scene.lookUp(imageLookupOf('reg.io/web:1', [], { requester: requester('shop') }));
    early.abort();
    resolve('found');
    expect(shown(await other)).toBe('yes anonymous');
    expect(client.requests).toHaveLength(1);
  });

  test('is not rejected because the other has no more room to wait', async () => {
    const scene = sceneOf(worldOf(), { limits: { queue: { ...SMALL, perReview: { running: 1, waiting: 0 } } } });
    const evil = requester('evil');
    void scene.lookUp(imageLookupOf('h.evil.io/x:1', [], { requester: evil }));
    void scene.lookUp(imageLookupOf('reg.io/web:1', [], { requester: evil }));
    expect(shown(await scene.lookUp(imageLookupOf('reg.io/web:1', [], { requester: requester('shop') })))).toBe(
      'yes anonymous',
    );
  });

  test.each(['tooMany', 'timeout'] as const)(
    'sends its own request if the other, which came first, gets %s',
    async (cause) => {
      const response = Promise.withResolvers<never>();
      const client = fakeClient(() => (client.requests.length === 1 ? response.promise : 'found'));
      const scene = sceneOf(client, { limits: { queue: SMALL } });
      const [first, second] = ['evil', 'shop'].map((one) =>
        scene.lookUp(imageLookupOf('reg.io/web:1', [], { requester: requester(one) })),
      );
      await turn();
      response.reject(failed(cause));
      const both = (await Promise.all([first, second])).map((fact) => fact && shown(fact));
      const failure = `unknown ${cause}: reg.io said ${cause}`;
      expect(both).toEqual(
        cause === 'tooMany' ? [failure, 'yes anonymous'] : Array(2).fill(`${failure}; tried anonymously`),
      );
    },
  );

  test('does not skip a registry that failed for the other', async () => {
    const client = fakeClient(({ reference: { path } }) => (path === 'web' ? 'found' : 'serverError'));
    const scene = sceneOf(client);
    for (let at = 0; at < 20; at += 1)
      await scene.lookUp(imageLookupOf(`reg.io/x${at}:1`, [], { requester: requester('evil') }));
    expect(shown(await scene.lookUp(imageLookupOf('reg.io/web:1', [], { requester: requester('shop') })))).toBe(
      'yes anonymous',
    );
  });
});

describe('lookups of other namespaces displace', () => {
  const settings = { tagTtlMs: 60_000, digestTtlMs: 60_000, staleMaxMs: 600_000, maxImages: 40 };
  test.each<[string, FakeClient['answer']]>([
    ['no response, with images that exist', () => 'found'],
    [
      'no response, with images that do not exist',
      ({ reference: { domain } }) => (domain === 'reg.io' ? 'found' : 'notFound'),
    ],
    [
      'no answer, with registries that fail',
      ({ reference: { domain } }) => (domain === 'reg.io' ? 'found' : 'serverError'),
    ],
  ])('%s', async (_what, answer) => {
    const client = fakeClient(answer);
    const scene = sceneOf(client, { settings });
    const ours = Array.from({ length: 5 }, (_, at) =>
      imageLookupOf(`reg.io/web:${at}`, [], { requester: requester('shop') }),
    );
    for (const question of ours) await scene.lookUp(question);
    for (let at = 0; at < 200; at += 1)
      await scene.lookUp(imageLookupOf(`h${at}.io/x:1`, [], { requester: requester(`evil-${at % 4}`) }));
    client.requests.length = 0;
    for (const question of ours) await scene.lookUp(question);
    expect(client.requests).toEqual([]);
  });
});

test('an evicted lookup says so, and is not an outage of the registry', async () => {
  const scene = sceneOf(worldOf(), { limits: { queue: { ...QUICK, tiers: [1, 1, 1] } } });
  const slow = scene.lookUp(imageLookupOf('h.evil.io/x:1', [], { requester: requester('evil') }));
  await turn();
  const other = scene.lookUp(imageLookupOf('reg.io/web:1', [], { requester: requester('shop') }));
  expect(shown(await slow)).toBe('unknown tooMany: h.evil.io did not respond while lookups of other namespaces waited');
  expect(shown(await other)).toBe('yes anonymous');
});

test('a rejected lookup gets the stale response if the policy allows it', async () => {
  const client = worldOf();
  const scene = sceneOf(client, { limits: { queue: { ...SMALL, tiers: [1, 1, 1], waiting: 0 } } });
  const question = imageLookupOf('reg.io/web:1', [], { requester: requester('shop'), staleMs: 3_600_000 });
  await scene.lookUp(question);
  scene.clock.ms += 600_000;
  void scene.lookUp(imageLookupOf('h.evil.io/x:1', [], { requester: requester('evil') }));
  expect(shown(await scene.lookUp(question))).toBe(
    'yes anonymous (600000 ms old: reg.io was not queried: too many lookups are in progress)',
  );
});

test('a command of one user is limited by no share', async () => {
  const hangs = Promise.withResolvers<never>();
  const client = fakeClient(() => hangs.promise);
  const scene = sceneOf(client);
  for (let at = 0; at < 200; at += 1) void scene.lookUp(imageLookupOf(`r${at}.io/x:1`));
  await turn();
  expect(client.requests).toHaveLength(200);
});

interface Step {
  readonly kind: 'enter' | 'leave' | 'join' | 'giveUp';
  readonly at: number;
  readonly bid: Omit<Bid, 'review'> & { readonly review: number };
}

describe('in a full line', () => {
  const known = (tenant: string, group: string): Bid => ({ tenant, review: {}, group, tier: 1 });
  /** Each namespace exceeds its share of waiting bids; then a ticket with a place leaves. */
  async function beside(floods: number, groupOf: (at: number) => string, own = 1): Promise<readonly string[]> {
    const all = visitors(QUEUE_LIMITS);
    for (let at = 0; at < 1100; at += 1) {
      for (let space = 0; space < floods; space += 1) all.enter(known(`flood-${space}`, groupOf(at)));
    }
    await turn();
    const mine = Array.from({ length: own }, () => all.enter(known('shop', 'docker.io')));
    await turn();
    for (const one of all.in('entered').slice(0, own)) all.leave(one);
    await turn();
    return mine.map(({ state }) => state);
  }

  test.each<[string, number, (at: number) => string]>([
    ['one namespace waits for the same registry', 1, () => 'docker.io'],
    ['two namespaces wait for the same registry', 2, () => 'docker.io'],
    ['nine namespaces wait for the same registry', 9, () => 'docker.io'],
    ['four namespaces wait for registries of their own', 4, (at) => `r${at}`],
    ['nine namespaces wait for registries of their own', 9, (at) => `r${at}`],
  ])('%s, and another namespace gets the next place', async (_what, floods, groupOf) => {
    expect(await beside(floods, groupOf)).toEqual(['entered']);
    expect(await beside(floods, groupOf, 5)).toEqual(Array.from({ length: 5 }, () => 'entered'));
  });

  const narrow = { ...SMALL, tiers: [1], waiting: 4, perGroup: { running: 1, waiting: 4 } };
  const waiting = (tenant: string, group = 'x'): Bid => ({ tenant, review: {}, group, tier: 0 });

  test('the last bids of the namespace with most waiting bids are rejected, until it has one more than the next', async () => {
    const all = visitors(narrow);
    all.enter(waiting('z'));
    const many = Array.from({ length: 4 }, () => all.enter(waiting('a')));
    const few = Array.from({ length: 3 }, () => all.enter(waiting('b')));
    await turn();
    expect(many.map(({ state }) => state)).toEqual(['waiting', 'waiting', 'full', 'full']);
    expect(few.map(({ state }) => state)).toEqual(['waiting', 'waiting', 'full']);
  });

  test('a shared ticket goes on with the bids of the others', async () => {
    const all = visitors(narrow);
    const first = all.enter(waiting('z'));
    const shared = Array.from({ length: 3 }, () => all.enter(waiting('a')));
    shared[2]?.place.join(waiting('c'));
    const late = all.enter(waiting('b'));
    await turn();
    expect([...shared, late].map(({ state }) => state)).toEqual(['waiting', 'waiting', 'waiting', 'waiting']);
    all.leave(first);
    await turn();
    expect(all.in('entered')).toHaveLength(1);
  });
});

describe('in any order of events', () => {
  const REVIEWS = Array.from({ length: 6 }, (_, at) => ({ at }));
  const bid = fc.record({
    tenant: fc.constantFrom('a', 'b', 'c'),
    review: fc.integer({ min: 0, max: 5 }),
    group: fc.constantFrom('x', 'y'),
    tier: fc.constantFrom(0, 1, 2),
  });
  const step: fc.Arbitrary<Step> = fc.record({
    kind: fc.constantFrom('enter', 'enter', 'leave', 'join', 'giveUp'),
    at: fc.nat({ max: 50 }),
    bid,
  });
  const limits = { ...SMALL, perGroup: { running: 4, waiting: 20 } };

  test('no share is exceeded, and a waiting bid is served when the others have left', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const all = visitors(limits);
        for (const one of steps) {
          const own: Bid = { ...one.bid, review: REVIEWS[one.bid.review] ?? {} };
          if (one.kind === 'enter') all.enter(own);
          else all.change(one, own);
          await turn();
          const inside = all.in('entered');
          expect(inside.length).toBeLessThanOrEqual(8);
          expect(inside.filter(({ tier }) => tier === 2).length).toBeLessThanOrEqual(4);
        }
        for (let left = all.in('entered'); left.length > 0; left = all.in('entered')) {
          for (const one of left) all.leave(one);
          await turn();
        }
        expect(all.in('waiting')).toEqual([]);
      }),
      { numRuns: 50 },
    );
  });
});

interface Visitor {
  readonly place: Place;
  readonly tier: number;
  wanted: boolean;
  state: string;
}

function visitors(limits: QueueLimits) {
  const queue = createFairQueue(limits);
  const all: Visitor[] = [];
  const leave = (one: Visitor): void => {
    one.state = 'left';
    one.place.leave();
  };
  return {
    leave,
    in: (state: string) => all.filter((one) => one.state === state),
    enter(bid: Bid): Visitor {
      const isWanted = (): boolean => one.wanted;
      const place = queue.enter({ bids: [bid], isWanted, evict: () => {} });
      const one: Visitor = { place, tier: bid.tier, wanted: true, state: 'waiting' };
      void place.entered.then((how) => (one.state = one.state === 'left' ? 'left' : how));
      all.push(one);
      return one;
    },
    change({ kind, at }: Step, bid: Bid): void {
      const one = all[at % Math.max(1, all.length)];
      if (one === undefined || one.state === 'left') return;
      if (kind === 'leave') leave(one);
      else if (kind === 'join') one.place.join({ ...bid, tier: one.tier });
      else one.wanted = false;
    },
  };
}
