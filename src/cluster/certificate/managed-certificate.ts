/**
 * The serving certificate that replicas generate and renew together, in one Secret. Each replica does the same: it reads the webhook
 * configurations, then the Secret, and makes the next change; a change that another replica has made first is read again
 * (HTTP 409). Therefore, no replica has to be the leader. The order of changes: the next CA is stored, then trusted by all
 * webhooks, then it signs the serving certificate; the old CA is removed when its last certificate has expired.
 */
import {
  authoritiesOf,
  bundleOf,
  formatManagedState,
  type ManagedLeaf,
  type ManagedState,
  type ReadState,
  readManagedState,
} from '../../certificate/managed-state.ts';
import { BACKDATE_MS } from '../../certificate/sign.ts';
import { type Change, LIFETIMES, type Lifetimes, nextChange } from '../../certificate/rotation.ts';
import type { ClusterApi } from '../api.ts';
import { watchObjects } from '../watch.ts';
import { createRegistrar, isConflict, messageOf, type Registrar } from './registrar.ts';
import type { Registration } from './registration.ts';
import { readTlsSecret, secretsPath, TLS_SECRET, type TlsSecret, writeTlsSecret } from './tls-secret.ts';
import { createTrust, type Trust } from './trust.ts';
import { CONFIGURATION_PATHS, type ReadConfigurations, readConfigurations } from './webhook-configurations.ts';

export interface ManagedOptions {
  /** DNS names and IP addresses of the server. */
  readonly names: readonly string[];
  /** Called when the state is read, and when reading it fails. */
  readonly onStatus: (status: ManagedStatus) => void;
  /** undefined: others register the webhooks. */
  readonly registration?: Registration | undefined;
  /** Receives what this replica changed. */
  readonly onNote: (note: string) => void;
  readonly lifetimes?: Lifetimes;
  readonly times?: ManagedTimes;
  /** Unix time in milliseconds. */
  readonly now?: () => number;
}

export interface ManagedTimes {
  /** How long all webhooks must have had a CA before it is used, because each API server learns of a change by itself. */
  readonly settleMs: number;
  /** The longest time between two checks; a watch starts one as well. */
  readonly checkMs: number;
  readonly retryMs: number;
}

export interface ManagedStatus {
  /** The certificate to serve; undefined: there is none yet. */
  readonly leaf: ManagedLeaf | undefined;
  /** All CAs of the Secret. */
  readonly authorities: ManagedState['previous'];
  /** Whether caBundle in all webhook configurations contains the CA of the certificate. */
  readonly isTrusted: boolean;
  /** Why API servers may not accept the certificate; undefined: they accept it. */
  readonly notReady: string | undefined;
  /** Why the state cannot be read or renewed. */
  readonly problem: string | undefined;
}

const TIMES: ManagedTimes = { settleMs: 10_000, checkMs: 30_000, retryMs: 1000 };
const MAX_RETRY_MS = 30_000;
const CONFLICT_MS = 100;
/** Several changes come together, such as those of another replica. */
const WAKE_MS = 50;

interface Manager {
  readonly api: ClusterApi;
  readonly options: ManagedOptions;
  readonly times: ManagedTimes;
  readonly lifetimes: Lifetimes;
  readonly now: () => number;
  readonly jitter: number;
  readonly trust: Trust;
  readonly signal: AbortSignal;
  readonly registrar: Registrar;
  served: ManagedLeaf | undefined;
  authorities: ManagedStatus['authorities'];
  wake: () => void;
}

export interface ManagedCertificate {
  /** Starts a check, for example because `registration` became ready. */
  readonly check: () => void;
  readonly stop: () => void;
}

