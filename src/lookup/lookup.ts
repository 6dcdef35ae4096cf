/** One question to one registry with one credential: from memory, from other replicas, or over the network, asked once for all. */
import type { Asker, ImageQuestion } from '../admission/context.ts';
import type { ImageReference } from '../image/reference.ts';
import type { RegistryFailure } from '../policy/registry-fact.ts';
import { type Answers, type Found } from './response-cache.ts';
import type { Attempt } from './attempts.ts';
import { forAsker, withoutAsker } from './credential-wording.ts';
import type { Circuit, RegistryAsker } from './circuit.ts';
import type { Target } from '../registry/client.ts';
import { isOutage, isCredentialFailure } from '../registry/causes.ts';
import type { FairQueue } from '../registry/fair-queue.ts';
import type { Bid } from '../registry/fair-share.ts';
import { type Waiters, createLastingFlights, type Waiter } from '../registry/lasting-flights.ts';
import { type ImageKey, type ImageKeyOf, shownRegistry } from './image-key.ts';
import { lateError, notAsked } from './not-contacted.ts';
import type { Standing } from './queue-tiers.ts';
import { type Ended, withinLimit } from './request-limit.ts';

export type Outcome<T> =
  | { readonly state: 'found'; readonly found: Found<T> }
  | { readonly state: 'failed'; readonly failure: RegistryFailure };

export interface Asked extends Pick<ImageQuestion, 'reference' | 'by' | 'anew' | 'asker'> {}

export interface Lookup<T> {
  /** What is known without asking. */
  known(asked: Asked, attempt: Attempt): Outcome<T> | undefined;
  /** The last answer, if it is not older than that. */
  old(asked: Asked, attempt: Attempt, maxAgeMs: number): Found<T> | undefined;
  /** Never rejects, but for a bug. `signal` only tells whether it is still wanted. */
  ask(asked: Asked, attempt: Attempt, signal: AbortSignal): Promise<Outcome<T>>;
}

/** Answers that other replicas have got. Whatever goes wrong with it is a miss. */
export interface SharedAnswers<T> {
  get(key: ImageKey, attempt: Attempt): Promise<Shared<T> | undefined>;
  set(key: ImageKey, attempt: Attempt, answer: Shared<T>): void;
  /** The registry has taken it back: what it said before that time is given to nobody any more. */
  delete(key: ImageKey, attempt: Attempt, saidBeforeMs: number): void;
}

export interface Shared<T> {
  readonly value: T;
  /** When the registry said so. */
  readonly atMs: number;
}

export interface LookupParts<T> {
  readonly answers: Answers<T>;
  readonly circuit: Circuit;
  readonly queue: FairQueue;
  readonly standing: Standing;
  readonly isNamed: (reference: ImageReference) => boolean;
  readonly keyOf: ImageKeyOf;
  readonly shared: SharedAnswers<T> | undefined;
  readonly request: (target: Target, signal: AbortSignal) => Promise<T>;
  /** Milliseconds for which an answer is given as it is. */
  readonly freshMs: (key: ImageKey) => number;
  /** However long those wait who asked: a generous limit for one request. */
  readonly limitMs: number;
  readonly now: () => number;
}

const ANEW_MS = 2000;
/** Questions of others that one joins, before it is asked in its own name. */
const MAX_JOINED = 3;

interface Member extends Waiter {
  readonly asker: Asker | undefined;
}

/** One question under way. */
interface Flight {
  readonly asked: Asked;
  readonly key: ImageKey;
  readonly attempt: Attempt;
  readonly waiters: Waiters<Member>;
  /** Others need its place. */
  readonly evicted: AbortController;
}

