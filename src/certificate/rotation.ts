/**
 * Decides the next change of the shared CAs and serving certificate. A client that trusts the CAs of one state accepts the leaves
 * of the states before and after it: a CA is trusted before it signs, and stays until its last leaf has expired.
 */
import { createPrivateKey, X509Certificate } from 'node:crypto';
import { hostsOf } from './host-names.ts';
import {
  isSignedBy,
  type ManagedAuthority,
  MANAGED_CA,
  type ManagedLeaf,
  type ManagedState,
  type ReadState,
} from './managed-state.ts';
import { BACKDATE_MS, newKey, signAuthority, signLeaf } from './sign.ts';

export interface Lifetimes {
  readonly caMs: number;
  /** A CA is replaced when it has less time left; not less than `leafMs`. */
  readonly caRenewMs: number;
  readonly leafMs: number;
  readonly leafRenewMs: number;
}

const DAY_MS = 24 * 60 * 60 * 1000;

export const LIFETIMES: Lifetimes = {
  caMs: 730 * DAY_MS,
  caRenewMs: 243 * DAY_MS,
  leafMs: 90 * DAY_MS,
  leafRenewMs: 30 * DAY_MS,
};

export interface RotationInputs {
  readonly nowMs: number;
  readonly lifetimes: Lifetimes;
  /** 0 to 1, different for each replica, so that they do not all renew at once. */
  readonly jitter: number;
  /** The names that the leaf needs. */
  readonly names: readonly string[];
  /** CAs that API servers trust at present. */
  readonly trusted: readonly X509Certificate[];
  /** Reports whether all API servers trust a CA. */
  readonly isTrustedEverywhere: (ca: X509Certificate) => boolean;
}

export interface Change {
  readonly state: ManagedState;
  /** For the log: what was changed. */
  readonly what: string;
}

/** The names of a leaf are kept when it is renewed, up to this number. */
const MAX_NAMES = 20;
/** The most recent CAs of a lost state that are kept. */
const MAX_KEPT = 8;
/** A change of the renewal dates of a leaf by less is not worth a new leaf. */
const MIN_GAIN = 0.1;

/** Returns undefined if nothing is to be changed. */
export async function nextChange(
  read: Exclude<ReadState, { state: 'foreign' }>,
  inputs: RotationInputs,
): Promise<Change | undefined> {
  if (read.state === 'lost') return recreate(read.authorities, inputs);
  const state = read.value;
  const { nowMs, isTrustedEverywhere } = inputs;
  const isExpired = endOf(state.current.certificate) <= nowMs;
  if (state.next !== undefined && (isExpired || isTrustedEverywhere(state.next.certificate))) {
    return promote(state, state.next, inputs);
  }
  if (isExpired) return recreate(state.previous, inputs);
  if (isLeafDue(state, inputs)) {
    return { state: { ...state, leaf: await newLeaf(state, inputs) }, what: 'signed a new serving certificate' };
  }
  if (state.next === undefined && isDue(state.current.certificate, 'ca', inputs)) {
    return { state: { ...state, next: await newAuthority(inputs) }, what: 'generated the next CA' };
  }
  return dropPrevious(state, inputs);
}

/** The leaves of lost CAs can be in use until they expire, so these CAs stay trusted. */
async function recreate(known: readonly X509Certificate[], inputs: RotationInputs): Promise<Change> {
  const { trusted, nowMs, lifetimes } = inputs;
  const byFingerprint = new Map([...known, ...trusted].map((one) => [one.fingerprint256, one]));
  const previous = [...byFingerprint.values()]
    .filter((one) => one.ca && endOf(one) > nowMs)
    .sort((one, other) => endOf(other) - endOf(one))
    .slice(0, MAX_KEPT);
  const current = await newAuthority(inputs);
  const state = { current, next: undefined, previous, previousUntilMs: nowMs + lifetimes.leafMs, leaf: undefined };
  return { state: { ...state, leaf: await newLeaf(state, inputs) }, what: 'generated a CA and a serving certificate' };
}

/** The key of the old CA is deleted; its certificate stays until its last leaf has expired. */
async function promote(old: ManagedState, current: ManagedAuthority, inputs: RotationInputs): Promise<Change> {
  const { leaf, previousUntilMs, previous } = old;
  const untilMs = Math.max(
    inputs.nowMs,
    previous.length === 0 ? 0 : previousUntilMs,
    leaf === undefined ? 0 : endOf(leaf.certificate),
  );
  const state: ManagedState = {
    current,
    next: undefined,
    previous: [old.current.certificate, ...previous],
    previousUntilMs: untilMs,
    leaf,
  };
  return {
    state: { ...state, leaf: await newLeaf(state, inputs) },
    what: 'signed a new serving certificate with the next CA',
  };
}

function dropPrevious(state: ManagedState, { nowMs }: RotationInputs): Change | undefined {
  const isOver = nowMs > state.previousUntilMs + BACKDATE_MS;
  const previous = isOver ? [] : state.previous.filter((one) => endOf(one) > nowMs);
  if (previous.length === state.previous.length) return undefined;
  return { state: { ...state, previous }, what: 'removed expired CAs' };
}

function isLeafDue(state: ManagedState, inputs: RotationInputs): boolean {
  const { leaf, current } = state;
  if (leaf === undefined || !isSignedBy(leaf.certificate, current.certificate)) return true;
  if (inputs.names.some((name) => !hostsOf(leaf.certificate).includes(name))) return true;
  const { leafRenewMs } = inputs.lifetimes;
  const gain = leafEnd(current, inputs) - endOf(leaf.certificate);
  return isDue(leaf.certificate, 'leaf', inputs) && gain > leafRenewMs * MIN_GAIN;
}

function isDue(
  certificate: X509Certificate,
  kind: 'ca' | 'leaf',
  { lifetimes, jitter, nowMs }: RotationInputs,
): boolean {
  const renewMs = lifetimes[`${kind}RenewMs`];
  return nowMs > endOf(certificate) - renewMs * (1 - jitter / 10);
}

async function newAuthority({ nowMs, lifetimes }: RotationInputs): Promise<ManagedAuthority> {
  const key = createPrivateKey(newKey());
  const cert = await signAuthority(MANAGED_CA, key, { now: new Date(nowMs), lifetimeMs: lifetimes.caMs });
  return { cert, key, certificate: new X509Certificate(cert) };
}

async function newLeaf(
  { current, leaf }: Pick<ManagedState, 'current' | 'leaf'>,
  inputs: RotationInputs,
): Promise<ManagedLeaf> {
  const { nowMs, names } = inputs;
  const known = leaf === undefined ? [] : hostsOf(leaf.certificate);
  const key = newKey();
  const cert = await signLeaf([...new Set([...names, ...known])].slice(0, Math.max(MAX_NAMES, names.length)), {
    authority: current,
    key: createPrivateKey(key),
    now: new Date(nowMs),
    lifetimeMs: leafEnd(current, inputs) - nowMs,
  });
  return { cert, key, certificate: new X509Certificate(cert) };
}

/** A leaf ends no later than its CA. */
function leafEnd({ certificate }: ManagedAuthority, { nowMs, lifetimes }: RotationInputs): number {
  return Math.min(nowMs + lifetimes.leafMs, endOf(certificate));
}

function endOf(certificate: X509Certificate): number {
  return certificate.validToDate.getTime();
}
