// Pinned workloads that run to their end, on nodes that kwok plays: rollouts complete, Jobs succeed, and explain shows the Pods.
import { afterAll, beforeAll, expect, test, vi } from 'vitest';

import type { ImageReference } from '../../src/image/reference.ts';
import { digestOf, yes } from '../admission/pinning.ts';
import { kinds, policyOf } from '../policy/fixtures.ts';
import { runCommand } from '../support/command.ts';
import { describeWith } from '../support/real-part.ts';
import { assetsMissing, kwok, kwokMissing } from './assets.ts';
import type { Reply } from './connection.ts';
import { gateClusterWith } from './gate-cluster.ts';
import { type Nodes, startNodes } from './nodes.ts';
import { job, type KubernetesObject, pathOf, workload } from './objects.ts';

const namespace = 'shop';
const [FIRST, SECOND] = [digestOf('1'), digestOf('2')];

vi.setConfig({ testTimeout: 60_000 }); // an API server on a busy machine takes its time

/** The repositories whose tags point to the second digest. */
const moved = new Set<string>();
const tagOf = (name: string): string => `example.com/${name}:1`;
const images = {
  lookUp: ({ reference }: { readonly reference: ImageReference }) =>
    yes([...moved].some((name) => reference.fullName.includes(`/${name}:`)) ? SECOND : FIRST),
};

interface LivePod {
  readonly metadata: { readonly name: string };
  readonly spec: { readonly nodeName: string };
  readonly status: {
    readonly phase: string;
    readonly containerStatuses?: readonly { readonly imageID: string }[];
  };
}

describeWith(assetsMissing ?? kwokMissing, 'pinned workloads on nodes', () => {
  let nodes: Nodes | undefined;
  const cluster = gateClusterWith({
    namespaces: [namespace],
    context: () => ({
      kinds,
      policies: [policyOf('{rules: [{rule: image-digest}], pin: {annotate: true}}')],
      world: { images },
    }),
  });
  beforeAll(async () => {
    nodes = await startNodes(cluster().plane, ['node-1', 'node-2']);
  }, 60_000);
  afterAll(() => nodes?.stop());

  const send = (method: string, path: string, body?: object): Promise<Reply> =>
    cluster().plane.request(method, path, body);
  const create = async (object: KubernetesObject): Promise<string> => {
    expect(await cluster().create(namespace, object)).toMatchObject({ status: 201 });
    return `${pathOf(object, namespace)}/${object.metadata.name}`;
  };
  const until = (path: string, status: object): Promise<void> =>
    vi.waitFor(async () => expect((await send('GET', path)).body).toMatchObject({ status }), {
      timeout: 20_000,
      interval: 100,
    });

  /** `node-1 Running <imageID>`, for the Pods of a workload in the order of their names. */
  async function pods(name: string): Promise<readonly string[]> {
    const { items } = (await send('GET', `/api/v1/namespaces/${namespace}/pods`)).body as {
      readonly items: readonly LivePod[];
    };
    return items
      .filter(({ metadata }) => metadata.name.startsWith(`${name}-`))
      .toSorted((left, right) => left.metadata.name.localeCompare(right.metadata.name))
      .map(({ spec, status }) => `${spec.nodeName} ${status.phase} ${status.containerStatuses?.[0]?.imageID}`);
  }

  test('a Deployment completes its rollout, and only a restart completes another, with the digest of then', async () => {
    const name = 'web';
    const object = workload('Deployment', name, tagOf(name));
    const path = await create(object);
    await until(path, { observedGeneration: 1, updatedReplicas: 1, availableReplicas: 1 });
    expect(await pods(name)).toEqual([`node-1 Running ${tagOf(name)}@${FIRST}`]);

    moved.add(name);
    const scaled = { ...object, spec: { ...(object['spec'] as object), replicas: 2 } };
    expect(await send('PUT', path, scaled)).toMatchObject({ status: 200 });
    await until(path, { replicas: 2, updatedReplicas: 2, availableReplicas: 2 });
    expect(await pods(name)).toEqual(Array(2).fill(`node-1 Running ${tagOf(name)}@${FIRST}`));

    const annotations = { 'kubectl.kubernetes.io/restartedAt': '2026-01-02T03:04:05Z' };
    await send('PATCH', path, { spec: { template: { metadata: { annotations } } } });
    const running = Array(2).fill(`node-1 Running ${tagOf(name)}@${SECOND}`);
    await vi.waitFor(async () => expect(await pods(name)).toEqual(running), { timeout: 20_000, interval: 100 });
    await until(path, { replicas: 2, updatedReplicas: 2, availableReplicas: 2 });
  });

  test('a StatefulSet starts Pod after Pod with one digest, and updates them to the digest of a new tag', async () => {
    const name = 'db';
    const object = workload('StatefulSet', name, tagOf(name));
    const path = await create({ ...object, spec: { ...(object['spec'] as object), replicas: 2 } });
    moved.add(name);
    await until(path, { readyReplicas: 2 });
    expect(await pods(name)).toEqual(Array(2).fill(`node-1 Running ${tagOf(name)}@${FIRST}`));
    const next = `example.com/${name}:2`;
    await send('PATCH', path, [{ op: 'replace', path: '/spec/template/spec/containers/0/image', value: next }]);
    const running = Array(2).fill(`node-1 Running ${next}@${SECOND}`);
    await vi.waitFor(async () => expect(await pods(name)).toEqual(running), { timeout: 20_000, interval: 100 });
  });

  test('a DaemonSet runs on each node, and a Job succeeds', async () => {
    const daemon = await create(workload('DaemonSet', 'agent', tagOf('agent')));
    await until(daemon, { desiredNumberScheduled: 2, numberReady: 2 });
    const once = await create(job('once', tagOf('once')));
    await until(once, { succeeded: 1 });
    expect(await pods('once')).toEqual([`node-1 Succeeded ${tagOf('once')}@${FIRST}`]);
  });

  test('explain pod shows the node and the digest of a live Pod', async () => {
    const name = 'shown';
    await until(await create(workload('Deployment', name, tagOf(name))), { availableReplicas: 1 });
    const { body } = await send('GET', `/api/v1/namespaces/${namespace}/pods?labelSelector=app%3D${name}`);
    const pod = (body as { readonly items: readonly LivePod[] }).items[0]?.metadata.name ?? '';
    const { kubeconfig } = cluster().plane;
    const result = await runCommand(['explain', 'pod', pod, '-n', namespace, '--kubeconfig', kubeconfig, '--offline']);
    expect(result).toMatchObject({ code: 0, note: '' });
    expect(result.out).toMatch(new RegExp(`^Node node-1 .*${kwok}.*\n.*Pod shop/${pod}  Running`));
    expect(result.out).toMatch(new RegExp(`running +${FIRST}`));
  });

  test('the server failed nowhere', () => {
    expect(cluster().server.failures).toEqual([]);
  });
});
