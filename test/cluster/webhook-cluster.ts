// Starts a control plane and a server before the tests of a suite, and stops them afterwards.
import { afterAll, beforeAll } from 'vitest';

import type { Reply } from './connection.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { prepareServers, type ServerProcess, type ServerProcesses } from './server-processes.ts';
import { createNamespace, pathOf, type KubernetesObject } from './objects.ts';
import type { Target } from './registration.ts';

export interface WebhookCluster {
  readonly plane: ControlPlane;
  readonly server: ServerProcess;
  /** Starts more servers. */
  readonly servers: ServerProcesses;
  /** The URL and CA of `server`. */
  readonly target: Target;
  /** Creates an object; `?dryRun=All` as `query` makes it a dry run. */
  readonly create: (namespace: string, object: KubernetesObject, query?: string) => Promise<Reply>;
}

const startTimeoutMs = 120_000;

/** Called in the body of a suite; the returned function is called in its tests. `prepare` runs before the first test. */
export function webhookClusterWith(
  namespaces: readonly string[],
  prepare: (cluster: WebhookCluster) => Promise<void>,
): () => WebhookCluster {
  let servers: ServerProcesses | undefined;
  let plane: ControlPlane | undefined;
  let cluster: WebhookCluster | undefined;

  beforeAll(async () => {
    servers = prepareServers();
    const server = await servers.start();
    const started = (plane = await startControlPlane());
    for (const namespace of namespaces) await createNamespace(started, namespace);
    cluster = {
      plane: started,
      server,
      servers,
      target: { url: server.url, caBundle: servers.caBundle() },
      create: (namespace, object, query = '') => started.request('POST', pathOf(object, namespace) + query, object),
    };
    await prepare(cluster);
  }, startTimeoutMs);

  // Runs even if the start failed.
  afterAll(async () => {
    await plane?.stop();
    await servers?.close();
  });

  return () => {
    if (cluster === undefined) throw new Error('the control plane is not ready');
    return cluster;
  };
}
