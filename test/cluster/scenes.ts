// What is done to a cluster so that its API server sends the reviews that test/recordings keeps: one scene per habit of
// users and controllers, most of them through kubectl as a user would type it.
import { setTimeout as delay } from 'node:timers/promises';

import type { ControlPlane } from './control-plane.ts';

/** A review that a scene causes. */
export interface Shot {
  /** The file name without `.json`. */
  readonly name: string;
  /** `create pods`, `update pods/ephemeralcontainers`: operation and resource. */
  readonly of: string;
  /** Selects reviews by `request.name`, which is empty if the object has no name. */
  readonly object?: RegExp;
  /** The user of the request; by default a user of kubectl. */
  readonly by?: 'controller';
  /** The webhook that it is sent to. */
  readonly to?: 'mutate' | 'validate-v1beta1';
}

export interface Scene {
  readonly shots: readonly Shot[];
  act(plane: ControlPlane): Promise<void>;
}

export const namespace = 'shop';
const pods = `/api/v1/namespaces/${namespace}/pods`;
const digest = 'sha256:0d17b565c37bcbd895e9d92315a05c1c3c9a29f762b011a10c54a66cd53c9b31';

export const scenes: readonly Scene[] = [
  {
    shots: [
      { name: 'pod-latest', of: 'create pods' },
      { name: 'pod-latest-mutate', of: 'create pods', to: 'mutate' },
      { name: 'pod-latest-v1beta1', of: 'create pods', to: 'validate-v1beta1' },
    ],
    act: (plane) => apply(plane, pod('web', { containers: [{ name: 'web', image: 'nginx' }] })),
  },
  {
    // The user is not an admin, as in most clusters.
    shots: [{ name: 'pod-tag', of: 'create pods' }],
    async act(plane) {
      await kubectl(plane, ['create', 'role', 'developer', '--verb=create', '--resource=pods']);
      await kubectl(plane, ['create', 'rolebinding', 'developers', '--role=developer', '--group=shop-developers']);
      const jane = ['--as=jane@example.com', '--as-group=shop-developers', '--as-group=system:authenticated'];
      await kubectl(plane, ['run', 'tag', '--image=registry.example.com/shop/web:1.27.3', ...jane]);
    },
  },
  {
    shots: [{ name: 'pod-digest', of: 'create pods' }],
    act: (plane) => kubectl(plane, ['run', 'digest', `--image=registry.example.com/shop/web:1.27.3@${digest}`]),
  },
  {
    shots: [{ name: 'pod-init-sidecar-image-volume', of: 'create pods' }],
    act: (plane) =>
      apply(
        plane,
        pod('full', {
          imagePullSecrets: [{ name: 'regcred' }, { name: 'hub' }],
          initContainers: [
            { name: 'migrate', image: 'registry.example.com/shop/migrate:4' },
            {
              name: 'proxy',
              image: 'envoyproxy/envoy:v1.31.2',
              restartPolicy: 'Always',
              ports: [{ containerPort: 9901 }],
            },
          ],
          containers: [
            {
              name: 'web',
              image: 'registry.example.com/shop/web:7',
              ports: [{ name: 'http', containerPort: 8080 }],
              volumeMounts: [{ name: 'model', mountPath: '/model', readOnly: true }],
            },
          ],
          volumes: [
            { name: 'model', image: { reference: 'registry.example.com/models/m:3', pullPolicy: 'IfNotPresent' } },
          ],
        }),
      ),
  },
  {
    shots: [
      { name: 'pod-generate-name', of: 'create pods' },
      { name: 'pod-generate-name-mutate', of: 'create pods', to: 'mutate' },
    ],
    act: (plane) =>
      send(plane, 'POST', pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: { generateName: 'batch-' },
        spec: { containers: [{ name: 'main', image: 'busybox:1.36' }], restartPolicy: 'Never' },
      }),
  },
  {
    shots: [{ name: 'pod-dry-run', of: 'create pods' }],
    act: (plane) => kubectl(plane, ['run', 'rehearsal', '--image=nginx:1.27', '--dry-run=server']),
  },
  {
    // A PATCH that creates.
    shots: [{ name: 'pod-server-side-apply', of: 'create pods' }],
    act: (plane) =>
      apply(plane, pod('applied', { containers: [{ name: 'web', image: 'nginx:1.27' }] }), '--server-side'),
  },
  {
    shots: [{ name: 'pod-mirror', of: 'create pods' }],
    act: (plane) =>
      send(plane, 'POST', pods, {
        apiVersion: 'v1',
        kind: 'Pod',
        metadata: {
          name: 'static-node-1',
          annotations: {
            'kubernetes.io/config.hash': '6e5c1f0b2b6e4a5f9d3c7a8b9c0d1e2f',
            'kubernetes.io/config.mirror': '6e5c1f0b2b6e4a5f9d3c7a8b9c0d1e2f',
            'kubernetes.io/config.source': 'file',
          },
        },
        spec: { nodeName: 'node-1', containers: [{ name: 'proxy', image: 'registry.k8s.io/kube-proxy:v1.37.2' }] },
      }),
  },
  {
    shots: [{ name: 'pod-update-image', of: 'update pods', object: /^tag$/ }],
    act: (plane) => kubectl(plane, ['set', 'image', 'pod/tag', 'tag=registry.example.com/shop/web:1.27.4']),
  },
  {
    shots: [{ name: 'pod-update-labels', of: 'update pods', object: /^web$/ }],
    act: (plane) => kubectl(plane, ['label', 'pod', 'web', 'team=checkout']),
  },
  {
    shots: [{ name: 'pod-ephemeral-container', of: 'update pods/ephemeralcontainers' }],
    act: (plane) => kubectl(plane, ['debug', 'web', '--image=busybox:1.36', '--container=debugger', '--quiet']),
  },
  {
    shots: [{ name: 'pod-exec', of: 'connect pods/exec' }],
    async act(plane) {
      // The Pod runs nowhere, so this fails, but only after admission.
      const { code, stderr } = await plane.kubectl(['--namespace', namespace, 'exec', 'web', '--', 'ls', '-l']);
      if (code === 0 || !stderr.includes('does not have a host assigned')) throw new Error(`kubectl exec: ${stderr}`);
    },
  },
  {
    shots: [{ name: 'pod-update-while-deleted', of: 'update pods', object: /^leaving$/ }],
    async act(plane) {
      const leaving = pod('leaving', { containers: [{ name: 'web', image: 'nginx' }] });
      await apply(plane, { ...leaving, metadata: { ...leaving.metadata, finalizers: ['example.com/drain'] } });
      await kubectl(plane, ['delete', 'pod', 'leaving', '--wait=false']);
      await send(plane, 'PATCH', `${pods}/leaving`, { metadata: { finalizers: null } });
    },
  },
  {
    shots: [{ name: 'pod-delete', of: 'delete pods', object: /^digest$/ }],
    act: (plane) => kubectl(plane, ['delete', 'pod', 'digest', '--wait=false']),
  },
  {
    shots: [{ name: 'pod-delete-collection', of: 'delete pods', object: /^$/ }],
    act: (plane) => send(plane, 'DELETE', `${pods}?labelSelector=run%3Dtag`),
  },
  {
    shots: [
      { name: 'deployment', of: 'create deployments' },
      { name: 'deployment-mutate', of: 'create deployments', to: 'mutate' },
      { name: 'deployment-replicaset', of: 'create replicasets', by: 'controller' },
      { name: 'deployment-pod', of: 'create pods', object: /^web-/, by: 'controller' },
    ],
    act: (plane) =>
      apply(plane, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web' },
        spec: {
          replicas: 1,
          selector: { matchLabels: { app: 'web' } },
          template: {
            metadata: { labels: { app: 'web' } },
            spec: { containers: [{ name: 'web', image: 'registry.example.com/shop/web:7' }] },
          },
        },
      }),
  },
  {
    shots: [{ name: 'deployment-scale', of: 'update deployments/scale' }],
    act: (plane) => kubectl(plane, ['scale', 'deployment', 'web', '--replicas=2']),
  },
  {
    shots: [{ name: 'deployment-update-labels', of: 'update deployments' }],
    act: (plane) => kubectl(plane, ['label', 'deployment', 'web', 'team=checkout']),
  },
  {
    shots: [{ name: 'deployment-update-image', of: 'update deployments' }],
    act: (plane) => kubectl(plane, ['set', 'image', 'deployment/web', 'web=registry.example.com/shop/web:8']),
  },
  {
    shots: [{ name: 'deployment-restart', of: 'update deployments' }],
    act: (plane) => kubectl(plane, ['rollout', 'restart', 'deployment/web']),
  },
  {
    shots: [
      { name: 'cronjob', of: 'create cronjobs' },
      { name: 'cronjob-job', of: 'create jobs' },
      { name: 'cronjob-job-pod', of: 'create pods', object: /^report-now-/, by: 'controller' },
    ],
    async act(plane) {
      await kubectl(plane, [
        'create',
        'cronjob',
        'report',
        '--image=registry.example.com/shop/report',
        '--schedule=0 3 * * *',
      ]);
      await kubectl(plane, ['create', 'job', 'report-now', '--from=cronjob/report']);
    },
  },
  {
    shots: [{ name: 'statefulset', of: 'create statefulsets' }],
    act: (plane) => apply(plane, workload('StatefulSet', 'db', 'postgres:17.2')),
  },
  {
    shots: [{ name: 'daemonset', of: 'create daemonsets' }],
    act: (plane) => apply(plane, workload('DaemonSet', 'logs', 'fluent/fluent-bit:3.2.1')),
  },
];

