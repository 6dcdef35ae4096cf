// A control plane and a server of ours, for all tests of one suite: there before the first, gone after the last.
import { afterAll, beforeAll } from 'vitest';

import type { Reply } from './connection.ts';
import { startControlPlane, type ControlPlane } from './control-plane.ts';
import { prepareGateServers, type GateServer, type GateServers } from './gate-servers.ts';
import { createNamespace, pathOf, type KubernetesObject } from './objects.ts';
import type { Target } from './registration.ts';

export interface GateCluster {
  readonly plane: ControlPlane;
  readonly gate: GateServer;
  /** For more servers. */
  readonly gates: GateServers;
  /** Where `gate` is. */
  readonly target: Target;
  /** With `?dryRun=All` as `query`, a rehearsal. */
  readonly create: (namespace: string, object: KubernetesObject, query?: string) => Promise<Reply>;
}

const startTimeoutMs = 120_000;

/** Call it in the body of a suite, and the result in its tests. `prepare` is the rest of what comes before them. */
export function gateClusterWith(
  namespaces: readonly string[],
  prepare: (cluster: GateCluster) => Promise<void>,
): () => GateCluster {
  let gates: GateServers | undefined;
  let plane: ControlPlane | undefined;
  let cluster: GateCluster | undefined;

  beforeAll(async () => {
    gates = prepareGateServers();
    const gate = await gates.start();
    const started = (plane = await startControlPlane());
    for (const namespace of namespaces) await createNamespace(started, namespace);
    cluster = {
      plane: started,
      gate,
      gates,
      target: { url: gate.url, caBundle: gates.caBundle() },
      create: (namespace, object, query = '') => started.request('POST', pathOf(object, namespace) + query, object),
    };
    await prepare(cluster);
  }, startTimeoutMs);

  // Also when the start was not finished.
  afterAll(async () => {
    await plane?.stop();
    await gates?.close();
  });

  return () => {
    if (cluster === undefined) throw new Error('the control plane is not ready');
    return cluster;
  };
}
