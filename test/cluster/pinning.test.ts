// Pinning with a real API server and its controllers: the manifests registered, the server in this process, and a registry
// whose tags move when the test says so. A loop, an unrequested rollout, or a restarted Pod must never happen.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';

import type { ImageReference } from '../../src/image/reference.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { digestOf, no, yes } from '../admission/pinning.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import { auditAnnotations } from './audit.ts';
import type { Reply } from './connection.ts';
import { gateClusterWith } from './gate-cluster.ts';
import { cronJob, job, type KubernetesObject, pathOf, podOf, workload } from './objects.ts';
import { withOtherWebhook } from './other-webhook.ts';

const namespace = 'shop';
const apps = `/apis/apps/v1/namespaces/${namespace}`;
const [FIRST, SECOND] = [digestOf('1'), digestOf('2')];

vi.setConfig({ testTimeout: 60_000 }); // an API server on a busy machine takes its time

/** The current digests; no registry has `gone`. */
let current = FIRST;
const images = {
  lookUp: ({ reference }: { readonly reference: ImageReference }) =>
    reference.fullName.includes('gone') ? no('notFound', 'docker.io has no tag "gone"') : yes(current),
};

/** In all namespaces the same, but for what each is called after. */
const policies = [
  policyOf('{match: {namespaces: [warned]}, pin: {mode: warn}}'),
  policyOf('{match: {namespaces: [noted]}, pin: {annotate: true}}'),
  policyOf('{rules: [{rule: image-digest}], exclude: {namespaces: [warned]}, pin: {onFailure: {notFound: deny}}}'),
];

interface Named {
  readonly metadata: {
    readonly name: string;
    readonly generation?: number;
    readonly resourceVersion: string;
    readonly annotations?: Readonly<Record<string, string>>;
  };
  readonly status: { readonly collisionCount?: number; readonly observedGeneration?: number };
}

