/** `tidewaiter serve`: listens, prints commands to try, and stops gracefully. */
import { isatty } from 'node:tty';
import type { ServingCertificate } from '../../certificate/certificate.ts';
import type { Config, Flags, LoadedConfig } from '../../config/config.ts';
import { type Fingerprint, fingerprintOf } from '../../files/fingerprint.ts';
import { createLog, type ServerLog, standardOutput } from '../../server/log.ts';
import { buildServer } from '../../server/app.ts';
import { createCurrentContext } from '../../server/current-context.ts';
import { createCurrentTls } from '../../server/current-tls.ts';
import type { AdmissionServer } from '../../server/http.ts';
import { createMetrics, type Metrics } from '../../server/metrics.ts';
import { buildOperations, type Operations } from '../../server/operations.ts';
import { keepTickClass } from '../../server/fast/tick.ts';
import { VERSION } from '../../version.ts';
import { configured } from '../configured.ts';
import type { CertificateSource } from './certificate-source.ts';
import { openCertificate } from './serving-certificate.ts';
import { type ClusterUse, createClusterUse } from './cluster-use.ts';
import { configText } from './config-text.ts';
import { composeGeneration, type Generation, pathsOf } from './generation.ts';
import { greet } from './greeting.ts';
import { listen, type Listener, OPERATIONS, REVIEWS } from './listener.ts';
import { type NamespaceEndUse, openNamespaceEnd } from './namespace-end.ts';
import { createNotices } from './notices.ts';
import { createReadiness } from './readiness.ts';
import { registeredObjects } from './registered-objects.ts';
import type { Recorder } from '../../server/recording/recorder.ts';
import { openRecorder } from './recording-use.ts';
import { type OpenApi, sharedCluster } from '../../wiring.ts';
import { createRegistryUse, type RegistryUse } from './registry-use.ts';
import { keepCurrent, prepareSources, type Reloads, type ReloadServices, useGeneration } from './reloads.ts';
import type { Terminal } from '../terminal.ts';

export interface ServeFlags extends Flags {
  readonly printConfig?: boolean | undefined;
}

/** The time for running reviews after SIGTERM; it is shorter than a Pod's default grace period. */
const STOP_MS = 10_000;

export async function serve(flags: ServeFlags, terminal: Terminal): Promise<number> {
  keepTickClass();
  const loaded = await configured(flags, terminal);
  if (flags.printConfig) {
    terminal.out(configText(loaded.settings));
    return 0;
  }
  const running = await start(flags, loaded, terminal);
  await running.stopRequested;
  await running.stop();
  return 0;
}

