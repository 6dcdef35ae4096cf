/** `tidewaiter serve`: listens, prints commands to try, and stops gracefully. */
import type { Context } from '../../admission/context.ts';
import type { Config, Flags } from '../../config/config.ts';
import { compose, type Composed } from '../../wiring.ts';
import { type LoadedPolicies, noticesAt, requireDecidable } from '../../files/policies.ts';
import { createLog, type ServerLog, standardOutput } from '../../server/log.ts';
import { pinsImages } from '../../policy/plan.ts';
import type { Policy } from '../../policy/policy.ts';
import { buildServer } from '../../server/app.ts';
import { type ClientAuthority, loadClientAuthority } from '../../server/client-authority.ts';
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
import { openRegistry, needRegistry } from '../open-registry.ts';
import { type ClusterUse, createClusterUse } from './cluster-use.ts';
import { configText } from './config-text.ts';
import { greet, type Greeting } from './greeting.ts';
import { listen, type Listener, OPERATIONS, REVIEWS } from './listener.ts';
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
  const running = await start(loaded.config, terminal);
  await running.stopRequested;
  await running.stop();
  return 0;
}

interface RunningServer {
  /** Resolves on the first SIGTERM or SIGINT. */
  readonly stopRequested: Promise<void>;
  readonly stop: () => Promise<void>;
}

/** Closes the cluster on errors, because its watch keeps the process running. */
async function start(config: Config, terminal: Terminal): Promise<RunningServer> {
  const composed = await compose(config);
  const log = createLog(config.logLevel, await standardOutput(terminal.isTerminal));
  process.once('exit', () => log.flush());
  const metrics = createMetrics(VERSION);
  const cluster = createClusterUse(config, { log, metrics: metrics.cluster });
  try {
    return await startWith(composed, { config, terminal, log, metrics, cluster });
  } catch (error) {
    await cluster.close();
    throw error;
  }
}

interface StartParts {
  readonly config: Config;
  readonly terminal: Terminal;
  readonly log: ServerLog;
  readonly metrics: Metrics;
  readonly cluster: ClusterUse;
}

async function startWith(
  { context: offline, policySource, loaded: policies }: Composed,
  { config, terminal, log, metrics, cluster }: StartParts,
): Promise<RunningServer> {
  const clusterSources = await cluster.sourcesFor(offline.policies);
  if (clusterSources.namespaces === undefined) requireDecidable(policies);
  const clients = await clientsOf(config);
  metrics.setExceptions(policies.exceptions);
  logNotices(policies, log);
  logOpenCredentials(config, log);
  const registries = await registriesFor(config, offline.policies, log);
  const world = { ...registries?.sources, ...clusterSources };
  const context = Object.keys(world).length === 0 ? offline : { ...offline, world };
  const about = { policySource, policies: policies.policies };
  const source = await openCertificate(config, { log, metrics: metrics.certificate });
  const state = { isStopping: false };
  const notReady = (): string | undefined =>
    state.isStopping ? 'stopping' : (source.notReady() ?? cluster.notReady());
  const parts = { config, terminal, log, cluster, context, clients, source, registries, state, about };
  const sources = [source, registries, cluster];
  try {
    return await listenWith({ ...parts, operations: { version: VERSION, metrics, notReady } });
  } catch (error) {
    await closeAll(sources);
    throw error;
  }
}

interface ListenParts extends Pick<StartParts, 'config' | 'terminal' | 'log' | 'cluster'> {
  readonly context: Context;
  readonly clients: ClientAuthority | undefined;
  readonly source: CertificateSource;
  readonly registries: Awaited<ReturnType<typeof registriesFor>>;
  readonly operations: Operations;
  readonly state: { isStopping: boolean };
  readonly about: Pick<Greeting, 'policySource' | 'policies'>;
}

async function listenWith(parts: ListenParts): Promise<RunningServer> {
  const { config, terminal, log, cluster, context, clients, source, registries, operations, state, about } = parts;
  const current = createCurrentContext(context);
  const sources = [source, registries, cluster];
  const stopRequested = stopSignal(terminal);
  const side = await listenApart(config, operations);
  // Probes are answered while the first certificate is awaited.
  const certificate = await Promise.race([source.first, stopRequested]);
  if (certificate === undefined) return { stopRequested, stop: () => closeAll([side, ...sources]) };
  for (const note of certificate.notes) terminal.note(`${note}\n`);
  const tls = createCurrentTls({ ...certificate, clients });
  const server = buildServer(current, { tls, operations, log });
  const listener = await listen(server, config.listen, REVIEWS).catch(async (error: unknown) => {
    await side?.close();
    throw error;
  });
  source.follow((next) => tls.change((settings) => ({ ...settings, ...next })));
  announce(listener.address, { certificate, ...about }, { log, terminal });
  return {
    stopRequested,
    async stop() {
      state.isStopping = true;
      await stop(server, [listener, side], log);
      await closeAll(sources);
    },
  };
}

async function closeAll(closed: readonly ({ close(): Promise<void> } | undefined)[]): Promise<void> {
  await Promise.all(closed.map(async (one) => one?.close()));
}

/** Reports the start in the log and at a terminal. */
function announce(
  address: string,
  about: Omit<Greeting, 'address'>,
  { log, terminal }: { readonly log: ServerLog; readonly terminal: Terminal },
): void {
  const certificateUntil = about.certificate.notAfter.toISOString();
  log.info({ address, policy: about.policySource, certificateUntil, version: VERSION }, 'listening');
  greet(terminal, { address, ...about });
}

/** The registry is loaded only if a policy needs it. */
async function registriesFor(
  config: Config,
  policies: readonly Policy[],
  log: ServerLog,
): Promise<Awaited<ReturnType<typeof openRegistry>> | undefined> {
  if (!needRegistry(policies) && !pinsImages(policies)) return undefined;
  return openRegistry(config, { credentials: 'node', callers: 'tenants', warn: (message) => log.warn({}, message) });
}

/** Starts the operations server; undefined: it is disabled. */
async function listenApart({ operations: address }: Config, operations: Operations): Promise<Listener | undefined> {
  return address && listen(buildOperations(operations), address, OPERATIONS);
}

async function clientsOf({ clients, originOf }: Config): Promise<ClientAuthority | undefined> {
  return clients && loadClientAuthority(clients.ca, clients.names, originOf);
}

function logOpenCredentials({ nodeCredentials, clients }: Config, log: ServerLog): void {
  if (nodeCredentials !== undefined && clients === undefined) log.warn({}, OPEN_CREDENTIALS);
}

/** Any client that reaches the port can then find out whether a private image exists, and its digest. */
const OPEN_CREDENTIALS =
  'nodeCredentials are used for every client that reaches the port, because clientCa is not set; set clientCa and clientNames, or use a NetworkPolicy to allow only API servers (SECURITY.md)';

/** Logs notices, such as policies that never apply and exceptions that expire; they do not stop the server. */
function logNotices(policies: LoadedPolicies, log: ServerLog): void {
  for (const { kind, name, file, line, column, message } of noticesAt(policies, Date.now())) {
    log.warn({ kind, name, place: `${file}:${line}:${column}` }, message);
  }
  for (const { file, line, column, message } of policies.inputNotices) {
    log.warn({ place: line === null ? file : `${file}:${line}:${column ?? 1}` }, message);
  }
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
