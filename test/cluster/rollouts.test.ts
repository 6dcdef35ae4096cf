// Pinned workloads with a real API server and its controllers: reapplied in the ways of other tools, run by each controller, and
// changed by other webhooks. Each test has images of its own, whose tags move when it says so; the tests run side by side.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';

import type { ImageReference } from '../../src/image/reference.ts';
import { digestOf, yes } from '../admission/pinning.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import type { Reply } from './connection.ts';
import { gateClusterWith } from './gate-cluster.ts';
import { cronJob, job, type KubernetesObject, pathOf, podOf, workload } from './objects.ts';
import { addSidecar, withOtherWebhook } from './other-webhook.ts';

const namespace = 'shop';
const [FIRST, SECOND] = [digestOf('1'), digestOf('2')];
/** Longer than the controllers need to create what they still miss. */
const SETTLE_MS = 1500;

vi.setConfig({ testTimeout: 60_000 }); // an API server on a busy machine takes its time

/** The repositories whose tags point to the second digest. */
const moved = new Set<string>();
const tagOf = (name: string): string => `example.com/${name}:1`;
const imageOf = (name: string): string => `${tagOf(name)}@${FIRST}`;
const images = {
  lookUp: ({ reference }: { readonly reference: ImageReference }) =>
    yes([...moved].some((name) => reference.fullName.includes(`/${name}:`)) ? SECOND : FIRST),
};

interface Stored {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: Template['spec'] & { readonly template?: Template; readonly jobTemplate?: { readonly spec: object } };
  readonly status?: { readonly active?: number };
}

interface Template {
  readonly spec: { readonly containers: readonly { readonly name: string; readonly image: string }[] };
}