/** The namespace, with the service account that its Pods run as. */
export async function prepareNamespace(plane: ControlPlane): Promise<void> {
  await send(plane, 'POST', '/api/v1/namespaces', { metadata: { name: namespace, labels: { team: 'shop' } } });
  const account = `/api/v1/namespaces/${namespace}/serviceaccounts/default`;
  while ((await plane.request('GET', account)).status !== 200) await delay(50);
}

function pod(name: string, spec: object): { readonly metadata: { readonly name: string } } {
  const kind = { apiVersion: 'v1', kind: 'Pod' };
  return { ...kind, metadata: { name }, spec } as { readonly metadata: { readonly name: string } };
}

function workload(kind: 'StatefulSet' | 'DaemonSet', name: string, image: string): object {
  const labels = { app: name };
  const template = { metadata: { labels }, spec: { containers: [{ name: 'main', image }] } };
  return { apiVersion: 'apps/v1', kind, metadata: { name }, spec: { selector: { matchLabels: labels }, template } };
}

function apply(plane: ControlPlane, object: object, ...flags: readonly string[]): Promise<void> {
  return kubectl(plane, ['apply', '-f', '-', ...flags], JSON.stringify(object));
}

async function kubectl(plane: ControlPlane, args: readonly string[], stdin?: string): Promise<void> {
  const { code, stderr } = await plane.kubectl(['--namespace', namespace, ...args], stdin);
  if (code !== 0) throw new Error(`kubectl ${args.join(' ')} ended with ${code}: ${stderr}`);
}

async function send(plane: ControlPlane, method: string, path: string, body?: object): Promise<void> {
  const { status, body: answer } = await plane.request(method, path, body);
  if (status >= 300) throw new Error(`${method} ${path} was answered ${status}: ${JSON.stringify(answer)}`);
}
