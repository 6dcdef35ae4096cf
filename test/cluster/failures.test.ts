// The server and the API server when something is slow, fails, or restarts.
import { setTimeout as delay } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest';

import type { ImageReference } from '../../src/image/reference.ts';
import type { RegistryFact, RegistryImage } from '../../src/policy/registry-fact.ts';
import { digestOf, no, yes } from '../admission/pinning.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import { auditAnnotations } from './audit.ts';
import type { Reply } from './connection.ts';
import { type DelayProxy, startDelayProxy } from './delay-proxy.ts';
import { gateClusterWith } from './gate-cluster.ts';
import { podOf, workload } from './objects.ts';
import { byUrl, defaultConfigurations, register, type Target, untilEffective, within } from './registration.ts';

const FIRST = digestOf('1');
const good = 'example.com/shop/web:1';
const bad = 'example.com/shop/web';
const pinnedImage = `${good}@${FIRST}`;

vi.setConfig({ testTimeout: 60_000 }); // an API server on a busy machine takes its time

const images = {
  lookUp(
    { reference }: { readonly reference: ImageReference },
    signal: AbortSignal,
  ): RegistryFact<RegistryImage> | Promise<RegistryFact<RegistryImage>> {
    if (reference.fullName.includes('/bug:')) throw new Error('a bug of this test');
    if (!reference.fullName.includes('/slow:')) return yes(FIRST);
    const late = no('timeout', 'example.com did not respond in time');
    return new Promise((resolve) => signal.addEventListener('abort', () => resolve(late)));
  },
};

const policies = [
  policyOf('{match: {namespaces: [strict]}, rules: [{rule: image-exists, onUnknown: deny}]}'),
  policyOf(
    '{exclude: {namespaces: [strict]}, rules: [{rule: image-tag, parameters: {deny: [latest]}}, {rule: image-exists}], pin: {}}',
  ),
];

