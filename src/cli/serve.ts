/** `tidewaiter serve`: listens, says what to try, stops gracefully. */
import { existsSync } from 'node:fs';
import { type Address, type Config, type Flags } from '../config/config.ts';
import { compose } from '../wiring.ts';
import { type LoadedPolicies, noticesAt, requireDecidable } from '../files/policies.ts';
import { createLog, type ServerLog, standardOutput } from '../server/log.ts';
import { pinsImages } from '../policy/plan.ts';
import type { Policy } from '../policy/policy.ts';
import { buildServer } from '../server/app.ts';
import { type ClientAuthority, loadClientAuthority } from '../server/client-authority.ts';
import type { AdmissionServer } from '../server/http.ts';
import { listenOn } from '../server/listening.ts';
import { createMetrics } from '../server/metrics.ts';
import { buildOperations, type Operations } from '../server/operations.ts';
import { keepTickClass } from '../server/tick.ts';
import { ensureCertificate, loadCertificate, type ServingCertificate } from '../server/tls.ts';
import { VERSION } from '../version.ts';
import { configured } from './configured.ts';
import { openRegistry, needRegistry } from './open-registry.ts';
import { printConfig } from './print-config.ts';
import type { Terminal } from './terminal.ts';
import { UserError } from '../error/user-error.ts';

export interface ServeFlags extends Flags {
  readonly printConfig?: boolean | undefined;
}

/** Running reviews get this long to be answered after SIGTERM; less than a Pod's default grace period. */
const STOP_MS = 10_000;

export async function serve(flags: ServeFlags, terminal: Terminal): Promise<number> {
  keepTickClass();
  const loaded = await configured(flags, terminal);
  if (flags.printConfig) {
    terminal.out(printConfig(loaded.settings));
    return 0;
  }
  const { config } = loaded;
  const { context: offline, policySource, loaded: policies } = await compose(config);
  if (offline.namespaces === undefined) requireDecidable(policies);
  const certificate = await certificateFor(config);
  const clients = await clientsOf(config);
  for (const note of certificate.notes) terminal.note(`${note}\n`);
  let stopping = false;
  const operations: Operations = {
    version: VERSION,
    metrics: createMetrics(VERSION, certificate.notAfter),
    notReady: () => (stopping ? 'stopping' : undefined),
  };
  operations.metrics.setExceptions(policies.exceptions);
  const log = createLog(config.logLevel, await standardOutput(terminal.isTerminal));
  process.once('exit', () => log.flush());
  tellNotices(policies, log);
  tellWhoMayAsk(config, log);
  const registries = await registriesFor(config, offline.policies, log);
  const context = { ...offline, ...registries?.ports };
  const gate = buildServer(context, { tls: { ...certificate, clients }, operations, log });
  const stopped = stopSignal(terminal);
  const listener = await listen(gate, config.listen, '--listen');
  const side = await listenApart(config, operations).catch(async (error: unknown) => {
    await Promise.all([listener.close(), registries?.close()]);
    throw error;
  });
  log.info(
    {
      address: listener.address,
      policy: policySource,
      certificateUntil: certificate.notAfter.toISOString(),
      version: VERSION,
    },
    'listening',
  );
  greet(terminal, {
    address: listener.address,
    certificate,
    policy: `${policySource} (${contentsOf(context.policies)})`,
  });
  await stopped;
  stopping = true;
  await stop(gate, [listener, side], log);
  await registries?.close();
  return 0;
}

/** `6 rules`, `6 rules, 1 pin` */
function contentsOf(policies: readonly Policy[]): string {
  const rules = policies.reduce((count, { bindings }) => count + bindings.length, 0);
  const pins = policies.filter(({ pin }) => pin !== undefined).length;
  return `${rules} rules${pins === 0 ? '' : `, ${pins} ${pins === 1 ? 'pin' : 'pins'}`}`;
}

/** Not loaded where no policy has anything to ask. */
async function registriesFor(
  config: Config,
  policies: readonly Policy[],
  log: ServerLog,
): Promise<Awaited<ReturnType<typeof openRegistry>> | undefined> {
  if (!needRegistry(policies) && !pinsImages(policies)) return undefined;
  return openRegistry(config, { credentials: 'node', askers: 'tenants', warn: (message) => log.warn({}, message) });
}

/** For operations; `undefined` when they are turned off. */
async function listenApart({ operations: address }: Config, operations: Operations): Promise<Listener | undefined> {
  return address && listen(buildOperations(operations), address, '--operations-port');
}

async function clientsOf({ clients }: Config): Promise<ClientAuthority | undefined> {
  return clients && loadClientAuthority(clients.ca, clients.names);
}

function tellWhoMayAsk({ nodeCredentials, clients }: Config, log: ServerLog): void {
  if (nodeCredentials !== undefined && clients === undefined) log.warn({}, ANYBODY_MAY_ASK);
}

