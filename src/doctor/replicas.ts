/** The replicas: their Pods, and their metrics, which the API server fetches (pods/proxy). */
import { OPERATIONS_PORT } from '../install/server.ts';
import { type Known, known, unknown } from './known.ts';
import type { Pod } from './objects.ts';
import { permissionFor, type Reader } from './reader.ts';
import { metricsIn } from './replica-metrics.ts';
import type { PolicyUse, ReadReplica, Replica, ReplicaMetrics } from './values.ts';

export async function readReplicas(reader: Reader, pods: readonly Pod[]): Promise<Known<readonly Replica[]>> {
  return known(await Promise.all(pods.map(async (pod) => replicaOf(reader, pod))));
}

const PROXY_TIMEOUT_MS = 5000;

async function replicaOf(reader: Reader, { metadata, spec, status }: Pod): Promise<Replica> {
  const startedAt = Date.parse(status?.containerStatuses?.[0]?.state?.running?.startedAt ?? '');
  return {
    pod: metadata.name,
    image: spec.containers[0]?.image ?? '',
    startedAt: Number.isNaN(startedAt) ? undefined : startedAt,
    metrics: await metricsOf(reader, { metadata, spec }),
  };
}

async function metricsOf(reader: Reader, { metadata, spec }: Pod): Promise<Replica['metrics']> {
  const { name, namespace = '' } = metadata;
  const ports = spec.containers.flatMap((container) => container.ports ?? []);
  const port = ports.find((each) => each.name === 'operations')?.containerPort ?? OPERATIONS_PORT;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy/metrics`;
  const permission = permissionFor('get', { version: 'v1', resource: 'pods/proxy', namespace });
  const before = Date.now();
  const read = await reader.send({ path, timeoutMs: PROXY_TIMEOUT_MS }, permission, metricsIn);
  return read.state === 'unknown' ? read : known(withClock(read.value, before));
}

function withClock({ time, ...rest }: ReturnType<typeof metricsIn>, before: number): ReplicaMetrics {
  return { ...rest, clock: time === undefined ? undefined : { time, before, after: Date.now() } };
}

export function readOnes(replicas: readonly Replica[]): Known<readonly ReadReplica[]> {
  const read: ReadReplica[] = [];
  for (const { metrics, ...replica } of replicas) {
    if (metrics.state === 'unknown') return unknown(`Pod ${replica.pod}: ${metrics.reason}`, metrics.permission);
    read.push({ ...replica, metrics: metrics.value });
  }
  return known(read);
}

/** Between the start of a container and the load of its policies. */
const START_MS = 60_000;

export function policyUse(replicas: readonly ReadReplica[]): Known<PolicyUse> {
  if (replicas.length === 0) return unknown('there are no Pods of the server in its namespace');
  const byPolicy = new Map<string, number>();
  for (const { metrics } of replicas)
    for (const [name, count] of metrics.byPolicy) byPolicy.set(name, (byPolicy.get(name) ?? 0) + count);
  const loaded = replicas.flatMap(({ metrics: { loadedAt } }) => loadedAt ?? []);
  return known({
    reviews: replicas.reduce((sum, { metrics: { reviews } }) => sum + reviews, 0),
    byPolicy,
    since: loaded.length === 0 ? undefined : Math.max(...loaded),
    isReloaded: replicas.some(({ startedAt = Infinity, metrics: { loadedAt = 0 } }) => loadedAt - startedAt > START_MS),
  });
}
