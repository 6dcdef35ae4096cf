// A complete installation on a control plane: the objects that `tidewaiter manifests` prints, and a real server, to which the
// API server connects through the Service. There is no kubelet, so the tests write the status of the Pods.
import { X509Certificate } from 'node:crypto';
import { networkInterfaces } from 'node:os';
import { setTimeout as delay } from 'node:timers/promises';

import { createCommandFacts } from '../../src/cluster/facts/command-facts.ts';
import { loadConfig } from '../../src/config/config.ts';
import { parseDocuments } from '../../src/files/yaml/yaml.ts';
import { buildServer } from '../../src/server/app.ts';
import { createCurrentContext } from '../../src/server/current-context.ts';
import { createCurrentTls } from '../../src/server/current-tls.ts';
import { compose, openCluster } from '../../src/wiring.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { runCommand } from '../support/command.ts';
import { createAuthority, type Authority, type KeyPair } from './certificates.ts';
import type { ControlPlane } from './control-plane.ts';
import { createReplica, REPLICA_VERSION, serveReplicas, type TestReplica } from './replicas.ts';

/** An address of this machine that the API server accepts as an endpoint; undefined: there is none. */
export const endpointAddress = Object.values(networkInterfaces())
  .flatMap((addresses) => addresses ?? [])
  .find(({ family, internal }) => family === 'IPv4' && !internal)?.address;

export interface Installed {
  readonly kind: string;
  readonly apiVersion: string;
  readonly metadata: { readonly name: string; readonly namespace?: string; readonly deletionTimestamp?: string };
}

export interface Installation {
  readonly port: number;
  /** Changes the certificate that the server presents. */
  present(certificate: KeyPair): void;
  readonly authority: Authority;
  /** One for each Pod; the first one counts the reviews. */
  readonly replicas: readonly [TestReplica, TestReplica];
  /** Makes two Pods Ready. Resolves with their names. */
  ready(): Promise<readonly string[]>;
  stop(): Promise<void>;
}

export const SERVER_NAME = 'tidewaiter.tidewaiter.svc';

/** `policies`: paths. */
export async function install(plane: ControlPlane, policies: readonly string[]): Promise<Installation> {
  if (endpointAddress === undefined) throw new Error('this machine has only loopback addresses');
  const authority = await createAuthority();
  const certificate = await authority.serverCertificate([SERVER_NAME]);
  const { config } = await loadConfig({ kubeconfig: plane.kubeconfig }, {});
  const api = await openCluster(config);
  const world = api && createCommandFacts(api);
  const { context } = await compose({ kinds: kindTable(), policies }, { world });
  const replicas = [createReplica(certificate), createReplica(certificate)] as const;
  const operations = { version: REPLICA_VERSION, metrics: replicas[0].metrics, notReady: () => undefined };
  const tls = createCurrentTls({ ...certificate, clients: undefined });
  const log = { review: () => undefined, rejected: () => undefined, failed: () => undefined };
  const app = buildServer(createCurrentContext(context), { tls, operations, log });
  await app.listen({ host: endpointAddress, port: 0 });
  const side = await serveReplicas(replicas, endpointAddress);
  const port = portOf(app.server.address());
  await applyManifests(plane, policies, { ca: authority.cert, certificate, operationsPort: side.port });
  await createEndpoints(plane, port);
  const ready = async (): Promise<readonly string[]> => {
    const names = await readyPods(plane);
    side.assign(names);
    return names;
  };
  await ready();
  return {
    port,
    authority,
    replicas,
    ready,
    present(next) {
      tls.change((current) => ({ ...current, ...next }));
      for (const { metrics } of replicas) metrics.certificate.setServed(new X509Certificate(next.cert));
    },
    async stop() {
      app.server.closeAllConnections();
      await Promise.all([app.close(), side.close(), api?.close()]);
    },
  };
}

function portOf(address: unknown): number {
  return (address as { readonly port: number }).port;
}

interface Trust {
  readonly ca: string;
  readonly certificate: KeyPair;
}

