// Rewriting to a mirror with a real API server and its controllers: a loop, an unrequested rollout, or a changed live Pod must
// never happen, and Pods get the pull secret of the mirror.
import { setTimeout as delay } from 'node:timers/promises';
import { describe, expect, test, vi } from 'vitest';

import type { ImageReference } from '../../src/image/reference.ts';
import { secretFor } from '../credential/pull-secrets.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { digestOf, no, yes } from '../admission/pinning.ts';
import { kubectlMissing } from '../support/kubectl.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing } from './assets.ts';
import { auditAnnotations } from './audit.ts';
import type { Reply } from './connection.ts';
import { gateClusterWith } from './gate-cluster.ts';
import { job, type KubernetesObject, pathOf, podOf, workload } from './objects.ts';
import { addSidecar, type ReviewedObject, withOtherWebhook } from './other-webhook.ts';

const namespace = 'shop';
const [FIRST, SECOND] = [digestOf('1'), digestOf('2')];
const MIRROR = 'mirror.example.com/hub/library/nginx';

vi.setConfig({ testTimeout: 60_000 }); // an API server on a busy machine takes its time

let current = FIRST;
let isMirrorUp = true;
const images = {
  lookUp: ({ reference }: { readonly reference: ImageReference }) =>
    isMirrorUp || reference.domain !== 'mirror.example.com' ? yes(current) : no('unreachable', 'the mirror is down'),
};
const secrets = {
  secret: () => ({ state: 'yes' as const, value: secretFor('mirror-pull', 'mirror.example.com') }),
};
const serviceAccounts = { pullSecretsOf: () => ({ state: 'yes' as const, value: [] }) };

const rewriting = (more = ''): string =>
  `rewrite: [{from: "docker.io/**", to: "mirror.example.com/hub/**"${more}}], pin: {}, pullPolicy: [{digest: true, set: IfNotPresent}]`;
const pullSecrets = (mode: string): string =>
  `pullSecrets: [{images: ["mirror.example.com/**"], add: [mirror-pull], mode: ${mode}}]`;

const policies = [
  policyOf(`{exclude: {namespaces: [templates]}, ${rewriting()}, ${pullSecrets('pod')}}`),
  policyOf(`{match: {namespaces: [templates]}, ${rewriting(', annotate: true')}, ${pullSecrets('workload')}}`),
];

interface Stored {
  readonly metadata: { readonly generation?: number };
  readonly status: { readonly collisionCount?: number };
}

