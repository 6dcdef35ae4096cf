// Objects that tests give to the API server, and where it keeps them.
import { setTimeout as delay } from 'node:timers/promises';

import type { ControlPlane } from './control-plane.ts';

/** An object as a user would write it. */
export interface KubernetesObject {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name?: string; readonly generateName?: string; readonly [key: string]: unknown };
  readonly [key: string]: unknown;
}

export const digest = 'sha256:0d17b565c37bcbd895e9d92315a05c1c3c9a29f762b011a10c54a66cd53c9b31';

/** Nothing is said about it. */
export const pinned = `registry.example.com/shop/web:1.27.3@${digest}`;

export function pod(name: string, spec: object, metadata: object = {}): KubernetesObject {
  return { apiVersion: 'v1', kind: 'Pod', metadata: { name, ...metadata }, spec };
}

/** Its only container is "main". */
export function podOf(name: string, image: string): KubernetesObject {
  return pod(name, { containers: [{ name: 'main', image }] });
}

/** A kind of apps/v1, or a ReplicationController; its only container is "main". */
export function workload(kind: string, name: string, image: string, metadata: object = {}): KubernetesObject {
  const labels = { app: name };
  const isCore = kind === 'ReplicationController';
  return {
    apiVersion: isCore ? 'v1' : 'apps/v1',
    kind,
    metadata: { name, ...metadata },
    spec: {
      selector: isCore ? labels : { matchLabels: labels },
      template: { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } },
    },
  };
}

export function job(name: string, image: string): KubernetesObject {
  return { apiVersion: 'batch/v1', kind: 'Job', metadata: { name }, spec: jobSpec(image) };
}

export function cronJob(name: string, image: string): KubernetesObject {
  const spec = { schedule: '0 3 * * *', jobTemplate: { spec: jobSpec(image) } };
  return { apiVersion: 'batch/v1', kind: 'CronJob', metadata: { name }, spec };
}

function jobSpec(image: string): object {
  return { template: { spec: { restartPolicy: 'Never', containers: [{ name: 'main', image }] } } };
}

/** Returns the API path of objects of this kind: `/apis/apps/v1/namespaces/shop/deployments`. */
export function pathOf({ apiVersion, kind }: KubernetesObject, namespace: string): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  return `${root}/namespaces/${namespace}/${kind.toLowerCase()}s`;
}

/** A namespace, with the service account that its Pods run as. */
export async function createNamespace(plane: ControlPlane, name: string): Promise<void> {
  await plane.request('POST', '/api/v1/namespaces', { metadata: { name } });
  const account = `/api/v1/namespaces/${name}/serviceaccounts/default`;
  const giveUpAt = performance.now() + 20_000;
  while ((await plane.request('GET', account)).status !== 200) {
    if (performance.now() > giveUpAt) throw new Error(`namespace ${name} got no service account`);
    await delay(50);
  }
}