/** An image that the nodes' credentials can read is then found, and its digest told, for whoever reaches the port. */
const ANYBODY_MAY_ASK =
  'nodeCredentials are used for every client that reaches the port, since clientCa is not set: set clientCa and clientNames, or let only API servers reach the port with a NetworkPolicy (SECURITY.md)';

/** Policies that can never apply and exceptions that end are no reason not to serve, and nobody should have to look for them. */
function tellNotices(policies: LoadedPolicies, log: ServerLog): void {
  for (const { kind, name, file, line, column, message } of noticesAt(policies, Date.now())) {
    log.warn({ kind, name, place: `${file}:${line}:${column}` }, message);
  }
  for (const { file, line, column, message } of policies.inputNotices) {
    log.warn({ place: line === null ? file : `${file}:${line}:${column ?? 1}` }, message);
  }
}

async function certificateFor({ cert, key, certsDir, listen: { host } }: Config): Promise<ServingCertificate> {
  if (cert !== undefined && key !== undefined) return loadCertificate({ cert, key });
  return ensureCertificate(certsDir, ['0.0.0.0', '::', ''].includes(host) ? [] : [host]);
}

type App = Parameters<typeof listenOn>[0] & Pick<AdmissionServer, 'close'>;

interface Listener {
  /** `host:port` */
  readonly address: string;
  close(): Promise<void>;
}

/** `from`: the flag that says where. */
async function listen(app: App, { host, port }: Address, from: string): Promise<Listener> {
  try {
    const listening = await listenOn(app, { host, port }, from === '--listen');
    const close = async (): Promise<void> => {
      await app.close();
      await listening.close();
    };
    return { address: `${host.includes(':') ? `[${host}]` : host}:${listening.port}`, close };
  } catch (error) {
    const reason = error instanceof Error && 'code' in error ? String(error.code) : String(error);
    const remedy = reason === 'EADDRINUSE' ? 'another process has it' : reason;
    const off = from === '--operations-port' ? ', or turn it off with --operations-port 0' : '';
    throw new UserError(`cannot listen on ${host}:${port}: ${remedy}; name another with ${from}${off}`, {
      cause: error,
    });
  }
}

/** Resolves on the first SIGTERM or SIGINT; the second one ends the process at once, as without us. */
function stopSignal(terminal: Terminal): Promise<void> {
  return new Promise((resolve) => {
    const onSignal = (signal: NodeJS.Signals): void => {
      process.off('SIGTERM', onSignal);
      process.off('SIGINT', onSignal);
      terminal.note(`${signal}: answering what is under way, then stopping\n`);
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
}

/** One after the other: the kubelet still asks while reviews are answered. */
async function stop(
  gate: AdmissionServer,
  listeners: readonly (Listener | undefined)[],
  log: ServerLog,
): Promise<void> {
  const cut = setTimeout(() => gate.server.closeAllConnections(), STOP_MS);
  for (const listener of listeners) await listener?.close();
  clearTimeout(cut);
  log.info({}, 'stopped');
  log.flush();
}

/** In a checkout of tidewaiter: a review as a real API server sent it. */
const EXAMPLE = 'test/recordings/pod-latest.json';
const MINIMAL_REVIEW = JSON.stringify({
  apiVersion: 'admission.k8s.io/v1',
  kind: 'AdmissionReview',
  request: {
    uid: '1',
    kind: { group: '', version: 'v1', kind: 'Pod' },
    namespace: 'shop',
    operation: 'CREATE',
    object: {
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name: 'web' },
      spec: { containers: [{ name: 'web', image: 'nginx' }] },
    },
  },
});

interface Greeting {
  readonly address: string;
  readonly certificate: ServingCertificate;
  readonly policy: string;
}

/** For a person who starts it by hand: at a terminal, or with a certificate that was made here. */
function greet(terminal: Terminal, { address, certificate, policy }: Greeting): void {
  const { ca, from, notAfter } = certificate;
  if (!terminal.isTerminal && ca === undefined) return;
  const url = `https://${address.replace(/^(0\.0\.0\.0|\[::\])/, '127.0.0.1')}`;
  const trust = ca === undefined ? '' : ` --cacert ${from.replace(/tls\.crt$/, 'ca.crt')}`;
  const body = existsSync(EXAMPLE) ? `@${EXAMPLE}` : `'${MINIMAL_REVIEW}'`;
  terminal.note(
    `tidewaiter ${VERSION}  ${url}  policy: ${policy}  certificate: ${from}, until ${notAfter.toISOString().slice(0, 10)}
Try it:
  curl${trust} -H 'content-type: application/json' -d ${body} ${url}/validate
  npx tidewaiter check FILE|FOLDER
  register it with a cluster: README.md, "Register it with a cluster"
`,
  );
}
