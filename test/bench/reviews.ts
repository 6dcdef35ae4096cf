/**
 * AdmissionReviews of a Deployment's Pod as the API server sends them: 2 containers and an init container, the order of
 * keys that Go writes, managedFields. Always the same bytes.
 */

export interface Body {
  readonly name: string;
  readonly text: string;
}

interface Size {
  readonly name: string;
  /** Variables per container. */
  readonly variables: number;
  /** Probes, security contexts, mounted configuration. */
  readonly rich: boolean;
  /** Entries in managedFields; the first owns the whole Pod when it is rich. */
  readonly managers: number;
  /** Annotations of about 450 bytes. */
  readonly annotations: number;
  readonly update: boolean;
  /** Images by digest, else by tag. */
  readonly byDigest: boolean;
}

type Fields = Readonly<Record<string, unknown>>;

const TEN: Size = {
  name: '10 KB',
  variables: 11,
  rich: true,
  managers: 1,
  annotations: 0,
  update: false,
  byDigest: true,
};

const SIZES: readonly Size[] = [
  { ...TEN, name: '3 KB', variables: 0, rich: false },
  TEN,
  { ...TEN, name: '50 KB', variables: 37, managers: 2, annotations: 3, update: true },
  { ...TEN, name: '10 KB, tags', byDigest: false },
];

export function reviewBodies(): readonly Body[] {
  return SIZES.map((size) => ({ name: size.name, text: JSON.stringify(review(size)) }));
}

const POD_TYPE = { group: '', version: 'v1', kind: 'Pod' };
const POD_RESOURCE = { group: '', version: 'v1', resource: 'pods' };

function review(size: Size): Fields {
  const object = pod(size);
  return {
    kind: 'AdmissionReview',
    apiVersion: 'admission.k8s.io/v1',
    request: {
      uid: '2b7a1f6e-5c1d-4f0e-9a53-7c8e1d2f3a4b',
      kind: POD_TYPE,
      resource: POD_RESOURCE,
      requestKind: POD_TYPE,
      requestResource: POD_RESOURCE,
      ...(size.update ? { name: 'shop-7d9f8b6c5-x2x7q' } : {}),
      namespace: 'shop',
      operation: size.update ? 'UPDATE' : 'CREATE',
      userInfo: {
        username: 'system:serviceaccount:kube-system:replicaset-controller',
        uid: '8e1b6a0c-3f7d-4a52-b1c9-6d5e4f3a2b10',
        groups: ['system:serviceaccounts', 'system:serviceaccounts:kube-system', 'system:authenticated'],
      },
      object,
      oldObject: size.update ? pod({ ...size, byDigest: false }) : null,
      dryRun: false,
      options: { kind: size.update ? 'UpdateOptions' : 'CreateOptions', apiVersion: 'meta.k8s.io/v1' },
    },
  };
}

function pod(size: Size): Fields {
  const spec = podSpec(size);
  const labels = {
    'app.kubernetes.io/instance': 'shop',
    'app.kubernetes.io/name': 'shop',
    'pod-template-hash': '7d9f8b6c5',
  };
  const annotations = {
    'checksum/config': '5f'.repeat(32),
    'prometheus.io/scrape': 'true',
    ...Object.fromEntries(
      Array.from({ length: size.annotations }, (_, n) => [`example.com/note-${n}`, 'a note, '.repeat(56)]),
    ),
  };
  const owner = {
    apiVersion: 'apps/v1',
    kind: 'ReplicaSet',
    name: 'shop-7d9f8b6c5',
    uid: '0d3c5b7a-9f1e-4d2c-8b6a-1e3f5d7c9b0a',
    controller: true,
    blockOwnerDeletion: true,
  };
  const owned = size.rich ? { metadata: { annotations, labels }, spec } : { metadata: { labels } };
  return {
    kind: 'Pod',
    apiVersion: 'v1',
    metadata: {
      ...(size.update ? { name: 'shop-7d9f8b6c5-x2x7q' } : {}),
      generateName: 'shop-7d9f8b6c5-',
      namespace: 'shop',
      ...(size.update ? { uid: 'c4d5e6f7-1a2b-4c3d-9e8f-7a6b5c4d3e2f', resourceVersion: '481516' } : {}),
      creationTimestamp: size.update ? '2026-03-01T08:15:30Z' : null,
      labels,
      annotations,
      ownerReferences: [owner],
      managedFields: Array.from({ length: size.managers }, (_, n) => managedBy(n, owned)),
    },
    spec,
    status: {},
  };
}

