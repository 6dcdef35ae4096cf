/**
 * The whole question: which credentials are tried, in which order, and what their answers mean together. Written as a walk
 * that stops only where something must be waited for: where all is remembered, the answer is there at once.
 */
import type { ImageQuestion } from '../admission/context.ts';
import { DOCKER_HUB } from '../image/grammar.ts';
import type { ImageReference } from '../image/reference.ts';
import type { RegistryFact, RegistryFailure } from '../policy/registry-fact.ts';
import type { Found } from './response-cache.ts';
import { AS_NOBODY, type Attempt, type AttemptOf, credentialAttempt, MAX_ATTEMPTS } from './attempts.ts';
import { untilAborted } from '../registry/until-aborted.ts';
import type { IdentityOf } from './identity.ts';
import { shownRegistry } from './image-key.ts';
import type { Lookup, Outcome } from './lookup.ts';
import type { NodeAnswer, NodeCredentials } from '../node/node-credentials.ts';
import { failureOf, type Tried } from './failed-attempts.ts';
import { isCredentialFailure, isTemporary } from '../registry/causes.ts';

export interface Told<T> {
  readonly found: Found<T>;
  readonly attempt: Attempt;
  /** Why an old answer is given. */
  readonly trouble: RegistryFailure | undefined;
  /** Somebody was refused before. */
  readonly isSecond: boolean;
}

export interface AskingParts<T, V> {
  readonly lookup: Lookup<T>;
  readonly node: NodeCredentials | undefined;
  readonly attemptOf: AttemptOf;
  readonly identityOf: IdentityOf;
  readonly mayAsk: (reference: ImageReference) => boolean;
  readonly valueOf: (told: Told<T>) => V;
  /** Whether an old answer can be marked as one. */
  readonly allowsStale: boolean;
}

export type Ask<V> = (question: ImageQuestion, signal: AbortSignal) => RegistryFact<V> | Promise<RegistryFact<V>>;