describeWith(assetsMissing, 'failures, with a real API server', () => {
  let etcd: DelayProxy | undefined;
  let network: DelayProxy | undefined;
  const cluster = gateClusterWith({
    namespaces: ['shop', 'strict', 'fail', 'ignore', 'far-fail', 'far-ignore'],
    context: () => ({ kinds, policies, world: { images } }),
    configurations: (target) => [...registrations('shop', target), ...registrations('strict', target)],
    etcdProxy: async (port) => {
      etcd = await startDelayProxy(port);
      return etcd.port;
    },
  });
  beforeAll(async () => {
    const { plane, server, target } = cluster();
    network = await startDelayProxy(Number(new URL(server.url).port));
    const far = { ...target, url: `https://127.0.0.1:${network.port}` };
    const all = [
      ...registrations('fail', target, 'Fail'),
      ...registrations('ignore', target, 'Ignore'),
      ...registrations('far-fail', far, 'Fail', 1),
      ...registrations('far-ignore', far, 'Ignore', 1),
    ];
    for (const configuration of all) await register(plane, configuration);
    for (const namespace of ['fail', 'ignore', 'far-fail', 'far-ignore']) {
      await untilEffective(
        namespace,
        () => rehearse(namespace, bad),
        ({ status }) => status === 403,
      );
    }
  });
  afterAll(async () => {
    await etcd?.stop();
    await network?.stop();
  });

  const rehearse = (namespace: string, image: string): Promise<Reply> =>
    cluster().create(namespace, podOf('web', image), '?dryRun=All');

  describe('a server that fails with HTTP 500', () => {
    test('denies with failurePolicy Fail, and the API server names the webhook', async () => {
      expect(await rehearse('fail', 'example.com/shop/bug:1')).toMatchObject({
        status: 500,
        body: {
          reason: 'InternalError',
          message: expect.stringMatching(
            /failed calling webhook "mutate\.tidewaiter\.dev": .*internal error: no decision/,
          ),
        },
      });
    });

    test('allows with failurePolicy Ignore, and the audit log names both webhooks', async () => {
      const reply = await rehearse('ignore', 'example.com/shop/bug:1');
      expect([reply.status, reply.warnings, imageIn(reply)]).toEqual([201, [], 'example.com/shop/bug:1']);
      const annotations = Object.entries(await auditAnnotations(cluster().plane, reply));
      const failedOpen = annotations.flatMap(([key, value]) => (key.startsWith('failed-open.') ? [value] : []));
      expect(failedOpen.toSorted()).toEqual(['mutate.tidewaiter.dev', 'validate.tidewaiter.dev']);
    });
  });

  describe('a server that waits for a registry', () => {
    const slow = 'example.com/shop/slow:1';

    test('allows with a warning within the timeout of the webhook, also with failurePolicy Fail', async () => {
      const reply = await rehearse('fail', slow);
      expect([reply.status, imageIn(reply)]).toEqual([201, slow]);
      expect(reply.warnings.join('\n')).toContain('example.com did not respond in time');
    });

    test('denies where the policy denies what is unknown', async () => {
      const { status, body } = await rehearse('strict', slow);
      expect([status, JSON.stringify(body)]).toEqual([403, expect.stringContaining('did not respond in time')]);
    });
  });

  describe('a server that is reached too late', () => {
    beforeAll(() => network?.delayBy(3000));
    afterAll(() => network?.delayBy(0));

    test('denies with failurePolicy Fail after the timeout', async () => {
      const { took, reply } = await timed(() => rehearse('far-fail', good));
      expect(reply).toMatchObject({
        status: 500,
        body: {
          message: expect.stringMatching(/failed calling webhook "mutate\.tidewaiter\.dev": .*(deadline|timeout)/i),
        },
      });
      expect(took).toBeLessThan(2500);
    });

    test('allows anything with failurePolicy Ignore after the timeouts of both webhooks', async () => {
      const { took, reply } = await timed(() => rehearse('far-ignore', bad));
      expect([reply.status, imageIn(reply)]).toEqual([201, bad]);
      expect(took).toBeLessThan(3500);
    });
  });

  test('a server that is reached a little late decides as always', async () => {
    network?.delayBy(200);
    for (const namespace of ['far-fail', 'far-ignore']) {
      // The connections on which the API server gave up may take it another attempt.
      await vi.waitFor(async () => expect(imageIn(await rehearse(namespace, good))).toBe(pinnedImage));
      expect(await rehearse(namespace, bad)).toMatchObject({ status: 403 });
    }
  });

  test('a slow etcd slows down the API server and no review, and starts no second rollout', async () => {
    const { plane, server } = cluster();
    etcd?.delayBy(150);
    const before = server.reviews.length;
    const { took, reply } = await timed(() => cluster().create('shop', workload('Deployment', 'slow', good)));
    expect(reply).toMatchObject({ status: 201 });
    expect(took).toBeGreaterThan(150);
    await vi.waitFor(
      async () => {
        const { body } = await plane.request('GET', '/apis/apps/v1/namespaces/shop/deployments/slow');
        expect(body).toMatchObject({ status: { replicas: 1 } });
      },
      { timeout: 20_000, interval: 100 },
    );
    const { body } = await plane.request('GET', '/apis/apps/v1/namespaces/shop/replicasets');
    expect((body as { readonly items: readonly unknown[] }).items).toMatchObject([
      { spec: { template: { spec: { containers: [{ image: pinnedImage }] } } } },
    ]);
    etcd?.delayBy(0);
    const durations = server.reviews.slice(before).map(({ durationMs }) => durationMs);
    expect(durations.length).toBeGreaterThan(3);
    expect(Math.max(...durations)).toBeLessThan(140);
  });

  test('an API server that is restarted under load evaluates every object before and after', async () => {
    const { plane, server } = cluster();
    const replies: (readonly [image: string, at: number, Reply | undefined])[] = [];
    const over = new AbortController();
    const send = async (image: string): Promise<void> => {
      while (!over.signal.aborted) {
        // While it is away, and for a moment after its start, the API server refuses connections or rejects everything.
        const at = performance.now();
        replies.push([image, at, await rehearse('fail', image).catch(() => undefined)]);
        await delay(10);
      }
    };
    const load = Promise.all([good, bad, good, bad].map(send));
    await vi.waitFor(() => expect(replies.length).toBeGreaterThan(40), { timeout: 10_000 });
    const failures = server.failures.length;
    const killedAt = performance.now();
    await plane.restartApiServer();
    const readyAt = performance.now();
    await vi.waitFor(() => expect(replies.filter(([, at]) => at > readyAt).length).toBeGreaterThan(40), {
      timeout: 20_000,
    });
    over.abort();
    await load;
    const admitted = replies.flatMap(([, , reply]) => (reply?.status === 201 ? [imageIn(reply)] : []));
    expect(new Set(admitted)).toEqual(new Set([pinnedImage]));
    const outside = replies.filter(([, at, reply]) => at > readyAt || (reply !== undefined && at < killedAt - 1000));
    expect(outside.map(([image, , reply]) => [image, reply?.status])).toEqual(
      outside.map(([image]) => [image, image === good ? 201 : 403]),
    );
    expect(server.failures.length).toBe(failures);
  });
});

/** The configurations of the manifests for one namespace. Their timeout of 3 s leaves a busy server 0.3 s for a late response. */
function registrations(
  namespace: string,
  target: Target,
  failurePolicy = 'Ignore',
  timeoutSeconds = 3,
): ReturnType<typeof defaultConfigurations> {
  return defaultConfigurations().map((configuration) =>
    within(namespace, byUrl(configuration, target), () => ({ failurePolicy, timeoutSeconds })),
  );
}

async function timed(action: () => Promise<Reply>): Promise<{ readonly took: number; readonly reply: Reply }> {
  const startedAt = performance.now();
  const reply = await action();
  return { took: performance.now() - startedAt, reply };
}

function imageIn({ body }: Reply): string | undefined {
  return (body as { readonly spec?: { readonly containers: readonly { readonly image: string }[] } }).spec
    ?.containers[0]?.image;
}