describeWith(assetsMissing, 'pinning, with a real API server', () => {
  const cluster = gateClusterWith({
    namespaces: [namespace, 'noted', 'warned'],
    context: () => ({ kinds, policies, world: { images } }),
  });
  const send = (method: string, path: string, body?: object, type?: string): Promise<Reply> =>
    cluster().plane.request(method, path, body, type);
  const create = (object: KubernetesObject, query = '', where = namespace): Promise<Reply> =>
    cluster().create(where, object, query);
  const get = async (path: string): Promise<Named> => (await send('GET', path)).body as Named;
  const apply = (object: KubernetesObject, where = namespace): Promise<Reply> =>
    send(
      'PATCH',
      `${pathOf(object, where)}/${object.metadata.name}?fieldManager=test`,
      object,
      'application/apply-patch+yaml',
    );

  /** The ReplicaSets and Pods of an app. */
  async function childrenOf(
    app: string,
  ): Promise<{ readonly sets: readonly string[]; readonly pods: readonly string[] }> {
    const list = async (path: string): Promise<readonly string[]> => {
      const { items } = (await send('GET', `${path}?labelSelector=app%3D${app}`)).body as {
        readonly items: readonly unknown[];
      };
      return items.map(imageIn).toSorted();
    };
    return { sets: await list(`${apps}/replicasets`), pods: await list(`/api/v1/namespaces/${namespace}/pods`) };
  }

  /** Until the controllers have made of it what is expected, and make nothing more of it for a while. */
  async function settled(
    app: string,
    expected: { readonly sets: readonly string[]; readonly pods: readonly string[] },
  ): Promise<void> {
    await vi.waitFor(async () => expect(await childrenOf(app)).toEqual(expected), { timeout: 20_000, interval: 100 });
    await delay(1000);
    expect(await childrenOf(app)).toEqual(expected);
  }

  test('a Deployment is pinned once, and all that its controllers make of it has its digest', async () => {
    current = FIRST;
    const reply = await create(workload('Deployment', 'web', 'nginx:1'));
    expect([reply.status, imageIn(reply.body), reply.warnings]).toEqual([201, `nginx:1@${FIRST}`, []]);
    expect(await auditAnnotations(cluster().plane, reply)).toMatchObject({
      'mutate.tidewaiter.dev/pinned': `container "main": nginx:1 -> ${FIRST}`,
    });
    await settled('web', { sets: [`nginx:1@${FIRST}`], pods: [`nginx:1@${FIRST}`] });
    const { metadata, status } = await get(`${apps}/deployments/web`);
    expect([metadata.generation, status.collisionCount]).toEqual([1, undefined]);
  });

  test('a manifest that is applied again rolls nothing out, although the tag has moved', async () => {
    current = FIRST;
    const manifest = workload('Deployment', 'again', 'nginx:1');
    expect((await apply(manifest)).status).toBe(201);
    await settled('again', { sets: [`nginx:1@${FIRST}`], pods: [`nginx:1@${FIRST}`] });
    current = SECOND;
    const before = cluster().server.reviews.length;
    const reply = await apply(manifest);
    expect([reply.status, imageIn(reply.body)]).toEqual([200, `nginx:1@${FIRST}`]);
    expect(cluster().server.reviews.length).toBeGreaterThan(before);
    await settled('again', { sets: [`nginx:1@${FIRST}`], pods: [`nginx:1@${FIRST}`] });
    expect((await get(`${apps}/deployments/again`)).metadata.generation).toBe(1);
  });

  test('scaling, labels and edits roll nothing out, and another tag does, with the digest of now', async () => {
    current = FIRST;
    await create(workload('Deployment', 'edited', 'nginx:1'));
    await settled('edited', { sets: [`nginx:1@${FIRST}`], pods: [`nginx:1@${FIRST}`] });
    current = SECOND;
    const path = `${apps}/deployments/edited`;
    expect(await send('PATCH', `${path}/scale`, { spec: { replicas: 2 } })).toMatchObject({ status: 200 });
    expect(await send('PATCH', path, { metadata: { labels: { team: 'a' } } })).toMatchObject({ status: 200 });
    await settled('edited', { sets: [`nginx:1@${FIRST}`], pods: [`nginx:1@${FIRST}`, `nginx:1@${FIRST}`] });
    const image = [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: 'nginx:2' }];
    expect(imageIn((await send('PATCH', path, image)).body)).toBe(`nginx:2@${SECOND}`);
    await vi.waitFor(async () => {
      expect((await childrenOf('edited')).sets).toEqual([`nginx:1@${FIRST}`, `nginx:2@${SECOND}`]);
    });
    await delay(1000);
    expect((await childrenOf('edited')).sets).toHaveLength(2);
    expect((await get(path)).status.collisionCount).toBeUndefined();
  });

  test('a Job is pinned when it is created, updated after, and applied again in spite of its immutable template', async () => {
    current = FIRST;
    const manifest = job('once', 'nginx:1');
    expect(imageIn((await apply(manifest)).body)).toBe(`nginx:1@${FIRST}`);
    current = SECOND;
    const path = `${pathOf(manifest, namespace)}/once`;
    expect(await send('PATCH', path, { metadata: { labels: { a: 'b' } } })).toMatchObject({ status: 200 });
    expect(await send('PATCH', path, { spec: { suspend: true } })).toMatchObject({ status: 200 });
    const again = await apply(manifest);
    expect([again.status, imageIn(again.body)]).toEqual([200, `nginx:1@${FIRST}`]);
    const cron = await create(cronJob('nightly', 'nginx:1'));
    expect([cron.status, imageIn(cron.body)]).toEqual([201, `nginx:1@${SECOND}`]);
  });

  test('a live Pod is never changed: applied again it keeps its image, and another image is left as it is', async () => {
    current = FIRST;
    const manifest = podOf('bare', 'nginx:1');
    expect(imageIn((await apply(manifest)).body)).toBe(`nginx:1@${FIRST}`);
    current = SECOND;
    const path = `/api/v1/namespaces/${namespace}/pods/bare`;
    const before = await get(path);
    expect(imageIn((await apply(manifest)).body)).toBe(`nginx:1@${FIRST}`);
    expect((await get(path)).metadata.resourceVersion).toBe(before.metadata.resourceVersion);
    const image = [{ op: 'replace', path: '/spec/containers/0/image', value: 'nginx:2' }];
    const other = await send('PATCH', path, image);
    // It is the validating webhook that says no to a tag without a digest.
    expect([other.status, JSON.stringify(other.body)]).toEqual([403, expect.stringContaining('test/image-digest')]);
    const debug = await send('PATCH', `${path}/ephemeralcontainers`, {
      spec: { ephemeralContainers: [{ name: 'debugger', image: 'busybox:1' }] },
    });
    expect(debug).toMatchObject({
      status: 200,
      body: {
        spec: {
          containers: [{ image: `nginx:1@${FIRST}` }],
          ephemeralContainers: [{ name: 'debugger', image: `busybox:1@${SECOND}` }],
        },
      },
    });
  });

  test('without a digest a request is denied where the policy says so, with all reasons', async () => {
    const reply = await create(workload('Deployment', 'denied', 'nginx:gone'));
    expect(reply).toMatchObject({
      status: 403,
      body: {
        message:
          'admission webhook "mutate.tidewaiter.dev" denied the request: Deployment shop/denied: 1 problem\n' +
          '  container "main": image "nginx:gone" cannot be pinned: docker.io has no tag "gone" [test/pin]\n' +
          '    ask again',
        details: { causes: [{ field: 'spec.template.spec.containers[0].image' }] },
      },
    });
  });

  test('a policy that only warns changes nothing, and names the digest', async () => {
    current = FIRST;
    const reply = await create(workload('Deployment', 'warned', 'nginx:1'), '', 'warned');
    expect([reply.status, imageIn(reply.body), reply.warnings]).toEqual([
      201,
      'nginx:1',
      [`container "main": image "nginx:1" is not pinned; use nginx:1@${FIRST} [test/pin]`],
    ]);
  });

  test('the object has the annotation, and a restart looks up the tag again because of it', async () => {
    current = FIRST;
    const key = 'tidewaiter.dev/original-images';
    const { body } = await create(workload('Deployment', 'noted', 'nginx:1'), '', 'noted');
    expect((body as Named).metadata.annotations).toEqual({
      [key]: '{"/spec/template/spec/containers/main":"nginx:1"}',
    });
    expect(JSON.stringify((body as { spec: object }).spec)).not.toContain(key);
    current = SECOND;
    const restart = {
      spec: { template: { metadata: { annotations: { 'kubectl.kubernetes.io/restartedAt': 'now' } } } },
    };
    const restarted = await send('PATCH', '/apis/apps/v1/namespaces/noted/deployments/noted', restart);
    expect(imageIn(restarted.body)).toBe(`nginx:1@${SECOND}`);
  });

  test('the annotation outlives a manifest that is applied again without it', async () => {
    current = FIRST;
    const manifest = workload('Deployment', 'kept', 'nginx:1');
    const first = await apply(manifest, 'noted');
    current = SECOND;
    const again = await apply(manifest, 'noted');
    const { annotations } = (first.body as Named).metadata;
    expect(annotations).toEqual({ 'tidewaiter.dev/original-images': expect.any(String) });
    // A controller may have written its own annotation meanwhile.
    expect([again.status, imageIn(again.body), (again.body as Named).metadata]).toEqual([
      200,
      `nginx:1@${FIRST}`,
      expect.objectContaining({ annotations: expect.objectContaining(annotations), generation: 1 }),
    ]);
  });

  test('called again after another webhook has changed the object, it adds nothing', async () => {
    current = FIRST;
    const { plane } = cluster();
    const probe = (): Promise<Reply> => create(podOf('twice', 'nginx:1'), '?dryRun=All');
    await withOtherWebhook(plane, { namespace, mark: 'was-here', probe }, async (reply) => {
      expect([reply.status, imageIn(reply.body)]).toEqual([201, `nginx:1@${FIRST}`]);
      const annotations = await auditAnnotations(plane, reply);
      expect(JSON.parse(annotations['mutation.webhook.admission.k8s.io/round_1_index_0'] ?? '{}')).toMatchObject({
        webhook: 'mutate.tidewaiter.dev',
        mutated: false,
      });
      expect(annotations['mutate.tidewaiter.dev/pinned']).toBe(`container "main": nginx:1 -> ${FIRST}`);
    });
  });

  describeWith(kubectlMissing, 'through kubectl', () => {
    const kubectl = async (args: readonly string[], object?: KubernetesObject): Promise<string> => {
      const { code, stdout, stderr } = await cluster().plane.kubectl(
        ['--namespace', namespace, ...args],
        JSON.stringify(object ?? ''),
      );
      return code === 0 ? stdout.trim() : stderr;
    };

    test('a second apply starts no rollout, and a rollout restart queries the registry again', async () => {
      current = FIRST;
      const manifest = workload('Deployment', 'shipped', 'nginx:1');
      expect(await kubectl(['apply', '-f', '-'], manifest)).toBe('deployment.apps/shipped created');
      await settled('shipped', { sets: [`nginx:1@${FIRST}`], pods: [`nginx:1@${FIRST}`] });
      current = SECOND;
      // kubectl compares with what it finds, sends the tag, and does not know what became of it.
      expect(await kubectl(['apply', '-f', '-'], manifest)).toMatch(
        /^deployment.apps\/shipped (configured|unchanged)$/,
      );
      await settled('shipped', { sets: [`nginx:1@${FIRST}`], pods: [`nginx:1@${FIRST}`] });
      expect((await get(`${apps}/deployments/shipped`)).metadata.generation).toBe(1);
      expect(await kubectl(['rollout', 'restart', 'deployment/shipped'])).toBe('deployment.apps/shipped restarted');
      await vi.waitFor(async () => {
        expect((await childrenOf('shipped')).sets).toEqual([`nginx:1@${FIRST}`, `nginx:1@${SECOND}`]);
      });
    });

    test('a digest that a person wrote outlives a rollout restart', async () => {
      current = FIRST;
      const manifest = workload('Deployment', 'fixed', `nginx:1@${FIRST}`);
      expect(await kubectl(['apply', '-f', '-'], manifest)).toBe('deployment.apps/fixed created');
      current = SECOND;
      expect(await kubectl(['rollout', 'restart', 'deployment/fixed'])).toBe('deployment.apps/fixed restarted');
      expect(imageIn((await send('GET', `${apps}/deployments/fixed`)).body)).toBe(`nginx:1@${FIRST}`);
    });

    test('a Job that is applied again is unchanged', async () => {
      current = FIRST;
      const manifest = job('applied', 'nginx:1');
      expect(await kubectl(['apply', '-f', '-'], manifest)).toBe('job.batch/applied created');
      current = SECOND;
      expect(await kubectl(['apply', '-f', '-'], manifest)).toMatch(/^job.batch\/applied (configured|unchanged)$/);
    });
  });

  describe('the server', () => {
    test('failed nowhere', () => {
      expect(cluster().server.failures).toEqual([]);
    });
  });
});

/** Returns the image of the first container of a Pod or workload. */
function imageIn(object: unknown): string {
  return /"containers":\[\{[^[\]]*?"image":"([^"]*)"/.exec(JSON.stringify(object))?.[1] ?? JSON.stringify(object);
}
