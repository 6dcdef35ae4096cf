/** Resolves an image with the credentials of its Pod and of the nodes, in the kubelet's order. */
import type { ImageLookup } from '../admission/context.ts';
import { DOCKER_HUB } from '../image/grammar.ts';
import type { ImageReference } from '../image/reference.ts';
import type { NodeCredentialList, NodeCredentials } from '../node/node-credentials.ts';
import type { RegistryFact, RegistryFailure } from '../policy/registry-fact.ts';
import { isCredentialFailure, isTemporary } from '../registry/causes.ts';
import { untilAborted } from '../registry/until-aborted.ts';
import { ANONYMOUS_ATTEMPT, type Attempt, candidateAttempt, credentialAttempt, MAX_ATTEMPTS } from './attempts.ts';
import { type FailedAttempt, failureOfAll } from './failed-attempts.ts';
import type { IdentityOf } from './identity.ts';
import { shownRegistry } from './image-key.ts';
import type { Lookup } from './lookup.ts';
import type { Outcome } from './registry-fetch.ts';
import type { CacheEntry } from './response-cache.ts';

export interface CredentialResult<T> {
  readonly entry: CacheEntry<T>;
  readonly attempt: Attempt;
  /** Why a stale entry is used. */
  readonly staleReason: RegistryFailure | undefined;
  /** True if an earlier credential failed. */
  readonly isFallback: boolean;
}

export interface ResolverParts<T, V> {
  readonly lookup: Lookup<T>;
  readonly node: NodeCredentials | undefined;
  readonly identityOf: IdentityOf;
  /** Reports whether the configuration lets tidewaiter query the registry of the image. */
  readonly mayQuery: (reference: ImageReference) => boolean;
  readonly valueOf: (result: CredentialResult<T>) => V;
  /** True if the value can be marked as stale. */
  readonly allowsStale: boolean;
}

export type Resolve<V> = (imageLookup: ImageLookup, signal: AbortSignal) => RegistryFact<V> | Promise<RegistryFact<V>>;

interface Resolution<T, V> {
  readonly parts: ResolverParts<T, V>;
  readonly imageLookup: ImageLookup;
  readonly signal: AbortSignal;
  readonly failed: FailedAttempt[];
  nodeCredentials: NodeCredentialList | Promise<NodeCredentialList> | undefined;
}

/** Rejects only on a bug. Cached values are returned even if the signal has already aborted. */
export function createResolver<T, V>(parts: ResolverParts<T, V>): Resolve<V> {
  return (imageLookup, signal) => {
    if (imageLookup.reference.domain.length > MAX_HOST) return TOO_LONG;
    const resolution: Resolution<T, V> = { parts, imageLookup, signal, failed: [], nodeCredentials: undefined };
    return cachedFact(resolution) ?? resolveInTime(resolution);
  };
}

async function resolveInTime<T, V>(resolution: Resolution<T, V>): Promise<RegistryFact<V>> {
  const { imageLookup, signal } = resolution;
  try {
    return await resolve(resolution);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    return staleOr(resolution, lateFact(imageLookup));
  }
}

/** The cached value of the first credential. Nearly all lookups end here; test/bench/README.md has the cost of a promise. */
function cachedFact<T, V>(resolution: Resolution<T, V>): RegistryFact<V> | undefined {
  const { parts, imageLookup } = resolution;
  const attempt = firstAttempt(resolution);
  const cached = attempt && parts.lookup.cached(imageLookup, attempt);
  if (attempt === undefined || cached?.state !== 'found') return undefined;
  return {
    state: 'yes',
    value: parts.valueOf({ entry: cached.entry, attempt, staleReason: undefined, isFallback: false }),
  };
}

function firstAttempt<T, V>(resolution: Resolution<T, V>): Attempt | undefined {
  const {
    parts,
    imageLookup: {
      candidates: [candidate],
    },
  } = resolution;
  if (candidate !== undefined) return candidateAttempt(candidate, parts.identityOf);
  const listed = nodeCredentialsOf(resolution);
  if (listed instanceof Promise) return undefined;
  const [credential] = listed.credentials;
  return credential === undefined ? ANONYMOUS_ATTEMPT : credentialAttempt(credential, parts.identityOf);
}