export function createAsking<T, V>(parts: AskingParts<T, V>): Ask<V> {
  const { lookup, node, allowsStale } = parts;

  const yes = (told: Told<T>): RegistryFact<V> => ({ state: 'yes', value: parts.valueOf(told) });

  function* outcomeOf(question: ImageQuestion, attempt: Attempt, signal: AbortSignal): Walk<Outcome<T>> {
    const known = lookup.known(question, attempt);
    return known ?? (yield* waitFor(lookup.ask(question, attempt, signal)));
  }

  /** `undefined`: none gets it, and what they were told is in `tried`. */
  function* tryAll(
    attempts: readonly Attempt[],
    { question, signal, tried }: Progress,
  ): Walk<RegistryFact<V> | undefined> {
    for (const attempt of attempts) {
      if (tried.some((one) => one.attempt.identity === attempt.identity)) continue;
      const outcome = yield* outcomeOf(question, attempt, signal);
      if (outcome.state === 'found')
        return yes({ found: outcome.found, attempt, trouble: undefined, isSecond: tried.length > 0 });
      tried.push({ attempt, failure: outcome.failure });
      if (!isCredentialFailure(outcome.failure))
        return orStale(question, { state: 'unknown', failure: failureOf(tried, []) });
    }
    return undefined;
  }

  function* walk(progress: Progress, heldNow: Held): Walk<RegistryFact<V>> {
    const { question } = progress;
    const own = ownAttempts(question, parts.attemptOf);
    const ended = yield* tryAll(own.attempts, progress);
    if (ended !== undefined) return ended;
    if (own.isCut) return unjudged(concluded(progress, [`more than ${MAX_ATTEMPTS} match, the others were not tried`]));
    const held = heldNow();
    const known = held instanceof Promise ? yield* waitFor(held) : held;
    const { attempts, doubts } = attemptsBeyond(own, known, question);
    const rest = yield* tryAll(attempts, progress);
    return rest ?? forOperator(concluded(progress, doubts), known.problems.length > 0);
  }

  /** Of a node that nobody has told about, anything can be thought (KEP-4412); but nobody is asked more for that. */
  function concluded(progress: Progress, doubts: readonly string[]): RegistryFact<never> {
    const isNobody = progress.tried.every(({ attempt }) => attempt.credential === undefined);
    return conclude(progress, node === undefined && isNobody && doubts.length === 0 ? [NODES_UNTOLD] : doubts);
  }

  /** Each answer is of a credential that the asker has. */
  function orStale(question: ImageQuestion, fact: RegistryFact<V>): RegistryFact<V> {
    if (fact.state !== 'unknown' || !isTemporary(fact.failure) || !allowsStale || question.staleMs <= 0) return fact;
    for (const attempt of attemptsAtHand(question)) {
      const found = lookup.old(question, attempt, question.staleMs);
      if (found !== undefined) return yes({ found, attempt, trouble: fact.failure, isSecond: false });
    }
    return fact;
  }

  /** All that could be tried, as far as it is known without waiting. */
  function attemptsAtHand(question: ImageQuestion): readonly Attempt[] {
    const own = ownAttempts(question, parts.attemptOf);
    const held = heldFor(question);
    if (own.isCut || held instanceof Promise) return own.attempts;
    return [...own.attempts, ...attemptsBeyond(own, held, question).attempts];
  }

  function heldFor({ reference, asker }: ImageQuestion): NodeAnswer | Promise<NodeAnswer> {
    // No program is run for a name that anybody may have written, when its registry will not be asked.
    if (node === undefined || !parts.mayAsk(reference)) return NOTHING_HELD;
    return node.credentialsFor(reference, asker?.namespace);
  }

  /** What the node has, and nobody, if there is nothing else or could be more. */
  function attemptsBeyond(own: OwnAttempts, held: NodeAnswer, { doubt }: ImageQuestion): Beyond {
    const ofNode = nodeAttempts(held, parts.identityOf);
    const doubts = doubt === undefined ? held.problems : [doubt, ...held.problems];
    const asNobody = own.attempts.length + ofNode.length === 0 || doubts.length > 0;
    return { attempts: asNobody ? [...ofNode, AS_NOBODY] : ofNode, doubts };
  }

  async function goOn(
    walking: Walk<RegistryFact<V>>,
    first: Promise<unknown>,
    signal: AbortSignal,
  ): Promise<RegistryFact<V>> {
    for (let pending = first; ;) {
      const value = await pending;
      // Nobody listens any more, and no other credential needs to be tried.
      if (signal.aborted) return LATE;
      const step = walking.next(value);
      if (step.done === true) return step.value;
      pending = step.value;
    }
  }

  /** The one that the walk begins with, where it can be told without waiting. */
  function firstAttempt({ candidates: [candidate] }: ImageQuestion, heldNow: Held): Attempt | undefined {
    if (candidate !== undefined) return parts.attemptOf(candidate);
    const held = heldNow();
    if (held instanceof Promise) return undefined;
    const [credential] = held.credentials;
    return credential === undefined ? AS_NOBODY : credentialAttempt(credential, parts.identityOf);
  }

  /** Nearly always: the first attempt's answer is remembered. To begin a walk costs more than that. */
  function remembered(question: ImageQuestion, heldNow: Held): RegistryFact<V> | undefined {
    const attempt = firstAttempt(question, heldNow);
    const known = attempt && lookup.known(question, attempt);
    if (attempt === undefined || known?.state !== 'found') return undefined;
    return yes({ found: known.found, attempt, trouble: undefined, isSecond: false });
  }

  return (question, signal) => {
    if (question.reference.domain.length > MAX_HOST) return TOO_LONG;
    let held: NodeAnswer | Promise<NodeAnswer> | undefined;
    const heldNow = (): NodeAnswer | Promise<NodeAnswer> => (held ??= heldFor(question));
    const atHand = remembered(question, heldNow);
    if (atHand !== undefined) return atHand;
    const walking = walk({ question, signal, tried: [] }, heldNow);
    const step = walking.next(undefined);
    if (step.done === true) return step.value;
    const late = (): RegistryFact<V> => orStale(question, lateFact(question));
    return orLate(signal, goOn(walking, step.value, signal), late);
  };
}

