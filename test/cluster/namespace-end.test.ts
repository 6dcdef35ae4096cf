/** A server and the end of its namespace, on an API server in memory; test/install has the same on a real one. */
import { setTimeout as delay } from 'node:timers/promises';
import { expect, onTestFinished, test, vi } from 'vitest';
import { ApiError, ApiOutage } from '../../src/cluster/api.ts';
import { followNamespace, type NamespaceEnd } from '../../src/cluster/certificate/namespace-end.ts';
import type { JsonObject } from '../../src/pod/pointer.ts';
import { type MemoryCluster, memoryCluster } from '../support/memory-cluster.ts';

const NAMESPACE = '/api/v1/namespaces/tidewaiter';
const [VALIDATING, MUTATING] = ['validating', 'mutating'].map(
  (kind) => `/apis/admissionregistration.k8s.io/v1/${kind}webhookconfigurations/tidewaiter`,
) as [string, string];
const soon = { timeout: 8000, interval: 10 };
const TIMES = { checkMs: 2000, retryMs: 20 };
const ENDING = { metadata: { uid: 'one', deletionTimestamp: '2026-01-01T00:00:00Z' } };

const calling = (...namespaces: readonly string[]): JsonObject => ({
  webhooks: namespaces.map((namespace, index) => ({
    name: `${index}.tidewaiter.dev`,
    clientConfig: { service: { namespace, name: 'tidewaiter' } },
  })),
});

function newCluster(validating = calling('tidewaiter', 'tidewaiter')): MemoryCluster {
  const cluster = memoryCluster();
  cluster.put(NAMESPACE, { metadata: { uid: 'one' } });
  cluster.put(VALIDATING, validating);
  cluster.put(MUTATING, { webhooks: [] });
  return cluster;
}

interface Follower extends NamespaceEnd {
  readonly notes: readonly string[];
  readonly problems: readonly string[];
}

function follow(cluster: MemoryCluster): Follower {
  const [notes, problems]: [string[], string[]] = [[], []];
  const options = { onNote: (note: string) => notes.push(note), onProblem: (text: string) => problems.push(text) };
  const end = followNamespace(cluster.client(), { ...options, times: TIMES });
  onTestFinished(() => end.stop());
  return { ...end, notes, problems };
}

const remaining = (cluster: MemoryCluster): readonly string[] =>
  [VALIDATING, MUTATING].filter((path) => cluster.objects.has(path));

test('deletes both configurations when the namespace is being deleted', async () => {
  const cluster = newCluster();
  const one = follow(cluster);
  await one.check();
  expect(one.isKnown()).toBe(false);
  cluster.put(NAMESPACE, ENDING);
  await vi.waitFor(() => expect(remaining(cluster)).toEqual([]), soon);
  expect(one.isKnown()).toBe(true);
  expect(one.notes).toEqual([
    'deleted ValidatingWebhookConfiguration "tidewaiter", because namespace "tidewaiter" is being deleted',
    'deleted MutatingWebhookConfiguration "tidewaiter", because namespace "tidewaiter" is being deleted',
  ]);
  expect(one.problems).toEqual([]);
});

test.each<readonly [what: string, end: (cluster: MemoryCluster) => void]>([
  ['is being deleted', (cluster) => cluster.put(NAMESPACE, ENDING)],
  ['is gone', (cluster) => cluster.remove(NAMESPACE)],
])('a server that stops notices by itself that the namespace %s', async (_what, end) => {
  const cluster = newCluster();
  cluster.client = noWatch(cluster);
  const one = follow(cluster);
  await one.check();
  end(cluster);
  await delay(50);
  expect(remaining(cluster)).toHaveLength(2);
  await one.check();
  expect(remaining(cluster)).toEqual([]);
});

test('replicas that do the same are no error, and neither is a configuration that changes meanwhile', async () => {
  const cluster = newCluster();
  const replicas = [follow(cluster), follow(cluster), follow(cluster)];
  await Promise.all(replicas.map((one) => one.check()));
  let changes = 3;
  cluster.before = ({ method, path }) => {
    if (method !== 'DELETE' || changes === 0) return;
    changes -= 1;
    cluster.put(path, cluster.objects.get(path) ?? calling('tidewaiter'));
  };
  cluster.put(NAMESPACE, ENDING);
  await vi.waitFor(() => expect(remaining(cluster)).toEqual([]), soon);
  await Promise.all(replicas.map((one) => one.check()));
  expect(replicas.flatMap(({ problems }) => problems)).toEqual([]);
});

