// The server in this process, registered with a real API server as the manifests say.
import { afterAll, beforeAll } from 'vitest';

import type { Context } from '../../src/admission/context.ts';
import { type TestServer, startAdmissionServer } from '../support/admission-server.ts';
import type { Reply } from './connection.ts';
import { type ControlPlane, type ControlPlaneOptions, startControlPlane } from './control-plane.ts';
import { createNamespace, type KubernetesObject, pathOf, podOf } from './objects.ts';
import {
  byUrl,
  type Configuration,
  defaultConfigurations,
  register,
  type Target,
  untilEffective,
} from './registration.ts';

export interface GateCluster {
  readonly plane: ControlPlane;
  readonly server: TestServer;
  readonly target: Target;
  /** Creates an object; `?dryRun=All` as `query` makes it a dry run. */
  create(namespace: string, object: KubernetesObject, query?: string): Promise<Reply>;
}

interface GateClusterOptions extends ControlPlaneOptions {
  readonly namespaces: readonly string[];
  readonly context: (plane: ControlPlane) => Context | Promise<Context>;
  /** Runs before the webhooks are registered. */
  readonly prepare?: (plane: ControlPlane) => Promise<void>;
  /** The API server calls both webhooks for it. */
  readonly probe?: () => KubernetesObject;
  /** What to register first; by default the configurations of the manifests. */
  readonly configurations?: (target: Target) => readonly Configuration[];
}

const startTimeoutMs = 120_000;

/** Called in the body of a suite; the returned function is called in its tests. */
export function gateClusterWith({
  namespaces,
  context,
  prepare,
  probe = () => podOf('probe', 'example.com/probe:1'),
  configurations = byDefault,
  ...options
}: GateClusterOptions): () => GateCluster {
  let plane: ControlPlane | undefined;
  let server: TestServer | undefined;
  let cluster: GateCluster | undefined;

  beforeAll(async () => {
    const started = (plane = await startControlPlane(options));
    for (const namespace of namespaces) await createNamespace(started, namespace);
    const serving = (server = await startAdmissionServer(await context(started)));
    await prepare?.(started);
    const target = { url: serving.url, caBundle: Buffer.from(serving.certificate.ca ?? '').toString('base64') };
    for (const configuration of configurations(target)) await register(started, configuration);
    const create: GateCluster['create'] = (namespace, object, query = '') =>
      started.request('POST', pathOf(object, namespace) + query, object);
    cluster = { plane: started, server: serving, target, create };
    const ask = (): Promise<Reply> => create(namespaces[0] ?? 'default', probe(), '?dryRun=All');
    const isCalled = (): boolean => new Set(serving.reviews.map(({ endpoint }) => endpoint)).size === 2;
    await untilEffective('both webhooks', ask, isCalled);
  }, startTimeoutMs);

  // Runs even if the start failed.
  afterAll(async () => {
    await plane?.stop();
    await server?.stop();
  });

  return () => {
    if (cluster === undefined) throw new Error('the control plane is not ready');
    return cluster;
  };
}

function byDefault(target: Target): readonly Configuration[] {
  return defaultConfigurations().map((configuration) => byUrl(configuration, target));
}