async function applyManifests(
  plane: ControlPlane,
  policies: readonly string[],
  { operationsPort, ...trust }: Trust & { readonly operationsPort: number },
): Promise<void> {
  const flags = policies.flatMap((policy) => ['-p', policy]);
  const { code, out, note } = await runCommand(['manifests', '--tls', 'files', '--fail', 'closed', ...flags]);
  if (code !== 0) throw new Error(note);
  // Several installations can run on this machine.
  const text = out.replace('containerPort: 8080', `containerPort: ${operationsPort}`);
  const objects = parseDocuments(text).map((document) => {
    if (!document.ok) throw new Error(document.problem);
    return document.value as Installed & { webhooks?: { clientConfig: object }[] };
  });
  for (const object of objects) {
    const webhooks = object.webhooks?.map((webhook) => ({
      ...webhook,
      clientConfig: { ...webhook.clientConfig, caBundle: base64(trust.ca) },
    }));
    await create(plane, webhooks === undefined ? object : { ...object, webhooks });
    if (object.kind === 'Namespace') await create(plane, tlsSecret(trust));
  }
}

export function tlsSecret({ ca, certificate }: Trust): Installed & { readonly type: string; readonly data: object } {
  return {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'tidewaiter-tls', namespace: 'tidewaiter' },
    type: 'kubernetes.io/tls',
    data: { 'tls.crt': base64(certificate.cert), 'tls.key': base64(certificate.key), 'ca.crt': base64(ca) },
  };
}

export function base64(text: string): string {
  return Buffer.from(text).toString('base64');
}

const IRREGULAR: Readonly<Record<string, string>> = { networkpolicy: 'networkpolicies' };

export function collectionOf({ apiVersion, kind, metadata }: Installed): string {
  const root = apiVersion.includes('/') ? `/apis/${apiVersion}` : `/api/${apiVersion}`;
  const name = kind.toLowerCase();
  const scope = metadata.namespace === undefined ? '' : `/namespaces/${metadata.namespace}`;
  return `${root}${scope}/${IRREGULAR[name] ?? `${name}s`}`;
}

export async function create(plane: ControlPlane, object: Installed): Promise<void> {
  const { status, body } = await plane.request('POST', collectionOf(object), object);
  if (status !== 201) throw new Error(`${object.kind} ${object.metadata.name}: ${status} ${JSON.stringify(body)}`);
}

export function endpointSlice(port: number, addresses: readonly string[]): Installed {
  const slice = {
    apiVersion: 'discovery.k8s.io/v1',
    kind: 'EndpointSlice',
    metadata: {
      name: 'tidewaiter-1',
      namespace: 'tidewaiter',
      labels: { 'kubernetes.io/service-name': 'tidewaiter' },
    },
    addressType: 'IPv4',
    endpoints: addresses.map((address) => ({ addresses: [address], conditions: { ready: true } })),
    ports: [{ name: 'https', port, protocol: 'TCP' }],
  };
  return slice;
}

async function createEndpoints(plane: ControlPlane, port: number): Promise<void> {
  await create(plane, endpointSlice(port, [endpointAddress ?? '']));
}

const WITHIN_MS = 30_000;
export const PODS = '/api/v1/namespaces/tidewaiter/pods';

async function readyPods(plane: ControlPlane): Promise<readonly string[]> {
  const giveUpAt = performance.now() + WITHIN_MS;
  for (;;) {
    const { body } = await plane.request('GET', PODS);
    const names = (body as { items: Installed[] }).items
      .filter(({ metadata }) => metadata.deletionTimestamp === undefined)
      .map(({ metadata }) => metadata.name);
    if (names.length === 2) {
      for (const name of names) await plane.request('PATCH', `${PODS}/${name}/status`, { status: STATUS });
      return names;
    }
    if (performance.now() > giveUpAt) throw new Error(`${names.length} Pods exist`);
    await delay(50);
  }
}

const STATUS = {
  phase: 'Running',
  podIP: endpointAddress,
  podIPs: [{ ip: endpointAddress }],
  conditions: [{ type: 'Ready', status: 'True' }],
};