async function resolve<T, V>(resolution: Resolution<T, V>): Promise<RegistryFact<V>> {
  const { parts, imageLookup, signal } = resolution;
  const own = podAttempts(imageLookup, parts.identityOf);
  const ofPod = await tryEach(resolution, own.attempts);
  if (ofPod !== undefined) return ofPod;
  if (own.isCut)
    return credentialUntested(
      conclude(resolution, [`more than ${MAX_ATTEMPTS} credentials match; the others were not tried`]),
    );
  const listed = await untilAborted(nodeCredentialsOf(resolution), signal);
  const { attempts, reasons } = attemptsBeyondPod(own, listed, resolution);
  const ofNode = await tryEach(resolution, attempts);
  return ofNode ?? forOperator(conclude(resolution, reasons), listed.problems.length > 0);
}

/** Returns undefined if no credential gets the image; the failures are in `resolution.failed`. */
async function tryEach<T, V>(
  resolution: Resolution<T, V>,
  attempts: readonly Attempt[],
): Promise<RegistryFact<V> | undefined> {
  const { parts, failed } = resolution;
  for (const attempt of attempts) {
    if (failed.some((one) => one.attempt.identity === attempt.identity)) continue;
    const outcome = await outcomeOf(resolution, attempt);
    if (outcome.state === 'found') {
      const { entry } = outcome;
      return {
        state: 'yes',
        value: parts.valueOf({ entry, attempt, staleReason: undefined, isFallback: failed.length > 0 }),
      };
    }
    failed.push({ attempt, failure: outcome.failure });
    if (!isCredentialFailure(outcome.failure)) {
      return staleOr(resolution, { state: 'unknown', failure: failureOfAll(failed, []) });
    }
  }
  return undefined;
}

async function outcomeOf<T, V>(
  { parts: { lookup }, imageLookup, signal }: Resolution<T, V>,
  attempt: Attempt,
): Promise<Outcome<T>> {
  return lookup.cached(imageLookup, attempt) ?? untilAborted(lookup.fetch(imageLookup, attempt, signal), signal);
}

/** Uses only entries of credentials that the Pod or its node has. */
function staleOr<T, V>(resolution: Resolution<T, V>, fact: RegistryFact<V>): RegistryFact<V> {
  const { parts, imageLookup } = resolution;
  if (fact.state !== 'unknown' || !isTemporary(fact.failure) || !parts.allowsStale || imageLookup.staleMs <= 0)
    return fact;
  for (const attempt of attemptsWithoutWaiting(resolution)) {
    const entry = parts.lookup.stale(imageLookup, attempt, imageLookup.staleMs);
    if (entry !== undefined) {
      return {
        state: 'yes',
        value: parts.valueOf({ entry, attempt, staleReason: fact.failure, isFallback: false }),
      };
    }
  }
  return fact;
}

function attemptsWithoutWaiting<T, V>(resolution: Resolution<T, V>): readonly Attempt[] {
  const own = podAttempts(resolution.imageLookup, resolution.parts.identityOf);
  const listed = nodeCredentialsFor(resolution);
  if (own.isCut || listed instanceof Promise) return own.attempts;
  return [...own.attempts, ...attemptsBeyondPod(own, listed, resolution).attempts];
}

/** Looked up once, as it can run a program. */
function nodeCredentialsOf<T, V>(resolution: Resolution<T, V>): NodeCredentialList | Promise<NodeCredentialList> {
  return (resolution.nodeCredentials ??= nodeCredentialsFor(resolution));
}

function nodeCredentialsFor<T, V>({
  parts: { node, mayQuery },
  imageLookup: { reference, requester },
}: Resolution<T, V>): NodeCredentialList | Promise<NodeCredentialList> {
  // Anyone can write an image name, so it must not run a program when its registry is blocked.
  if (node === undefined || !mayQuery(reference)) return NO_NODE_CREDENTIALS;
  return node.credentialsFor(reference, requester?.namespace);
}