export function manageCertificate(api: ClusterApi, options: ManagedOptions): ManagedCertificate {
  const { times = TIMES, lifetimes = LIFETIMES, now = Date.now } = options;
  const end = new AbortController();
  const { signal } = end;
  const trust = createTrust(times.settleMs);
  const registrar = createRegistrar(api, { registration: options.registration, onNote: options.onNote, signal });
  const start = { registrar, served: undefined, authorities: [], wake: () => undefined };
  const manager: Manager = { api, options, times, lifetimes, now, jitter: Math.random(), trust, signal, ...start };
  const onChange = (): void => manager.wake();
  const watched = [...CONFIGURATION_PATHS.map((path) => [path, 'tidewaiter']), [secretsPath(api), TLS_SECRET]] as const;
  for (const [path = '', name = ''] of watched) {
    watchObjects(api, {
      path,
      query: { fieldSelector: `metadata.name=${name}` },
      valueOf: () => true,
      onChange,
      signal,
    });
  }
  void keepRunning(manager);
  return {
    check: () => manager.wake(),
    stop: () => {
      end.abort();
      manager.wake();
    },
  };
}

/** `again`: something was changed, or another replica was faster. */
type Outcome = 'again' | 'pending' | 'idle';

async function keepRunning(manager: Manager): Promise<void> {
  const { signal, times } = manager;
  for (let failures = 0; !signal.aborted;) {
    const next = nextWake(manager);
    let outcome: Outcome | 'failed';
    try {
      outcome = await pass(manager);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      outcome = isConflict(error) ? 'again' : 'failed';
      if (outcome === 'failed') report(manager, messageOf(error));
      failures += 1;
    }
    const random = 0.5 + Math.random() / 2;
    const waitMs = {
      again: failures === 0 ? 0 : CONFLICT_MS * random,
      pending: times.settleMs / 4,
      idle: times.checkMs,
      failed: Math.min(MAX_RETRY_MS, times.retryMs * 2 ** Math.min(failures, 10)) * random,
    };
    await next(waitMs[outcome], outcome === 'pending' || outcome === 'idle');
  }
}

/** Changes since the call end the wait. */
function nextWake(manager: Manager): (waitMs: number, canWake: boolean) => Promise<void> {
  const { signal } = manager;
  const { promise, resolve } = Promise.withResolvers<void>();
  let isWoken = false;
  let wake = (): void => undefined;
  manager.wake = () => {
    isWoken = true;
    wake();
  };
  return (waitMs, canWake) => {
    const shortMs = Math.min(waitMs, WAKE_MS);
    let timer = setTimeout(resolve, canWake && isWoken ? shortMs : waitMs).unref();
    wake = () => {
      if (!canWake && !signal.aborted) return;
      clearTimeout(timer);
      timer = setTimeout(resolve, shortMs).unref();
    };
    if (signal.aborted) wake();
    return promise;
  };
}

async function pass(manager: Manager): Promise<Outcome> {
  const { api, signal } = manager;
  // In this order: see applyBundle.
  const read = await readConfigurations(api, signal);
  const secret = await readTlsSecret(api, signal);
  const state = readManagedState(secret.entries);
  if (secret.isCertManagers || state.state === 'foreign') throw new Error(foreignSecret(api, secret.isCertManagers));
  return passWith(manager, read, {
    secret,
    read: state,
    problems: read.forbidden === undefined ? [] : [read.forbidden],
  });
}

async function passWith(manager: Manager, configurations: ReadConfigurations, renewal: Renewal): Promise<Outcome> {
  const { registrar, trust } = manager;
  const { read, problems } = renewal;
  const stored =
    read.state === 'good'
      ? await registrar.spread(configurations, bundleOf(read.value), problems)
      : configurations.configurations;
  if (configurations.forbidden === undefined) trust.update(stored);
  if (await renew(manager, renewal)) return 'again';
  if (read.state === 'good') serve(manager, read.value);
  const [problem] = problems;
  report(manager, problem);
  if (problem !== undefined) throw new Error(problem);
  return isPending(manager, read) ? 'pending' : 'idle';
}

interface Renewal {
  readonly secret: TlsSecret;
  readonly read: Exclude<ReadState, { state: 'foreign' }>;
  readonly problems: string[];
}