/** `late` when the signal aborts first. */
async function orLate<T>(signal: AbortSignal, work: Promise<T>, late: () => T): Promise<T> {
  try {
    return await untilAborted(work, signal);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    return late();
  }
}

/** Yields what it waits for, and is given what came of it. */
type Walk<R> = Generator<Promise<unknown>, R, unknown>;

function* waitFor<R>(promise: Promise<R>): Walk<R> {
  return (yield promise) as R;
}

/** What the node has, asked once for a question. */
type Held = () => NodeAnswer | Promise<NodeAnswer>;

interface Progress {
  readonly question: ImageQuestion;
  readonly signal: AbortSignal;
  readonly tried: Tried[];
}

const NODES_UNTOLD = 'nodeCredentials does not say what nodes hold';
const NOTHING_HELD: NodeAnswer = { credentials: [], problems: [] };

/** DNS has no longer names; the grammar of references sets no limit, and what is asked about is remembered by its name. */
const MAX_HOST = 260;
const TOO_LONG: RegistryFact<never> = {
  state: 'unknown',
  failure: {
    cause: 'refused',
    causedBy: 'author',
    message: 'the name of its registry is longer than DNS allows',
    remedy: 'check the name',
    isPublic: true,
  },
};

const LATE: RegistryFact<never> = {
  state: 'unknown',
  failure: { cause: 'timeout', message: 'no answer in the time allowed', remedy: undefined, isPublic: true },
};

function lateFact({ reference }: ImageQuestion): RegistryFact<never> {
  const message = `${shownRegistry(reference)} gave no answer in the time allowed`;
  return { state: 'unknown', failure: { cause: 'timeout', message, remedy: undefined, isPublic: true } };
}

interface Beyond {
  readonly attempts: readonly Attempt[];
  /** Why there could be more. */
  readonly doubts: readonly string[];
}

interface OwnAttempts {
  readonly attempts: readonly Attempt[];
  /** There are more. */
  readonly isCut: boolean;
}

/** Each credential once: the same one in two secrets gets the same answer. */
function ownAttempts({ candidates }: ImageQuestion, attemptOf: AttemptOf): OwnAttempts {
  const attempts: Attempt[] = [];
  for (const candidate of candidates) {
    const attempt = attemptOf(candidate);
    if (attempts.some(({ identity }) => identity === attempt.identity)) continue;
    if (attempts.length === MAX_ATTEMPTS) return { attempts, isCut: true };
    attempts.push(attempt);
  }
  return { attempts, isCut: false };
}

function nodeAttempts({ credentials }: NodeAnswer, identityOf: IdentityOf): readonly Attempt[] {
  return credentials.slice(0, MAX_ATTEMPTS).map((credential) => credentialAttempt(credential, identityOf));
}

/** What is wrong with what nodes hold is told with it. */
function forOperator<V>(fact: RegistryFact<V>, isFor: boolean): RegistryFact<V> {
  return fact.state === 'yes' || !isFor ? fact : { ...fact, failure: { ...fact.failure, isPublic: undefined } };
}

/** There are credentials that were not tried. */
function unjudged<V>(fact: RegistryFact<V>): RegistryFact<V> {
  return fact.state === 'yes' ? fact : { ...fact, failure: { ...fact.failure, unjudged: true } };
}

/**
 * All were refused. That there is none is certain only when everybody is told so, and nobody is left who could be told
 * otherwise: registries hide what one may not see. Docker Hub does not (it answers 401 for what it hides).
 */
function conclude({ question, tried }: Progress, doubts: readonly string[]): RegistryFact<never> {
  const failure = failureOf(tried, doubts);
  const hides = question.reference.domain !== DOCKER_HUB;
  const isCertain = failure.cause === 'notFound' && (doubts.length === 0 || !hides);
  return { state: isCertain ? 'no' : 'unknown', failure };
}
