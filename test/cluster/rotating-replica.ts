// One replica of the server with a self-managed certificate that rotates within seconds: `node rotating-replica.ts OPTIONS`.
// Writes a JSON line for each event to standard output.
import { openClusterApi } from '../../src/cluster/client.ts';
import { manageCertificate, type ManagedTimes } from '../../src/cluster/certificate/managed-certificate.ts';
import type { Lifetimes } from '../../src/certificate/rotation.ts';
import { kindTable } from '../../src/pod/kinds.ts';
import { buildServer } from '../../src/server/app.ts';
import { createCurrentContext } from '../../src/server/current-context.ts';
import { createCurrentTls } from '../../src/server/current-tls.ts';
import { listenOn } from '../../src/server/listening.ts';
import { createMetrics } from '../../src/server/metrics.ts';
import { compose } from '../../src/wiring.ts';

export interface ReplicaOptions {
  readonly kubeconfig: string;
  readonly lifetimes: Lifetimes;
  readonly times: ManagedTimes;
}

export type ReplicaEvent =
  | { readonly event: 'listening'; readonly port: number }
  | { readonly event: 'serving'; readonly serial: string }
  | { readonly event: 'ready'; readonly notReady: string | undefined }
  | { readonly event: 'note'; readonly note: string };

/** Of all responses. */
const CLOSED_SHARE = 0.2;

function tell(event: ReplicaEvent): void {
  process.stdout.write(`${JSON.stringify(event)}\n`);
}

const { kubeconfig, lifetimes, times } = JSON.parse(process.argv[2] ?? '') as ReplicaOptions;
const api = openClusterApi(
  { mode: 'on', from: 'the test', kubeconfig, context: undefined },
  { env: process.env, originOf: () => '' },
);
const { context } = await compose({ kinds: kindTable(), policies: [] });
let start: ((pair: { readonly cert: string; readonly key: string }) => void) | undefined = (pair) => {
  start = undefined;
  const tls = createCurrentTls(pair);
  use = (next) => tls.change((settings) => ({ ...settings, ...next }));
  const operations = { version: '0', metrics: createMetrics('0'), notReady: () => undefined };
  const log = { review: () => undefined, rejected: () => undefined, failed: () => undefined };
  const app = buildServer(createCurrentContext(context), { tls, operations, log });
  app.server.prependListener('request', (_request, response) => {
    if (Math.random() < CLOSED_SHARE) response.shouldKeepAlive = false;
  });
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
