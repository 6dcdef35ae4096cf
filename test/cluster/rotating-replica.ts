// One replica of the server with a self-managed certificate that rotates within seconds and policies that are loaded again when they
// change: `node rotating-replica.ts OPTIONS`.
// Writes a JSON line for each event to standard output.
import { openClusterApi } from '../../src/cluster/client.ts';
import { manageCertificate, type ManagedTimes } from '../../src/cluster/certificate/managed-certificate.ts';
import type { Lifetimes } from '../../src/certificate/rotation.ts';
import { createClusterUse } from '../../src/cli/serve/cluster-use.ts';
import { sharedCluster } from '../../src/wiring.ts';
import { composeGeneration, pathsOf } from '../../src/cli/serve/generation.ts';
import { createNotices } from '../../src/cli/serve/notices.ts';
import { createRegistryUse } from '../../src/cli/serve/registry-use.ts';
import { keepCurrent, prepareSources, useGeneration } from '../../src/cli/serve/reloads.ts';
import { loadConfig } from '../../src/config/config.ts';
import { fingerprintOf } from '../../src/files/fingerprint.ts';
import { buildServer } from '../../src/server/app.ts';
import { createCurrentContext } from '../../src/server/current-context.ts';
import { createCurrentTls } from '../../src/server/current-tls.ts';
import { listenOn } from '../../src/server/listening.ts';
import type { ServerLog } from '../../src/server/log.ts';
import { createMetrics } from '../../src/server/metrics.ts';

export interface ReplicaOptions {
  readonly kubeconfig: string;
  readonly lifetimes: Lifetimes;
  readonly times: ManagedTimes;
  /** A directory of policies that use neither a registry nor the cluster. */
  readonly policies: string;
}

export type ReplicaEvent =
  | { readonly event: 'listening'; readonly port: number }
  | { readonly event: 'serving'; readonly serial: string }
  | { readonly event: 'ready'; readonly notReady: string | undefined }
  | { readonly event: 'note'; readonly note: string }
  | { readonly event: 'log'; readonly message: string };

/** Of all responses. */
const CLOSED_SHARE = 0.1;

function tell(event: ReplicaEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

const { kubeconfig, lifetimes, times, policies } = JSON.parse(process.argv[2] ?? '') as ReplicaOptions;
const api = openClusterApi(
  { mode: 'on', from: 'the test', kubeconfig, context: undefined },
  { env: process.env, originOf: () => '' },
);
const message = (text: string): void => tell({ event: 'log', message: text });
const log: ServerLog = {
  review: () => undefined,
  rejected: (code, text) => message(`${code} ${text}`),
  failed: (cause) => message(String(cause)),
  info: (_fields, text) => message(text),
  warn: (_fields, text) => message(text),
  error: (_fields, text) => message(text),
  flush: () => undefined,
};
const flags = { policy: [policies], cluster: 'off' };
const loaded = await loadConfig(flags, {});
const files = await fingerprintOf(pathsOf(loaded));
const generation = await composeGeneration(loaded, undefined);
const metrics = createMetrics('0');
const cluster = createClusterUse(sharedCluster(loaded.config), { log, metrics: metrics.cluster });
const registries = createRegistryUse(log);
const current = createCurrentContext(generation.composed.context);
const notices = createNotices(log);
useGeneration(await prepareSources(generation, { cluster, registries }), { current, metrics, notices });
let start: ((pair: { readonly cert: string; readonly key: string }) => void) | undefined = (pair) => {
  start = undefined;
  const tls = createCurrentTls(pair);
  use = (next) => tls.change((settings) => ({ ...settings, ...next }));
  const app = buildServer(current, { tls, operations: { version: '0', metrics, notReady: () => undefined }, log });
  app.server.prependListener('request', (_request, response) => {
    if (Math.random() < CLOSED_SHARE) response.shouldKeepAlive = false;
  });
  keepCurrent(generation, { flags, files, cluster, registries, current, tls, metrics, notices, log });
  void listenOn(app, { host: '127.0.0.1', port: 0 }, true).then(({ port }) => tell({ event: 'listening', port }));
};
let use = (_pair: { readonly cert: string; readonly key: string }): void => undefined;
let served = '';
let told: string | undefined = 'nothing';

manageCertificate(api, {
  names: ['127.0.0.1', 'tidewaiter.tidewaiter.svc'],
  lifetimes,
  times,
  onNote: (note) => tell({ event: 'note', note }),
  onStatus({ leaf, notReady }) {
    if (leaf !== undefined && leaf.cert !== served) {
      served = leaf.cert;
      const { cert, key, certificate } = leaf;
      if (start === undefined) use({ cert, key });
      else start({ cert, key });
      tell({ event: 'serving', serial: certificate.serialNumber });
    }
    if (notReady !== told) tell({ event: 'ready', notReady });
    told = notReady;
  },
});