describeWith(assetsMissing, 'rollouts, with a real API server', () => {
  const cluster = gateClusterWith({
    namespaces: [namespace, 'injected-after', 'injected-before'],
    context: () => ({ kinds, policies: [policyOf('{rules: [{rule: image-digest}], pin: {}}')], world: { images } }),
  });
  const send = (method: string, path: string, body?: object, type?: string): Promise<Reply> =>
    cluster().plane.request(method, path, body, type);
  const create = (object: KubernetesObject, where = namespace): Promise<Reply> => cluster().create(where, object);
  const pathTo = (object: KubernetesObject): string => `${pathOf(object, namespace)}/${object.metadata.name}`;
  const get = async (object: KubernetesObject): Promise<Stored> => (await send('GET', pathTo(object))).body as Stored;

  /** The objects at a path that belong to a workload, by name. */
  async function ownedBy(name: string, path: string): Promise<readonly Stored[]> {
    const { items } = (await send('GET', path)).body as { readonly items: readonly Stored[] };
    const owned = items.filter(({ metadata }) => metadata.name.startsWith(`${name}-`));
    return owned.toSorted((left, right) => left.metadata.name.localeCompare(right.metadata.name));
  }
  const pods = (name: string, where = namespace): Promise<readonly Stored[]> =>
    ownedBy(name, `/api/v1/namespaces/${where}/pods`);

  async function untilPods(name: string, where = namespace): Promise<readonly Stored[]> {
    await vi.waitFor(async () => expect(await pods(name, where)).not.toEqual([]), { timeout: 20_000, interval: 100 });
    return pods(name, where);
  }

  /** Creates an object with a pinned tag; the tag then moves. Resolves with the Pods that the controllers have created. */
  async function rolledOut(object: KubernetesObject, name: string): Promise<readonly Stored[]> {
    const reply = await create(object);
    expect([reply.status, imagesIn(reply.body)]).toEqual([201, [imageOf(name)]]);
    const started = await untilPods(name);
    moved.add(name);
    return started;
  }

  /** Runs an action, and fails if it changes the object's spec, or the Pods or their images. */
  async function expectUnchangedBy(action: () => Promise<void>, object: KubernetesObject, name: string): Promise<void> {
    const state = async (): Promise<object> => ({
      spec: (await get(object)).spec,
      images: imagesIn(await get(object)),
      pods: (await pods(name)).map((pod) => ({ uid: pod.metadata.uid, images: imagesIn(pod) })),
    });
    const before = await state();
    await action();
    await delay(SETTLE_MS);
    const pod = { uid: expect.any(String), images: [imageOf(name)] };
    expect(before).toMatchObject({ images: [imageOf(name)], pods: (await pods(name)).map(() => pod) });
    expect(await state()).toEqual(before);
  }

  const replace = async (object: KubernetesObject): Promise<void> =>
    expect(await send('PUT', pathTo(object), object)).toMatchObject({ status: 200 });
  const container = (name: string): object => ({ name: 'main', image: tagOf(name) });
  const templatePatch = (spec: object): object => ({ spec: { template: { spec } } });

  /** Patches and updates of tools that compare a manifest with its last version and with the stored object. */
  const tools: readonly (readonly [string, (object: KubernetesObject, name: string) => Promise<Reply>])[] = [
    ['kubectl replace', async (object) => send('PUT', pathTo(object), object)],
    [
      // The delta of stored and desired object, as gitops-engine and Helm compute it (strategicpatch.CreateThreeWayMergePatch).
      'the three-way strategic merge patch of Argo CD and Helm',
      async (object, name) =>
        send(
          'PATCH',
          `${pathTo(object)}?fieldManager=argocd-controller`,
          templatePatch({ '$setElementOrder/containers': [{ name: 'main' }], containers: [container(name)] }),
          'application/strategic-merge-patch+json',
        ),
    ],
    [
      'a three-way JSON merge patch',
      async (object, name) => send('PATCH', pathTo(object), templatePatch({ containers: [container(name)] })),
    ],
    [
      'a forced server-side apply of Argo CD and Flux',
      async (object) =>
        send(
          'PATCH',
          `${pathTo(object)}?fieldManager=argocd-controller&force=true`,
          object,
          'application/apply-patch+yaml',
        ),
    ],
  ];

  describe.concurrent('a manifest that is synchronized again and again after its tag has moved', () => {
    test.each(tools)('starts no second rollout of a Deployment by %s', async (what, again) => {
      const name = `deployment-${tools.findIndex(([other]) => other === what)}`;
      const object = workload('Deployment', name, tagOf(name));
      await rolledOut(object, name);
      const synchronize = async (): Promise<void> => {
        for (let round = 1; round <= 3; round += 1) expect(await again(object, name)).toMatchObject({ status: 200 });
      };
      await expectUnchangedBy(synchronize, object, name);
      const sets = await ownedBy(name, `/apis/apps/v1/namespaces/${namespace}/replicasets`);
      expect(sets.flatMap(imagesIn)).toEqual([imageOf(name)]);
    });

    test.each(tools.slice(1))('changes nothing of a Job, whose template is immutable, by %s', async (what, again) => {
      const name = `job-${tools.findIndex(([other]) => other === what)}`;
      const object = job(name, tagOf(name));
      await rolledOut(object, name);
      const synchronize = async (): Promise<void> => expect(await again(object, name)).toMatchObject({ status: 200 });
      await expectUnchangedBy(synchronize, object, name);
    });
  });

  describe.concurrent('the Pods have the digest of the template, whatever the tag points to when they are created', () => {
    test.each(['StatefulSet', 'ReplicationController'])(
      'of a %s, also a Pod that replaces a deleted one',
      async (kind) => {
        const name = kind.toLowerCase();
        const object = workload(kind, name, tagOf(name));
        const [first] = await rolledOut(object, name);
        await send('DELETE', `/api/v1/namespaces/${namespace}/pods/${first?.metadata.name}?gracePeriodSeconds=0`);
        await vi.waitFor(
          async () => {
            const [next] = await pods(name);
            expect(next?.metadata.uid ?? first?.metadata.uid).not.toBe(first?.metadata.uid);
          },
          { timeout: 20_000, interval: 100 },
        );
        await expectUnchangedBy(() => replace(object), object, name);
      },
    );

    test('of a DaemonSet, also on a node that joins later', async () => {
      const name = 'daemon';
      const object = workload('DaemonSet', name, tagOf(name));
      await join('node-1');
      await rolledOut(object, name);
      await join('node-2');
      await vi.waitFor(async () => expect(await pods(name)).toHaveLength(2), { timeout: 20_000, interval: 100 });
      await expectUnchangedBy(() => replace(object), object, name);
    });

    test('of a Job, also after it was suspended', async () => {
      const name = 'resumed';
      const object = job(name, tagOf(name));
      const [first] = await rolledOut(object, name);
      for (const suspend of [true, false]) {
        expect(await send('PATCH', pathTo(object), { spec: { suspend } })).toMatchObject({ status: 200 });
        await vi.waitFor(
          async () => {
            const others = (await pods(name)).filter(({ metadata }) => metadata.uid !== first?.metadata.uid);
            expect(others.flatMap(imagesIn)).toEqual(suspend ? [] : [imageOf(name)]);
            if (suspend) expect((await get(object)).status?.active ?? 0).toBe(0);
          },
          { timeout: 20_000, interval: 100 },
        );
      }
    });

    test('of a CronJob and its Job', async () => {
      const name = 'nightly';
      const object = cronJob(name, tagOf(name));
      expect(imagesIn((await create(object)).body)).toEqual([imageOf(name)]);
      moved.add(name);
      expect(imagesIn((await send('PUT', pathTo(object), object)).body)).toEqual([imageOf(name)]);
      // A schedule that was missed during the last day starts at once.
      const lastScheduleTime = new Date(Date.now() - 25 * 3_600_000).toISOString().replace(/\.\d+/, '');
      expect(await send('PATCH', `${pathTo(object)}/status`, { status: { lastScheduleTime } })).toMatchObject({
        status: 200,
      });
      const started = await untilPods(name);
      expect(started.flatMap(imagesIn)).toEqual([imageOf(name)]);
      const jobs = await ownedBy(name, `/apis/batch/v1/namespaces/${namespace}/jobs`);
      expect(jobs.flatMap(imagesIn)).toEqual([imageOf(name)]);
    });
  });

  /** Adds a Node that takes Pods; the API server taints it until a node controller finds it ready. */
  async function join(name: string): Promise<void> {
    expect((await send('POST', '/api/v1/nodes', { metadata: { name } })).status).toBe(201);
    expect((await send('PATCH', `/api/v1/nodes/${name}`, { spec: { taints: null } })).status).toBe(200);
  }

  describe('a sidecar that another webhook injects into Pods', () => {
    test.each([
      { order: 'before', name: 'aa-injector' },
      { order: 'after', name: 'zz-injector' },
    ])(
      'is pinned when that webhook is called $order this one, and starts no second rollout',
      async ({ order, name }) => {
        const where = `injected-${order}`;
        const probe = (): Promise<Reply> => cluster().create(where, podOf('probe', tagOf('probe')), '?dryRun=All');
        const injector = { namespace: where, name, change: addSidecar(tagOf('proxy')), mark: 'proxy', probe };
        await withOtherWebhook(cluster().plane, injector, async () => {
          const app = `meshed-${order}`;
          expect(await create(workload('Deployment', app, tagOf(app)), where)).toMatchObject({ status: 201 });
          await untilPods(app, where);
          await delay(SETTLE_MS);
          expect((await pods(app, where)).map(imagesIn)).toEqual([[imageOf(app), imageOf('proxy')]]);
          const sets = await ownedBy(app, `/apis/apps/v1/namespaces/${where}/replicasets`);
          expect(sets.map(imagesIn)).toEqual([[imageOf(app)]]);
        });
      },
    );
  });

  test('the server failed nowhere', () => {
    expect(cluster().server.failures).toEqual([]);
  });
});

/** Returns the images of a Pod, or of the template of a workload. */
function imagesIn(object: unknown): readonly string[] {
  const { spec } = object as Stored;
  if (spec.jobTemplate !== undefined) return imagesIn(spec.jobTemplate);
  return (spec.template?.spec ?? spec).containers.map(({ image }) => image);
}
