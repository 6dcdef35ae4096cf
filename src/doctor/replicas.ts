/** The metrics of the replicas, which the API server fetches (pods/proxy). */
import { OPERATIONS_PORT } from '../install/server.ts';
import type { JsonObject } from '../pod/pointer.ts';
import { readNumber, readObject, readObjects, readString } from '../pod/read.ts';
import { type Known, known, unknown } from './known.ts';
import type { Pod } from './objects.ts';
import { permissionFor, type Reader } from './reader.ts';
import type { PolicyUse, Replica, ReplicaMetrics } from './values.ts';

export async function readReplicas(reader: Reader, pods: readonly Pod[]): Promise<Known<readonly Replica[]>> {
  return known(await Promise.all(pods.map(async (pod) => replicaOf(reader, pod))));
}

const PROXY_TIMEOUT_MS = 5000;

async function replicaOf(reader: Reader, { metadata, spec }: Pod): Promise<Replica> {
  const { name, namespace = '' } = metadata;
  const ports = spec.containers.flatMap((container) => container.ports ?? []);
  const port = ports.find((each) => each.name === 'operations')?.containerPort ?? OPERATIONS_PORT;
  const path = `/api/v1/namespaces/${namespace}/pods/${name}:${port}/proxy/metrics`;
  const permission = permissionFor('get', { version: 'v1', resource: 'pods/proxy', namespace });
  const metrics = await reader.send({ path, timeoutMs: PROXY_TIMEOUT_MS }, permission, metricsIn);
  return { pod: name, image: spec.containers[0]?.image ?? '', metrics };
}

interface Sample {
  readonly value: number;
  readonly labels: JsonObject;
}

/** Throws a ShapeError. */
function metricsIn(body: JsonObject): ReplicaMetrics {
  const metrics = readObjects(body, 'metrics', '');
  const samples = (name: string): readonly Sample[] =>
    metrics
      .filter((metric) => metric['name'] === name)
      .flatMap((metric) => readObjects(metric, 'values', '/metrics'))
      .map((sample) => ({
        value: readNumber(sample, 'value', '/metrics/values') ?? 0,
        labels: readObject(sample, 'labels', '/metrics/values') ?? {},
      }));
  const [build] = samples('tidewaiter_build_info');
  const reviews = samples('tidewaiter_reviews_total').filter(({ labels }) => labels['endpoint'] === 'validate');
  return {
    version: build && readString(build.labels, 'version', '/metrics/values/labels'),
    reviews: reviews.reduce((sum, { value }) => sum + value, 0),
    byPolicy: new Map(
      samples('tidewaiter_policy_reviews_total').map(({ labels, value }) => [String(labels['policy']), value]),
    ),
  };
}

export function policyUse(replicas: readonly Replica[]): Known<PolicyUse> {
  if (replicas.length === 0) return unknown('there are no Pods of the server in its namespace');
  const byPolicy = new Map<string, number>();
  let reviews = 0;
  for (const { pod, metrics } of replicas) {
    if (metrics.state === 'unknown') return unknown(`Pod ${pod}: ${metrics.reason}`, metrics.permission);
    reviews += metrics.value.reviews;
    for (const [name, count] of metrics.value.byPolicy) byPolicy.set(name, (byPolicy.get(name) ?? 0) + count);
  }
  return known({ reviews, byPolicy });
}