interface RunningServer {
  /** Resolves on the first SIGTERM or SIGINT. */
  readonly stopRequested: Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Closes what was opened on errors, because the watch of a cluster keeps the process running. */
async function start(flags: Flags, loaded: LoadedConfig, terminal: Terminal): Promise<RunningServer> {
  const { config } = loaded;
  const files = await fingerprintOf(pathsOf(loaded));
  const composed = await composeGeneration(loaded, undefined);
  const log = createLog(config.logLevel, await standardOutput(terminal.isTerminal));
  process.once('exit', () => log.flush());
  const metrics = createMetrics(VERSION);
  const openApi = sharedCluster(config);
  const end = await openNamespaceEnd(openApi, log);
  const cluster = createClusterUse(openApi, { log, metrics: metrics.cluster });
  const registries = createRegistryUse(log);
  const recorder = await openRecorder(config, { log, metrics: metrics.recording });
  const parts = { flags, files, terminal, log, metrics, openApi, end, cluster, registries, recorder };
  try {
    return await startWith(composed, parts);
  } catch (error) {
    await closeAll([registries, cluster, end, recorder]);
    throw error;
  }
}

interface StartParts {
  readonly flags: Flags;
  /** Before they were loaded. */
  readonly files: Fingerprint;
  readonly terminal: Terminal;
  readonly log: ServerLog;
  readonly metrics: Metrics;
  readonly openApi: OpenApi;
  /** undefined: no cluster is used. */
  readonly end: NamespaceEndUse | undefined;
  readonly cluster: ClusterUse;
  readonly registries: RegistryUse;
  /** undefined: reviews are not recorded. */
  readonly recorder: Recorder | undefined;
}

interface ServerState {
  isStopping: boolean;
  /** undefined: the server does not listen yet. */
  reloads: Reloads | undefined;
}

async function startWith(generation: Generation, parts: StartParts): Promise<RunningServer> {
  const { log, metrics, openApi, end, cluster } = parts;
  const { config } = generation.loaded;
  const prepared = await prepareSources(generation, parts);
  const current = createCurrentContext(generation.composed.context);
  const notices = createNotices(log, config.recording);
  useGeneration(prepared, { current, metrics, notices });
  const readiness = createReadiness(config.operations !== undefined);
  const registration = {
    objects: (namespace: string) =>
      registeredObjects(current.context, { namespace, fail: config.fail, webhookKinds: config.webhookKinds }),
    isReady: () => end?.isKnown() !== true && cluster.notReady() === undefined && readiness.isReachable(),
  };
  const source = await openCertificate(config, { log, metrics: metrics.certificate, openApi, registration });
  const state: ServerState = { isStopping: false, reloads: undefined };
  const notSynced = untilFirstReady(cluster);
  const operations: Operations = {
    version: VERSION,
    metrics,
    notReady: () => readiness.probed(state.isStopping ? 'stopping' : (source.notReady() ?? notSynced())),
    degraded: () => state.reloads?.status() ?? [],
  };
  try {
    return await listenWith(generation, { ...parts, current, notices, source, operations, state });
  } catch (error) {
    await source.close();
    throw error;
  }
}

interface ListenParts extends StartParts, Pick<ReloadServices, 'current' | 'notices'> {
  readonly source: CertificateSource;
  readonly operations: Operations;
  readonly state: ServerState;
}

async function listenWith(generation: Generation, parts: ListenParts): Promise<RunningServer> {
  const { terminal, log, cluster, registries, recorder, current, source, end, operations, state } = parts;
  const { config } = generation.loaded;
  const sources = [source, registries, cluster, end, recorder];
  const stopRequested = stopSignal(terminal);
  const side = await listenApart(config, operations);
  // Probes are answered while the first certificate is awaited.
  const certificate = await Promise.race([source.first, stopRequested]);
  if (certificate === undefined) {
    return {
      stopRequested,
      async stop() {
        await end?.check();
        await closeAll([side, ...sources]);
      },
    };
  }
  for (const note of certificate.notes) terminal.note(`${note}\n`);
  const tls = createCurrentTls({ ...certificate, clients: generation.clients });
  const server = buildServer(current, { tls, operations, log, recorder });
  const listener = await listen(server, config.listen, REVIEWS).catch(async (error: unknown) => {
    await side?.close();
    throw error;
  });
  source.follow((next) => tls.change((settings) => ({ ...settings, cert: next.cert, key: next.key })));
  const reloads = keepCurrent(generation, { ...parts, tls });
  state.reloads = reloads;
  const endHangup = onHangup(terminal, () => void reloads.now());
  announce(listener.address, generation, { certificate, log, terminal });
  if (config.registersItself && side !== undefined) log.info({}, 'waiting for a probe of /readyz to register webhooks');
  return {
    stopRequested,
    async stop() {
      state.isStopping = true;
      endHangup();
      const ended = end?.check();
      await reloads.close();
      await stop(server, [listener, side], log);
      await ended;
      await closeAll(sources);
    },
  };
}

async function closeAll(closed: readonly ({ close(): Promise<void> } | undefined)[]): Promise<void> {
  await Promise.all(closed.map(async (one) => one?.close()));
}

/** Facts that policies of a later generation need first do not make a server unready that decides with an earlier one. */
function untilFirstReady(cluster: ClusterUse): () => string | undefined {
  let wasReady = false;
  return () => {
    const reason = wasReady ? undefined : cluster.notReady();
    wasReady = reason === undefined;
    return reason;
  };
}

/** Reports the start in the log and at a terminal. */
function announce(
  address: string,
  { composed: { policySource, context } }: Generation,
  to: { readonly certificate: ServingCertificate; readonly log: ServerLog; readonly terminal: Terminal },
): void {
  const { certificate, log, terminal } = to;
  const certificateUntil = certificate.notAfter.toISOString();
  log.info({ address, policy: policySource, certificateUntil, version: VERSION }, 'listening');
  greet(terminal, { address, certificate, policySource, policies: context.policies });
}

/** Starts the operations server; undefined: it is disabled. */
async function listenApart({ operations: address }: Config, operations: Operations): Promise<Listener | undefined> {
  return address && listen(buildOperations(operations), address, OPERATIONS);
}

/** Resolves on the first SIGTERM or SIGINT; the second signal ends the process. */
function stopSignal(terminal: Terminal): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals): void => {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
      terminal.note(`received ${signal}: finishing reviews in progress, then exiting\n`);
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

/** SIGHUP loads all files at once, unless it reports that the terminal was closed. */
function onHangup(terminal: Terminal, reload: () => void): () => void {
  const onSignal = (): void => {
    if (terminal.isTerminal && !isatty(1)) process.kill(process.pid, 'SIGTERM');
    else reload();
  };
  process.on('SIGHUP', onSignal);
  return () => process.off('SIGHUP', onSignal);
}

/** Closes the listeners one after the other, so that kubelet probes work while reviews finish. */
async function stop(
  server: AdmissionServer,
  listeners: readonly (Listener | undefined)[],
  log: ServerLog,
): Promise<void> {
  const cut = setTimeout(() => server.server.closeAllConnections(), STOP_MS);
  for (const listener of listeners) await listener?.close();
  clearTimeout(cut);
  log.info({}, 'stopped');
  log.flush();
}