function podSpec({ variables, rich, byDigest }: Size): Fields {
  const image = (name: string, tag: string, seed: string): string =>
    byDigest ? `${name}@sha256:${seed.repeat(64)}` : `${name}:${tag}`;
  const api = image('registry.example.com/shop/api', '1.27.3', 'a');
  const proxy = image('docker.io/library/nginx', '1.29', 'b');
  const migrate = image('registry.example.com/shop/migrate', 'v4.2.0', 'c');
  return {
    volumes: [
      ...(rich ? [{ name: 'config', configMap: { name: 'shop-config', defaultMode: 420 } }] : []),
      TOKEN_VOLUME,
    ],
    initContainers: [container('migrate', migrate, { rich: false, variables: 0, port: 9090 })],
    containers: [
      container('api', api, { rich, variables, port: 8080 }),
      container('proxy', proxy, { rich, variables: variables >> 1, port: 8081 }),
    ],
    restartPolicy: 'Always',
    terminationGracePeriodSeconds: 30,
    dnsPolicy: 'ClusterFirst',
    serviceAccountName: 'shop',
    serviceAccount: 'shop',
    securityContext: {},
    schedulerName: 'default-scheduler',
    tolerations: ['not-ready', 'unreachable'].map((state) => ({
      key: `node.kubernetes.io/${state}`,
      operator: 'Exists',
      effect: 'NoExecute',
      tolerationSeconds: 300,
    })),
    priority: 0,
    enableServiceLinks: true,
    preemptionPolicy: 'PreemptLowerPriority',
  };
}

const TOKEN_VOLUME = {
  name: 'kube-api-access-9kq4d',
  projected: {
    sources: [
      { serviceAccountToken: { expirationSeconds: 3607, path: 'token' } },
      { configMap: { name: 'kube-root-ca.crt', items: [{ key: 'ca.crt', path: 'ca.crt' }] } },
    ],
    defaultMode: 420,
  },
};

interface ContainerSize {
  readonly rich: boolean;
  readonly variables: number;
  readonly port: number;
}

function container(name: string, image: string, { rich, variables, port }: ContainerSize): Fields {
  const probe = (path: string): Fields => ({
    httpGet: { path, port, scheme: 'HTTP' },
    timeoutSeconds: 1,
    periodSeconds: 10,
    successThreshold: 1,
    failureThreshold: 3,
  });
  const mount = { name: TOKEN_VOLUME.name, readOnly: true, mountPath: '/var/run/secrets/kubernetes.io/serviceaccount' };
  return {
    name,
    image,
    ...(rich ? { args: ['--config=/etc/shop/config.yaml', '--log-format=json', `--listen=:${port}`] } : {}),
    ports: [{ name: 'http', containerPort: port, protocol: 'TCP' }],
    ...(variables > 0 ? { env: Array.from({ length: variables }, (_, n) => variable(name, n)) } : {}),
    resources: rich ? { limits: { cpu: '1', memory: '512Mi' }, requests: { cpu: '100m', memory: '128Mi' } } : {},
    ...(rich ? { volumeMounts: [{ name: 'config', readOnly: true, mountPath: '/etc/shop' }, mount] } : {}),
    ...(rich ? { livenessProbe: probe('/healthz'), readinessProbe: probe('/readyz') } : {}),
    terminationMessagePath: '/dev/termination-log',
    terminationMessagePolicy: 'File',
    imagePullPolicy: 'IfNotPresent',
    ...(rich
      ? { securityContext: { capabilities: { drop: ['ALL'] }, runAsNonRoot: true, readOnlyRootFilesystem: true } }
      : {}),
  };
}

function variable(owner: string, n: number): Fields {
  if (n % 4 === 3)
    return { name: `PASSWORD_${n}`, valueFrom: { secretKeyRef: { name: `${owner}-passwords`, key: `key-${n}` } } };
  return { name: `SETTING_${n}`, value: `an ordinary value number ${n} of the container ${owner}` };
}

const MANAGERS = ['kube-controller-manager', 'kubectl-rollout'];

function managedBy(n: number, owned: Fields): Fields {
  return {
    manager: MANAGERS[n % MANAGERS.length],
    operation: 'Update',
    apiVersion: 'v1',
    time: '2026-03-01T08:15:30Z',
    fieldsType: 'FieldsV1',
    fieldsV1: fieldSet(owned),
  };
}

/** FieldsV1: `f:` names a field, `k:` an item of a list by its key, `.` the thing itself. */
function fieldSet(value: object): Fields {
  const fields: Record<string, unknown> = {};
  for (const [key, child] of Object.entries(value)) {
    const isTree = typeof child === 'object' && child !== null;
    if (!isTree) fields[`f:${key}`] = {};
    else fields[`f:${key}`] = Array.isArray(child) ? itemSet(child) : fieldSet(child);
  }
  return fields;
}

function itemSet(items: readonly unknown[]): Fields {
  const fields: Record<string, unknown> = { '.': {} };
  for (const item of items) {
    if (typeof item !== 'object' || item === null || !('name' in item)) return {};
    fields[`k:${JSON.stringify({ name: item.name })}`] = { '.': {}, ...fieldSet(item) };
  }
  return fields;
}
