// Objects for the webhook and `check`, and whether they are allowed.
import { cronJob, digest, job, pinned, pod, podOf, workload, type KubernetesObject } from './objects.ts';

interface DecisionCase {
  readonly what: string;
  readonly object: KubernetesObject;
  readonly allowed: boolean;
}

const images: readonly { readonly what: string; readonly image: string; readonly allowed: boolean }[] = [
  { what: 'tag and digest', image: pinned, allowed: true },
  { what: 'a digest alone', image: `nginx@${digest}`, allowed: true },
  { what: 'a tag', image: 'nginx:1.27', allowed: true },
  { what: 'a registry with a port', image: 'registry.example.com:5000/web:1', allowed: true },
  { what: 'the frozen registry', image: 'k8s.gcr.io/pause:3.9', allowed: true },
  { what: 'neither tag nor digest', image: 'nginx', allowed: false },
  { what: 'the tag latest', image: 'ghcr.io/acme/web:latest', allowed: false },
  { what: 'the tag latest beside a digest', image: `nginx:latest@${digest}`, allowed: true },
  { what: 'upper case', image: 'Nginx:1.27', allowed: false },
  { what: 'a scheme', image: 'https://nginx:1.27', allowed: false },
  { what: 'an invisible character', image: 'nginx\u202E:1.27', allowed: false },
  { what: 'quotes and markup', image: 'nginx:"<b>"', allowed: false },
  { what: 'a digest cut short', image: 'nginx@sha256:0d17b565', allowed: false },
  { what: 'a host that cannot be', image: '-evil.example.com/web:1', allowed: false },
];

export const decisionCases: readonly DecisionCase[] = [
  ...images.map(({ what, image, allowed }) => ({
    what: `a Pod whose image has ${what}`,
    object: podOf('web', image),
    allowed,
  })),
  {
    what: 'a Pod that never pulls',
    object: pod('never', { containers: [{ name: 'main', image: 'nginx:1.27', imagePullPolicy: 'Never' }] }),
    allowed: true,
  },
  {
    what: 'a Pod with containers of all kinds and an image volume',
    object: pod('full', {
      initContainers: [
        { name: 'migrate', image: 'shop/migrate' },
        { name: 'proxy', image: 'envoy:v1.31.2', restartPolicy: 'Always', ports: [{ containerPort: 8080 }] },
      ],
      containers: [
        { name: 'web', image: 'registry.example.com/shop/web:7', ports: [{ name: 'http', containerPort: 8080 }] },
        { name: 'metrics', image: pinned },
      ],
      volumes: [{ name: 'model', image: { reference: 'registry.example.com/models/m:latest' } }],
    }),
    allowed: false,
  },
  {
    what: 'a Pod whose containers want one port of the node',
    object: pod('node-ports', {
      containers: [
        { name: 'a', image: pinned, ports: [{ containerPort: 9100, hostPort: 9100 }] },
        { name: 'b', image: pinned, ports: [{ containerPort: 9101, hostPort: 9100, hostIP: '127.0.0.1' }] },
      ],
    }),
    allowed: false,
  },
  {
    what: 'a Pod that is named later',
    object: { ...podOf('', 'nginx'), metadata: { generateName: 'batch-' } },
    allowed: false,
  },
  { what: 'a Deployment', object: workload('Deployment', 'web', 'nginx'), allowed: false },
  { what: 'a pinned Deployment', object: workload('Deployment', 'web', pinned), allowed: true },
  { what: 'a ReplicaSet', object: workload('ReplicaSet', 'web', 'nginx'), allowed: false },
  { what: 'a StatefulSet', object: workload('StatefulSet', 'db', 'postgres'), allowed: false },
  { what: 'a DaemonSet', object: workload('DaemonSet', 'logs', 'fluent/fluent-bit'), allowed: false },
  { what: 'a ReplicationController', object: workload('ReplicationController', 'old', 'nginx'), allowed: false },
  { what: 'a Job', object: job('report', 'shop/report:latest'), allowed: false },
  { what: 'a CronJob', object: cronJob('report', 'shop/report:latest'), allowed: false },
  { what: 'a CronJob with a tag', object: cronJob('report', 'shop/report:4'), allowed: true },
  {
    what: 'a PodTemplate',
    object: {
      apiVersion: 'v1',
      kind: 'PodTemplate',
      metadata: { name: 'blank' },
      template: { spec: { containers: [{ name: 'main', image: 'nginx' }] } },
    },
    allowed: false,
  },
];