/** Reports whether the Secret was changed. After a failure, the certificate in it is still served. */
async function renew(manager: Manager, { secret, read, problems }: Renewal): Promise<boolean> {
  const { api, signal, options } = manager;
  const change = await nextChangeOf(manager, read);
  if (change === undefined) return false;
  const wrongClock = wrongClockOf(manager);
  if (wrongClock !== undefined) {
    problems.unshift(wrongClock);
    return false;
  }
  try {
    await writeTlsSecret(api, secret, formatManagedState(change.state), signal);
  } catch (error) {
    if (isConflict(error) || signal.aborted) throw error;
    problems.unshift(`cannot write Secret "${TLS_SECRET}": ${messageOf(error)}`);
    return false;
  }
  const isDamaged = read.state === 'lost' && !read.isEmpty;
  options.onNote(`${change.what} in Secret "${TLS_SECRET}"${isDamaged ? ', which was damaged' : ''}`);
  return true;
}

/** Less than the certificates are backdated, so that a server accepts what another one has just signed. */
const MAX_CLOCK_MS = BACKDATE_MS / 2;

/** A replica with a wrong clock must not replace certificates that are valid for the others, or sign with wrong dates. */
function wrongClockOf({ api, now }: Manager): string | undefined {
  const aheadMs = now() - (api.time?.() ?? now());
  if (Math.abs(aheadMs) <= MAX_CLOCK_MS) return undefined;
  const differ = `${Math.round(Math.abs(aheadMs) / 60_000)} min ${aheadMs > 0 ? 'ahead of' : 'behind'}`;
  return `Secret "${TLS_SECRET}" is not changed, because the clock of this server is ${differ} the clock of the API server; synchronize both clocks`;
}

function nextChangeOf(manager: Manager, read: Renewal['read']): Promise<Change | undefined> {
  const { trust, lifetimes, jitter, options, now } = manager;
  return nextChange(read, {
    nowMs: now(),
    lifetimes,
    jitter,
    names: options.names,
    trusted: trust.authorities,
    isTrustedEverywhere: (ca) => trust.hasSettled(ca),
  });
}

/** A replica changes to another certificate when all API servers accept it, or when they reject the one in use. */
function serve(manager: Manager, { leaf, current, ...others }: ManagedState): void {
  const { trust, served, now, times } = manager;
  manager.authorities = authoritiesOf({ current, ...others });
  if (leaf === undefined) return;
  const isLost =
    served === undefined ||
    trust.distrustedBy(served.certificate, now()) !== undefined ||
    // A replica that was paused can have an old certificate, which must not expire before the next check.
    served.certificate.validToDate.getTime() <= now() + 2 * times.checkMs;
  if (isLost || trust.hasSettled(current.certificate)) manager.served = leaf;
}

function isPending({ trust, served, options }: Manager, read: ReadState): boolean {
  if (read.state !== 'good' || options.registration?.isReady() === false) return true;
  const { next, leaf } = read.value;
  return served !== leaf || (next !== undefined && !trust.hasSettled(next.certificate));
}

function report(manager: Manager, problem: string | undefined): void {
  const { served: leaf, authorities, options, trust, now } = manager;
  const isTrusted = leaf !== undefined && trust.isKnown && trust.distrustedBy(leaf.certificate, now()) === undefined;
  options.onStatus({ leaf, authorities, isTrusted, problem, notReady: notReadyOf(manager, problem) });
}

function notReadyOf({ served, trust, now }: Manager, problem: string | undefined): string | undefined {
  const reason = problem === undefined ? '' : `: ${problem}`;
  if (served === undefined) return `no serving certificate${reason}`;
  if (!trust.isKnown) return `cannot determine whether API servers accept the serving certificate${reason}`;
  if (served.certificate.validToDate.getTime() <= now()) return `the serving certificate has expired${reason}`;
  const webhook = trust.distrustedBy(served.certificate, now());
  return webhook && `caBundle in ${webhook}, does not contain the CA of the serving certificate${reason}`;
}

function foreignSecret({ namespace }: ClusterApi, isCertManagers: boolean): string {
  const owner = isCertManagers ? 'cert-manager' : 'another CA';
  const files = isCertManagers ? 'cert-manager' : 'files';
  return `Secret "${TLS_SECRET}" in namespace "${namespace}" has a certificate of ${owner}, and is left unchanged; set tlsMode to ${files}, or delete the Secret`;
}