export function createLookup<T>(parts: LookupParts<T>): Lookup<T> {
  const { answers, circuit, standing, shared, freshMs, keyOf, now } = parts;
  const flights = createLastingFlights<Outcome<T> | 'unwanted', Member>();

  /** All Pods and replicas of a restart come at the same time. */
  const isJustNow = ({ atMs }: Found<T>): boolean => now() - atMs < ANEW_MS;

  function remember({ key, attempt, asked }: Flight, { value, atMs }: Shared<T>): Found<T> {
    const found: Found<T> = { value, atMs, freshUntilMs: atMs + freshMs(key) };
    answers.found(answerKey(key, attempt), found, tenantOf(asked));
    return found;
  }

  async function fromOthers(flight: Flight): Promise<Outcome<T> | undefined> {
    const told = await shared?.get(flight.key, flight.attempt);
    if (told === undefined) return undefined;
    const found = remember(flight, told);
    return found.freshUntilMs > now() ? { state: 'found', found } : undefined;
  }

  async function fromRegistry(flight: Flight): Promise<Outcome<T> | 'unwanted'> {
    const { asked, key, attempt, waiters, evicted } = flight;
    const { reference, by } = asked;
    // It may have got into trouble while this one waited for its place.
    const closed = closedToAll(askersOf(flight), circuit);
    if (closed !== undefined) return failed(closed);
    for (const asker of askersOf(flight)) circuit.begin(asker);
    const target = { reference, by, credential: attempt.credential, tenant: tenantOf(asked) };
    const ended = await withinLimit((signal) => parts.request(target, signal), {
      limitMs: parts.limitMs,
      isWanted: waiters.isWanted,
      evicted: evicted.signal,
      late: () => lateError(reference),
    }).catch((error: unknown) => {
      for (const asker of askersOf(flight)) circuit.end(asker, 'nothing');
      throw error;
    });
    if (ended.how === 'error') return refused(flight, { ...ended, error: withoutAsker(ended.error, attempt) });
    for (const asker of askersOf(flight)) circuit.end(asker, howOf(ended));
    const told = { value: ended.value, atMs: now() };
    standing.answered(key.registry, tenantOf(asked));
    shared?.set(key, attempt, told);
    return { state: 'found', found: remember(flight, told) };
  }

  function refused(flight: Flight, trouble: Trouble): Outcome<T> | 'unwanted' {
    const { asked, key, attempt } = flight;
    const { error, by } = trouble;
    const { failure } = error;
    for (const asker of askersOf(flight)) circuit.end(asker, howOf(trouble));
    if (isCredentialFailure(failure)) standing.answered(key.registry, tenantOf(asked));
    else if (isOutage(failure) || by === 'others') standing.disappointed(key.registry);
    // That somebody had no more time is no answer for others.
    if (by === 'nobody') return 'unwanted';
    if (by === 'others') return failed(notAsked(asked.reference, 'evicted'));
    answers.failed(answerKey(key, attempt), failure, tenantOf(asked));
    if (isCredentialFailure(failure)) shared?.delete(key, attempt, now() - freshMs(key));
    return failed(failure);
  }

  async function start(asked: Asked, attempt: Attempt, waiters: Waiters<Member>): Promise<Outcome<T> | 'unwanted'> {
    const key = keyOf(asked.reference, asked.by);
    const flight: Flight = { asked, key, attempt, waiters, evicted: new AbortController() };
    const known = asked.anew ? undefined : await fromOthers(flight);
    if (known !== undefined) return known;
    const isNamed = parts.isNamed(asked.reference);
    const bidOf = ({ asker }: Member): Bid => standing.bid(key.registry, asker, isNamed);
    const evict = (): void => flight.evicted.abort();
    const place = parts.queue.enter({ bids: waiters.members.map(bidOf), isWanted: waiters.isWanted, evict });
    waiters.joined = (member) => place.join(bidOf(member));
    try {
      const how = await place.entered;
      if (how === 'full') return failed(notAsked(asked.reference, how));
      return how === 'unwanted' ? how : await fromRegistry(flight);
    } finally {
      place.leave();
    }
  }

  return {
    known(asked, attempt) {
      const key = keyOf(asked.reference, asked.by);
      const text = answerKey(key, attempt);
      const found = answers.fresh(text);
      if (found !== undefined && (!asked.anew || isJustNow(found))) return { state: 'found', found };
      const failure = answers.failure(text) ?? circuit.closedTo(askerOf({ asked, key, attempt }, asked.asker));
      return failure === undefined ? undefined : failed(forAsker(failure, attempt));
    },
    old: ({ reference, by }, attempt, maxAgeMs) => answers.old(answerKey(keyOf(reference, by), attempt), maxAgeMs),
    async ask(asked, attempt, signal) {
      const text = answerKey(keyOf(asked.reference, asked.by), attempt);
      const member = { signal, asker: asked.asker };
      for (let tries = 0; ; tries += 1) {
        let isOwn = false;
        const outcome = await flights.join(text, member, (waiters) => {
          isOwn = true;
          return start(asked, attempt, waiters);
        });
        // That those who asked first had no more time, or no place, is no answer for another.
        const isOthers = outcome === 'unwanted' || (!isOwn && tries < MAX_JOINED && wasCrowded(outcome));
        if (isOthers && !signal.aborted) continue;
        if (outcome === 'unwanted') return failed(notAsked(asked.reference, outcome));
        return outcome.state === 'failed' ? failed(forAsker(outcome.failure, attempt)) : outcome;
      }
    },
  };
}

function wasCrowded(outcome: Outcome<unknown>): boolean {
  return outcome.state === 'failed' && outcome.failure.cause === 'tooMany';
}

function tenantOf({ asker }: Pick<Asked, 'asker'>): string {
  return asker?.namespace ?? '';
}

function askerOf(
  { asked: { reference }, key: { registry }, attempt: { identity } }: Pick<Flight, 'asked' | 'key' | 'attempt'>,
  asker: Asker | undefined,
): RegistryAsker {
  const name = shownRegistry(reference);
  return { registry, name, repository: reference.path, identity, tenant: tenantOf({ asker }) };
}

/** One of each namespace that waits for it. */
function askersOf(flight: Flight): readonly RegistryAsker[] {
  const byTenant = new Map(flight.waiters.members.map(({ asker }) => [tenantOf({ asker }), asker]));
  return [...byTenant.values()].map((asker) => askerOf(flight, asker));
}

function closedToAll(askers: readonly RegistryAsker[], circuit: Circuit): RegistryFailure | undefined {
  const closed = askers.map((asker) => circuit.closedTo(asker));
  return closed.includes(undefined) ? undefined : closed[0];
}

type Trouble = Extract<Ended<unknown>, { readonly how: 'error' }>;

/** For the circuit: who was ended for the sake of others has not been heard to the end. */
function howOf(ended: Ended<unknown>): Parameters<Circuit['end']>[1] {
  if (ended.how === 'answer') return 'answer';
  return ended.by === 'others' ? 'nothing' : ended.error;
}

/** Mostly asked about by the same one again; a text that is kept need not be put together and hashed again. */
const lastKeys = new WeakMap<ImageKey, { readonly identity: string; readonly key: string }>();

function answerKey(image: ImageKey, { identity }: Attempt): string {
  const last = lastKeys.get(image);
  if (last?.identity === identity) return last.key;
  const key = `${image.text}\n${identity}`;
  lastKeys.set(image, { identity, key });
  return key;
}

function failed(failure: RegistryFailure): Outcome<never> {
  return { state: 'failed', failure };
}