test('tries again after an outage', async () => {
  const cluster = newCluster();
  const one = follow(cluster);
  await one.check();
  let failures = 3;
  cluster.before = ({ method }) => {
    if (method !== 'DELETE' || failures === 0) return;
    failures -= 1;
    throw new ApiOutage('no response');
  };
  cluster.put(NAMESPACE, ENDING);
  await one.check();
  expect(remaining(cluster)).toEqual([]);
  expect(new Set(one.problems)).toEqual(new Set(['no response']));
});

test.each<readonly [verb: string, path: string, problem: RegExp]>([
  ['GET', NAMESPACE, /cannot get namespaces "tidewaiter" \(HTTP 403\): grant get/],
  ['GET', VALIDATING, /cannot get validatingwebhookconfigurations "tidewaiter" \(HTTP 403\): grant get/],
  ['DELETE', VALIDATING, /cannot delete validatingwebhookconfigurations "tidewaiter" \(HTTP 403\): grant delete/],
])('says that it has no permission to %s %s', async (verb, at, problem) => {
  const cluster = newCluster();
  cluster.before = ({ method = 'GET', path }) => {
    if (method === verb && path === at) throw new ApiError(403, 'Forbidden', 'forbidden');
  };
  const one = follow(cluster);
  await one.check();
  cluster.put(NAMESPACE, ENDING);
  await vi.waitFor(() => expect(one.problems.join()).toMatch(problem), soon);
});

test.each<readonly [what: string, cluster: () => MemoryCluster, change: (cluster: MemoryCluster) => void]>([
  ['nothing has changed', () => newCluster(), () => undefined],
  [
    'its labels change',
    () => newCluster(),
    (cluster) => cluster.put(NAMESPACE, { metadata: { uid: 'one', labels: {} } }),
  ],
  [
    'another namespace of the same name is being deleted',
    () => newCluster(),
    (cluster) => cluster.put(NAMESPACE, { metadata: { ...ENDING.metadata, uid: 'two' } }),
  ],
  [
    'the installation has moved to another namespace',
    () => newCluster(calling('gate', 'gate')),
    (cluster) => cluster.put(NAMESPACE, ENDING),
  ],
  [
    'a webhook calls another namespace',
    () => newCluster(calling('tidewaiter', 'gate')),
    (cluster) => cluster.put(NAMESPACE, ENDING),
  ],
  [
    'a webhook calls a URL',
    () => newCluster({ webhooks: [{ name: 'a', clientConfig: { url: 'https://gate.example.com/validate' } }] }),
    (cluster) => cluster.put(NAMESPACE, ENDING),
  ],
  ['no webhook is registered', () => newCluster({ webhooks: [] }), (cluster) => cluster.put(NAMESPACE, ENDING)],
  [
    'the API server does not respond',
    () => newCluster(),
    (cluster) => {
      cluster.before = () => {
        throw new ApiOutage('no response');
      };
    },
  ],
  [
    'its token is rejected',
    () => newCluster(),
    (cluster) => {
      cluster.before = () => {
        throw new ApiError(401, 'Unauthorized', 'Unauthorized');
      };
    },
  ],
])('a server that stops deletes nothing when %s', async (_what, create, change) => {
  const cluster = create();
  const one = follow(cluster);
  await one.check();
  change(cluster);
  await one.check();
  await delay(100);
  expect(remaining(cluster)).toEqual([VALIDATING, MUTATING]);
  expect(cluster.writes).toEqual([]);
});

test('a namespace that the server has never seen says nothing', async () => {
  const cluster = newCluster();
  cluster.remove(NAMESPACE);
  const one = follow(cluster);
  await one.check();
  await delay(100);
  expect(remaining(cluster)).toHaveLength(2);
  expect(one).toMatchObject({ notes: [], problems: [] });
});

/** Clients whose watches never send an event. */
function noWatch(cluster: MemoryCluster): MemoryCluster['client'] {
  const { client } = cluster;
  return () => ({
    ...client(),
    async *watch(request, signal) {
      const never = { ...request, path: '/nothing' };
      yield* client().watch(never, signal);
    },
  });
}