describeWith(assetsMissing, 'rewriting to a mirror, with a real API server', () => {
  const cluster = gateClusterWith({
    namespaces: [namespace, 'pods', 'templates'],
    context: () => ({ kinds, policies, world: { images, secrets, serviceAccounts } }),
  });
  const send = (method: string, path: string, body?: object, type?: string): Promise<Reply> =>
    cluster().plane.request(method, path, body, type);
  const create = (object: KubernetesObject, query = ''): Promise<Reply> => cluster().create(namespace, object, query);
  const apply = (object: KubernetesObject, where = namespace): Promise<Reply> =>
    send(
      'PATCH',
      `${pathOf(object, where)}/${object.metadata.name}?fieldManager=test`,
      object,
      'application/apply-patch+yaml',
    );

  async function childrenOf(
    app: string,
    where = namespace,
  ): Promise<{ readonly sets: readonly string[]; readonly pods: readonly string[] }> {
    const list = async (path: string): Promise<readonly string[]> => {
      const reply = await send('GET', `${path}?labelSelector=app%3D${app}`);
      return (reply.body as { readonly items: readonly unknown[] }).items.map(imageIn).toSorted();
    };
    const sets = await list(`/apis/apps/v1/namespaces/${where}/replicasets`);
    return { sets, pods: await list(`/api/v1/namespaces/${where}/pods`) };
  }

  /** Until the controllers have made of it what is expected, and make nothing more of it for a while. */
  async function settled(
    app: string,
    image: string,
    { where = namespace, ofPods = image }: { readonly where?: string; readonly ofPods?: string } = {},
  ): Promise<void> {
    const expected = { sets: [image], pods: [ofPods] };
    const isExpected = async (): Promise<void> => expect(await childrenOf(app, where)).toEqual(expected);
    await vi.waitFor(isExpected, { timeout: 20_000, interval: 100 });
    await delay(1000);
    await isExpected();
    const path = `/apis/apps/v1/namespaces/${where}/deployments/${app}`;
    const { metadata, status } = (await send('GET', path)).body as Stored;
    expect([metadata.generation, status.collisionCount]).toEqual([1, undefined]);
  }

  test('a Deployment is rewritten and pinned once, and its Pods get the pull secret', async () => {
    [current, isMirrorUp] = [FIRST, true];
    const reply = await create(workload('Deployment', 'web', 'nginx:1'));
    expect([reply.status, imageIn(reply.body), reply.warnings]).toEqual([201, `${MIRROR}:1@${FIRST}`, []]);
    expect(JSON.stringify(reply.body)).not.toContain('mirror-pull');
    expect(await auditAnnotations(cluster().plane, reply)).toMatchObject({
      'mutate.tidewaiter.dev/rewritten': `container "main": nginx:1 -> ${MIRROR}:1`,
      'mutate.tidewaiter.dev/pinned': `container "main": ${MIRROR}:1 -> ${FIRST}`,
    });
    await settled('web', `${MIRROR}:1@${FIRST}`);
    const pods = (await send('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3Dweb`)).body;
    expect(JSON.stringify(pods)).toContain('"imagePullSecrets":[{"name":"mirror-pull"}]');
  });

  test('a manifest that is applied again rolls nothing out: the tag has moved, the mirror is down, or it is up again', async () => {
    [current, isMirrorUp] = [FIRST, true];
    const manifest = workload('Deployment', 'again', 'nginx:1');
    expect((await apply(manifest)).status).toBe(201);
    await settled('again', `${MIRROR}:1@${FIRST}`);
    for (const state of [false, true]) {
      [current, isMirrorUp] = [SECOND, state];
      const reply = await apply(manifest);
      expect([reply.status, imageIn(reply.body)]).toEqual([200, `${MIRROR}:1@${FIRST}`]);
    }
    await settled('again', `${MIRROR}:1@${FIRST}`);
  });

  test('a template that was created while the mirror was down stays, and its new Pods run from the mirror', async () => {
    [current, isMirrorUp] = [FIRST, false];
    const manifest = workload('Deployment', 'down', 'nginx:1');
    const reply = await apply(manifest);
    expect([reply.status, imageIn(reply.body), reply.warnings]).toEqual([201, `nginx:1@${FIRST}`, []]);
    const path = `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3Ddown`;
    await vi.waitFor(async () => expect(JSON.stringify((await send('GET', path)).body)).toContain('nginx:1@'), {
      timeout: 20_000,
    });
    isMirrorUp = true;
    expect((await send('DELETE', path)).status).toBe(200);
    expect(imageIn((await apply(manifest)).body)).toBe(`nginx:1@${FIRST}`);
    await settled('down', `nginx:1@${FIRST}`, { ofPods: `${MIRROR}:1@${FIRST}` });
  });

  test.each([namespace, 'templates'])('a Job and a live Pod can be applied again, in %s', async (where) => {
    [current, isMirrorUp] = [FIRST, true];
    for (const manifest of [job('once', 'nginx:1'), podOf('live', 'nginx:1')]) {
      const created = await apply(manifest, where);
      const hasSecret = manifest.kind === 'Pod' || where === 'templates';
      expect([created.status, JSON.stringify(created.body).includes('mirror-pull')]).toEqual([201, hasSecret]);
      current = SECOND;
      const again = await apply(manifest, where);
      expect([again.status, imageIn(again.body)]).toEqual([200, `${MIRROR}:1@${FIRST}`]);
      expect(specOf(again)).toEqual(specOf(created));
      current = FIRST;
    }
  });

  test('an ephemeral container runs from the mirror, and nothing else of its live Pod changes', async () => {
    [current, isMirrorUp] = [FIRST, true];
    const created = await cluster().create('pods', podOf('debugged', 'nginx:1'));
    current = SECOND;
    const debug = await send(
      'PATCH',
      '/api/v1/namespaces/pods/pods/debugged/ephemeralcontainers',
      { spec: { ephemeralContainers: [{ name: 'debugger', image: 'busybox:1' }] } },
      'application/strategic-merge-patch+json',
    );
    const { ephemeralContainers, ...rest } = specOf(debug);
    expect([debug.status, debug.warnings, rest]).toEqual([200, [], specOf(created)]);
    const image = `mirror.example.com/hub/library/busybox:1@${SECOND}`;
    expect(ephemeralContainers).toEqual([
      expect.objectContaining({ name: 'debugger', image, imagePullPolicy: 'IfNotPresent' }),
    ]);
  });

  test('called again after another webhook has changed the object, it adds nothing', async () => {
    [current, isMirrorUp] = [FIRST, true];
    const { plane } = cluster();
    const probe = (): Promise<Reply> => create(podOf('twice', 'nginx:1'), '?dryRun=All');
    await withOtherWebhook(plane, { namespace, mark: 'was-here', probe }, async (reply) => {
      expect([reply.status, imageIn(reply.body)]).toEqual([201, `${MIRROR}:1@${FIRST}`]);
      expect(JSON.stringify(reply.body).match(/"name":"mirror-pull"/g)).toHaveLength(1);
      const annotations = await auditAnnotations(plane, reply);
      expect(JSON.parse(annotations['mutation.webhook.admission.k8s.io/round_1_index_0'] ?? '{}')).toMatchObject({
        webhook: 'mutate.tidewaiter.dev',
        mutated: false,
      });
    });
  });

  test.each([
    { where: 'pods', what: 'only Pods', ofTemplate: undefined },
    { where: 'templates', what: 'templates', ofTemplate: [{ name: 'mirror-pull' }] },
  ])('beside a webhook that injects a sidecar and a pull secret, if pull secrets are for $what', async (row) => {
    [current, isMirrorUp] = [FIRST, true];
    const { where, ofTemplate } = row;
    const { plane } = cluster();
    const probe = (): Promise<Reply> => cluster().create(where, podOf('probe', 'nginx:1'), '?dryRun=All');
    const templateOf = ({ body }: Reply): PodTemplate =>
      (body as { readonly spec: { readonly template: PodTemplate } }).spec.template;
    const manifest = workload('Deployment', 'meshed', 'nginx:1');
    await withOtherWebhook(plane, { namespace: where, change: inject, mark: 'proxy', probe }, async () => {
      const created = await apply(manifest, where);
      expect([created.status, imageIn(created.body)]).toEqual([201, `${MIRROR}:1@${FIRST}`]);
      expect(templateOf(created).spec.imagePullSecrets).toEqual(ofTemplate);
      const original = '"tidewaiter.dev/original-images":"{\\"/spec/template/spec/containers/main\\":\\"nginx:1\\"}"';
      expect(JSON.stringify(created.body).includes(original)).toBe(where === 'templates');
      await settled('meshed', `${MIRROR}:1@${FIRST}`, { where });
      const { items } = (await send('GET', `/api/v1/namespaces/${where}/pods?labelSelector=app%3Dmeshed`)).body as {
        readonly items: readonly PodTemplate[];
      };
      expect(items.map(settingsOf)).toEqual([
        {
          images: [`${MIRROR}:1@${FIRST} IfNotPresent`, `mirror.example.com/hub/library/envoy:1@${FIRST} IfNotPresent`],
          secrets: ['mirror-pull', 'mesh-pull'],
        },
      ]);
      current = SECOND;
      const again = await apply(manifest, where);
      expect([again.status, again.warnings, templateOf(again)]).toEqual([200, [], templateOf(created)]);
      await settled('meshed', `${MIRROR}:1@${FIRST}`, { where });
    });
  });

  describeWith(kubectlMissing, 'through kubectl', () => {
    const kubectl = async (args: readonly string[], object?: KubernetesObject): Promise<string> => {
      const input = JSON.stringify(object ?? '');
      const { code, stdout, stderr } = await cluster().plane.kubectl(['--namespace', namespace, ...args], input);
      return code === 0 ? stdout.trim() : stderr;
    };

    test('a second apply starts no rollout, and a rollout restart gets the digest of now from the mirror', async () => {
      [current, isMirrorUp] = [FIRST, true];
      const manifest = workload('Deployment', 'shipped', 'nginx:1');
      expect(await kubectl(['apply', '-f', '-'], manifest)).toBe('deployment.apps/shipped created');
      await settled('shipped', `${MIRROR}:1@${FIRST}`);
      current = SECOND;
      await kubectl(['apply', '-f', '-'], manifest);
      await settled('shipped', `${MIRROR}:1@${FIRST}`);
      expect(await kubectl(['rollout', 'restart', 'deployment/shipped'])).toBe('deployment.apps/shipped restarted');
      await vi.waitFor(async () => {
        expect((await childrenOf('shipped')).sets).toEqual([`${MIRROR}:1@${FIRST}`, `${MIRROR}:1@${SECOND}`]);
      });
    });
  });

  describe('the server', () => {
    test('failed nowhere', () => {
      expect(cluster().server.failures).toEqual([]);
    });
  });
});

/** A Pod, or a template. */
interface PodTemplate {
  readonly spec: {
    readonly containers: readonly { readonly image: string; readonly imagePullPolicy?: string }[];
    readonly imagePullSecrets?: readonly { readonly name: string }[];
  };
}

function specOf({ body }: Reply): Readonly<Record<string, unknown>> {
  return (body as { readonly spec: Readonly<Record<string, unknown>> }).spec;
}

function settingsOf({ spec: { containers, imagePullSecrets = [] } }: PodTemplate): object {
  return {
    images: containers.map(({ image, imagePullPolicy }) => `${image} ${imagePullPolicy}`),
    secrets: imagePullSecrets.map(({ name }) => name),
  };
}

const injectSidecar = addSidecar('envoy:1');

/** A sidecar, and the pull secret of its registry. */
function inject(object: ReviewedObject): readonly object[] {
  const { imagePullSecrets } = object.spec;
  const hasSecret = imagePullSecrets?.some(({ name }) => name === 'mesh-pull');
  const list = imagePullSecrets === undefined ? [{ op: 'add', path: '/spec/imagePullSecrets', value: [] }] : [];
  const added = [...list, { op: 'add', path: '/spec/imagePullSecrets/-', value: { name: 'mesh-pull' } }];
  return [...injectSidecar(object), ...(hasSecret === true ? [] : added)];
}

/** Returns the image of the first container of a Pod or workload. */
function imageIn(object: unknown): string {
  return /"containers":\[\{[^[\]]*?"image":"([^"]*)"/.exec(JSON.stringify(object))?.[1] ?? JSON.stringify(object);
}
