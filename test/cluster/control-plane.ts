// A real control plane on loopback, without containers: etcd, kube-apiserver and kube-controller-manager. There is no
// kubelet and no scheduler, so Pods stay Pending, which is enough for admission.
import { mkdtempSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

import { assetsMissing } from './assets.ts';
import {
  apiServerFlags,
  controllerManagerFlags,
  etcdFlags,
  loopback,
  urlOf,
  writeFiles,
  type Ports,
} from './configuration.ts';
import { createApiClient, runKubectl, type ApiClient, type CommandResult, type Reply } from './connection.ts';
import { startSupervisor, type Supervisor } from './supervisor.ts';

export interface ControlPlane {
  /** `https://127.0.0.1:<port>` */
  readonly url: string;
  /** The CA of `url`, PEM. */
  readonly ca: string;
  /** The path of a kubeconfig for an admin (group system:masters). */
  readonly kubeconfig: string;
  /** The path of the audit log: one JSON event per line, RequestResponse for Pods and workloads, nothing else. */
  readonly auditLog: string;
  /** Runs kubectl as the admin. Rejects only if kubectl cannot be started. */
  kubectl(args: readonly string[], stdin?: string): Promise<CommandResult>;
  /** Sends a request as the admin. By default, a PATCH with a list is a JSON Patch, any other PATCH a JSON Merge Patch. */
  request(method: string, path: string, body?: unknown, type?: string): Promise<Reply>;
  /** Kills kube-apiserver and starts it again with the same data and port. Resolves when it is ready. */
  restartApiServer(): Promise<void>;
  /** Ends all three processes and removes their data. */
  stop(): Promise<void>;
}

export interface ControlPlaneOptions {
  /** Starts a proxy for etcd's port, and returns the port that kube-apiserver connects to instead. */
  readonly etcdProxy?: (etcdPort: number) => Promise<number>;
}

const startWithinMs = 90_000;

/**
 * Starts a control plane of its own on free ports, with its data in a temporary folder; a few seconds until it answers.
 * Rejects with how to get the programs when they are missing, and with the last lines of a program that ended early.
 */
export async function startControlPlane({ etcdProxy }: ControlPlaneOptions = {}): Promise<ControlPlane> {
  if (assetsMissing !== undefined) throw new Error(assetsMissing);
  const folder = mkdtempSync(join(tmpdir(), 'tidewaiter-cluster-'));
  const supervisor = startSupervisor(folder);
  try {
    const ports = await freePorts();
    const files = await writeFiles(folder, ports);
    const client = createApiClient(urlOf(ports), files.ca, files.admin);
    supervisor.start('etcd', etcdFlags(files, ports));
    const etcd = (await etcdProxy?.(ports.etcd)) ?? ports.etcd;
    const flags = apiServerFlags(files, { ...ports, etcd });
    supervisor.start('kube-apiserver', flags);
    await untilFound('/readyz', client, supervisor);
    supervisor.start('kube-controller-manager', controllerManagerFlags(files));
    // A Pod is refused until its namespace has a service account, which a controller makes.
    await untilFound('/api/v1/namespaces/default/serviceaccounts/default', client, supervisor);

    return {
      url: urlOf(ports),
      ca: files.ca,
      kubeconfig: files.kubeconfig,
      auditLog: files.auditLog,
      kubectl: (args, stdin) => runKubectl(files, args, stdin),
      async request(method, path, body, type) {
        const broken = supervisor.broken();
        if (broken !== undefined) throw new Error(broken);
        return client.request(method, path, body, type);
      },
      async restartApiServer() {
        await supervisor.restart('kube-apiserver', flags);
        await untilFound('/readyz', client, supervisor);
      },
      stop() {
        client.close();
        return supervisor.stop();
      },
    };
  } catch (error) {
    await supervisor.stop();
    throw error;
  }
}

async function untilFound(path: string, client: ApiClient, supervisor: Supervisor): Promise<void> {
  const giveUpAt = performance.now() + startWithinMs;
  let last = 'nothing';
  while (performance.now() < giveUpAt) {
    const why = supervisor.broken();
    if (why !== undefined) throw new Error(why);
    last = await client.request('GET', path).then(
      ({ status }) => `status ${status}`,
      (error: unknown) => String(error),
    );
    if (last === 'status 200') return;
    await delay(50);
  }
  throw new Error(
    `kube-apiserver did not answer 200 to ${path} within ${startWithinMs / 1000} s; the last answer: ${last}`,
  );
}

/** Returns ports that are free at this moment. All sockets stay open until the last port is known, so the ports differ. */
async function freePorts(): Promise<Ports> {
  const servers = [createServer(), createServer(), createServer()];
  const [etcd, etcdPeer, apiServer] = await Promise.all(servers.map(listen));
  for (const server of servers) server.close();
  if (etcd === undefined || etcdPeer === undefined || apiServer === undefined) throw new Error('no free port');
  return { etcd, etcdPeer, apiServer };
}

function listen(server: ReturnType<typeof createServer>): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, loopback, () => resolve((server.address() as AddressInfo).port));
  });
}
