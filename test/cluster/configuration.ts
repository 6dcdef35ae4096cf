// Files and flags of the three programs. Sources: the flag references of etcd 3.7 and of
// kube-apiserver and kube-controller-manager 1.37.
import { generateKeyPairSync } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

import { createAuthority, type KeyPair } from './certificates.ts';

export const loopback = '127.0.0.1';

export interface Ports {
  readonly etcd: number;
  readonly etcdPeer: number;
  readonly apiServer: number;
}

/** The files of one control plane: paths, except for the two that are needed as text. */
export interface Files {
  readonly folder: string;
  /** Text, PEM: what to trust. */
  readonly ca: string;
  /** Text, PEM: an admin. */
  readonly admin: KeyPair;
  readonly caFile: string;
  readonly serverCert: string;
  readonly serverKey: string;
  readonly serviceAccountKey: string;
  readonly kubeconfig: string;
  readonly auditPolicy: string;
  readonly auditLog: string;
  /** A folder, for kubectl. */
  readonly cacheFolder: string;
}

const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'replicationcontroller-controller',
  'statefulset-controller',
  'daemonset-controller',
  'job-controller',
  'cronjob-controller',
  'serviceaccount-controller',
  'namespace-controller',
  'garbage-collector-controller',
];

const auditPolicy = {
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  omitStages: ['RequestReceived'],
  rules: [
    {
      level: 'RequestResponse',
      resources: [
        { group: '', resources: ['pods', 'pods/*', 'podtemplates', 'replicationcontrollers'] },
        { group: 'apps' },
        { group: 'batch' },
      ],
    },
    { level: 'None' },
  ],
};

export async function writeFiles(folder: string, ports: Ports): Promise<Files> {
  const authority = await createAuthority();
  const server = await authority.serverCertificate(['localhost', loopback]);
  const admin = await authority.clientCertificate('admin', 'system:masters');
  const write = (name: string, content: string): string => {
    const path = join(folder, name);
    writeFileSync(path, content, { mode: 0o600 });
    return path;
  };
  const files: Files = {
    folder,
    ca: authority.cert,
    admin,
    caFile: write('ca.crt', authority.cert),
    serverCert: write('server.crt', server.cert),
    serverKey: write('server.key', server.key),
    serviceAccountKey: write('service-account.key', serviceAccountKey()),
    kubeconfig: write('kubeconfig', kubeconfig(ports, authority.cert, admin)),
    auditPolicy: write('audit-policy.json', JSON.stringify(auditPolicy)),
    auditLog: join(folder, 'audit.log'),
    cacheFolder: join(folder, 'kubectl-cache'),
  };
  mkdirSync(files.cacheFolder);
  return files;
}

export function urlOf(ports: Ports): string {
  return `https://${loopback}:${ports.apiServer}`;
}

export function etcdFlags(files: Files, ports: Ports): readonly string[] {
  const clients = `http://${loopback}:${ports.etcd}`;
  return [
    `--data-dir=${join(files.folder, 'etcd')}`,
    `--listen-client-urls=${clients}`,
    `--advertise-client-urls=${clients}`,
    `--listen-peer-urls=http://${loopback}:${ports.etcdPeer}`,
    '--unsafe-no-fsync', // the data is thrown away
    '--log-level=error',
  ];
}

export function apiServerFlags(files: Files, ports: Ports): readonly string[] {
  return [
    `--etcd-servers=http://${loopback}:${ports.etcd}`,
    `--bind-address=${loopback}`,
    `--secure-port=${ports.apiServer}`,
    '--endpoint-reconciler-type=none', // else it refuses a loopback address
    `--cert-dir=${files.folder}`,
    `--tls-cert-file=${files.serverCert}`,
    `--tls-private-key-file=${files.serverKey}`,
    `--client-ca-file=${files.caFile}`,
    '--authorization-mode=RBAC',
    '--allow-privileged=true',
    '--service-cluster-ip-range=10.0.0.0/24',
    '--enable-aggregator-routing=true', // calls webhooks at endpoints, because there is no kube-proxy
    '--service-account-issuer=https://kubernetes.default.svc',
    `--service-account-key-file=${files.serviceAccountKey}`,
    `--service-account-signing-key-file=${files.serviceAccountKey}`,
    `--audit-policy-file=${files.auditPolicy}`,
    `--audit-log-path=${files.auditLog}`,
  ];
}

export function controllerManagerFlags(files: Files): readonly string[] {
  return [
    `--kubeconfig=${files.kubeconfig}`,
    '--leader-elect=false',
    '--use-service-account-credentials=true', // each controller by its own name, as in most clusters
    '--secure-port=0',
    `--controllers=${controllers.join(',')}`,
    `--service-account-private-key-file=${files.serviceAccountKey}`,
  ];
}

function serviceAccountKey(): string {
  return generateKeyPairSync('ec', {
    namedCurve: 'P-256',
    privateKeyEncoding: { type: 'sec1', format: 'pem' },
    publicKeyEncoding: { type: 'spki', format: 'pem' },
  }).privateKey;
}

/** JSON is YAML. */
function kubeconfig(ports: Ports, ca: string, admin: KeyPair): string {
  return JSON.stringify({
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': 'test',
    contexts: [{ name: 'test', context: { cluster: 'test', user: 'admin' } }],
    clusters: [{ name: 'test', cluster: { server: urlOf(ports), 'certificate-authority-data': base64(ca) } }],
    users: [
      {
        name: 'admin',
        user: { 'client-certificate-data': base64(admin.cert), 'client-key-data': base64(admin.key) },
      },
    ],
  });
}

function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}
