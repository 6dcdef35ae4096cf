// The operations ports of two replicas. Both Pods have the address of this machine, so the API server tells by its header which
// Pod a request is for.
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

import { createMetrics, type Metrics } from '../../src/server/metrics.ts';
import { buildOperations } from '../../src/server/operations.ts';
import type { KeyPair } from './certificates.ts';

export const REPLICA_VERSION = '0.1.0';

/** What one replica says about itself. */
export interface TestReplica {
  readonly metrics: Metrics;
  /** How far its clock is ahead of this machine, in milliseconds. */
  aheadMs: number;
}

/** Independent of Date.now, which a test changes to be another machine. */
export function machineTime(): number {
  return performance.timeOrigin + performance.now();
}

export function createReplica(certificate: KeyPair): TestReplica {
  const clock = { aheadMs: 0 };
  const metrics = createMetrics(REPLICA_VERSION, () => machineTime() + clock.aheadMs);
  metrics.certificate.setServed(new X509Certificate(certificate.cert));
  metrics.reloads.loaded('0123456789ab', machineTime() - 20 * 60_000);
  return Object.assign(clock, { metrics });
}

export interface OperationsPorts {
  readonly port: number;
  /** Gives each of the Pods another replica; a Pod keeps the one that it has. */
  assign(pods: readonly string[]): void;
  close(): Promise<void>;
}

export async function serveReplicas(replicas: readonly TestReplica[], host: string): Promise<OperationsPorts> {
  const apps = replicas.map(({ metrics }) =>
    buildOperations({ version: REPLICA_VERSION, metrics, notReady: () => undefined }),
  );
  await Promise.all(apps.map(async (app) => app.ready()));
  const byPod = new Map<string, (typeof apps)[number] | undefined>();
  const assign = (pods: readonly string[]): void => {
    for (const pod of byPod.keys()) if (!pods.includes(pod)) byPod.delete(pod);
    for (const pod of pods) {
      const used = new Set(byPod.values());
      if (!byPod.has(pod))
        byPod.set(
          pod,
          apps.find((app) => !used.has(app)),
        );
    }
  };
  const server = createServer((request, response) => {
    const { pod = '' } = /\/pods\/(?<pod>[^:/]+)/.exec(String(request.headers['x-forwarded-uri']))?.groups ?? {};
    const app = byPod.get(pod);
    if (app === undefined) response.writeHead(503).end();
    else app.routing(request, response);
  });
  server.listen({ host, port: 0 });
  await once(server, 'listening');
  return {
    port: (server.address() as AddressInfo).port,
    assign,
    async close() {
      server.closeAllConnections();
      await new Promise((resolve) => {
        server.close(resolve);
      });
      await Promise.all(apps.map(async (app) => app.close()));
    },
  };
}