interface PodAttempts {
  readonly attempts: readonly Attempt[];
  /** True if there are more than MAX_ATTEMPTS. */
  readonly isCut: boolean;
}

/** Each credential once: a credential in two Secrets gets the same response. */
function podAttempts({ candidates }: ImageLookup, identityOf: IdentityOf): PodAttempts {
  const attempts: Attempt[] = [];
  for (const candidate of candidates) {
    const attempt = candidateAttempt(candidate, identityOf);
    if (attempts.some(({ identity }) => identity === attempt.identity)) continue;
    if (attempts.length === MAX_ATTEMPTS) return { attempts, isCut: true };
    attempts.push(attempt);
  }
  return { attempts, isCut: false };
}

interface MoreAttempts {
  readonly attempts: readonly Attempt[];
  /** Why other credentials may exist. */
  readonly reasons: readonly string[];
}

/** The node's credentials, and an anonymous attempt if there is no credential or more may exist. */
function attemptsBeyondPod<T, V>(
  own: PodAttempts,
  { credentials, problems }: NodeCredentialList,
  { parts: { identityOf }, imageLookup: { incompleteReason } }: Resolution<T, V>,
): MoreAttempts {
  const ofNode = credentials.slice(0, MAX_ATTEMPTS).map((credential) => credentialAttempt(credential, identityOf));
  const reasons = incompleteReason === undefined ? problems : [incompleteReason, ...problems];
  const isAnonymous = own.attempts.length + ofNode.length === 0 || reasons.length > 0;
  return { attempts: isAnonymous ? [...ofNode, ANONYMOUS_ATTEMPT] : ofNode, reasons };
}

/**
 * `no` only if every credential gets "not found" and no other credential may exist, because registries report hidden images
 * as not found. Docker Hub returns 401 for them instead.
 */
function conclude<T, V>(
  { parts, imageLookup, failed }: Resolution<T, V>,
  reasons: readonly string[],
): RegistryFact<never> {
  const isAnonymous = failed.every(({ attempt }) => attempt.credential === undefined);
  // A node may have any credential if the configuration does not list them (KEP-4412).
  const isOpen = parts.node === undefined && isAnonymous && reasons.length === 0;
  const all = isOpen ? ['nodeCredentials is not configured'] : reasons;
  const failure = failureOfAll(failed, all);
  const hides = imageLookup.reference.domain !== DOCKER_HUB;
  const isCertain = failure.cause === 'notFound' && (all.length === 0 || !hides);
  return { state: isCertain ? 'no' : 'unknown', failure };
}

/** Problems of node credentials are part of the message. */
function forOperator<V>(fact: RegistryFact<V>, isForOperator: boolean): RegistryFact<V> {
  return fact.state === 'yes' || !isForOperator ? fact : { ...fact, failure: { ...fact.failure, isPublic: undefined } };
}

/** Marks a failure with credentials that were not tried. */
function credentialUntested<V>(fact: RegistryFact<V>): RegistryFact<V> {
  return fact.state === 'yes' ? fact : { ...fact, failure: { ...fact.failure, credentialUntested: true } };
}

const NO_NODE_CREDENTIALS: NodeCredentialList = { credentials: [], problems: [] };

/** DNS limits names to 253 bytes. The grammar of references sets no limit, and caches keep the name. */
const MAX_HOST = 260;
const TOO_LONG: RegistryFact<never> = {
  state: 'unknown',
  failure: {
    cause: 'blocked',
    causedBy: 'author',
    message: 'the registry name is longer than DNS allows',
    remedy: 'check the registry name',
    isPublic: true,
  },
};

function lateFact({ reference }: ImageLookup): RegistryFact<never> {
  const message = `${shownRegistry(reference)} did not respond before the deadline`;
  return { state: 'unknown', failure: { cause: 'timeout', message, remedy: undefined, isPublic: true } };
}
