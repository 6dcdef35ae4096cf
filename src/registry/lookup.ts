/** One question to one registry with one credential: from memory, from other replicas, or over the network, asked once for all. */
import type { ImageReference } from '../image/reference.ts';
import type { RegistryFailure } from '../policy/registry-fact.ts';
import { type Answers, type Found } from './answers.ts';
import type { Attempt } from './attempts.ts';
import type { Circuit } from './circuit.ts';
import { RegistryError, type Target } from './client.ts';
import { isRefusal } from './causes.ts';
import { createFlights } from './lasting-flights.ts';
import { type ImageKey, imageKey, shownRegistry } from './image-key.ts';
import type { LookupQueue } from './lookup-queue.ts';

export type Outcome<T> =
  | { readonly state: 'found'; readonly found: Found<T> }
  | { readonly state: 'failed'; readonly failure: RegistryFailure };

export interface Asked {
  readonly reference: ImageReference;
  readonly by: Target['by'];
  /** See ImageQuestion. */
  readonly anew?: boolean | undefined;
}

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
  readonly queue: LookupQueue;
  readonly shared: SharedAnswers<T> | undefined;
  readonly request: (target: Target, signal: AbortSignal) => Promise<T>;
  /** Milliseconds for which an answer is given as it is. */
  readonly freshMs: (key: ImageKey) => number;
  /** However long those wait who asked: a generous limit for one request. */
  readonly limitMs: number;
  readonly now: () => number;
}

const ANEW_MS = 2000;

export function createLookup<T>(parts: LookupParts<T>): Lookup<T> {
  const { answers, circuit, shared, freshMs, now } = parts;
  const flights = createFlights<Outcome<T>>();

  /** All Pods and replicas of a restart come at the same time. */
  const isJustNow = ({ atMs }: Found<T>): boolean => now() - atMs < ANEW_MS;

  function remember(key: ImageKey, attempt: Attempt, { value, atMs }: Shared<T>): Found<T> {
    const found: Found<T> = { value, atMs, freshUntilMs: atMs + freshMs(key) };
    answers.found(answerKey(key, attempt), found);
    return found;
  }

  async function fromOthers(key: ImageKey, attempt: Attempt): Promise<Outcome<T> | undefined> {
    const told = await shared?.get(key, attempt);
    if (told === undefined) return undefined;
    const found = remember(key, attempt, told);
    return found.freshUntilMs > now() ? { state: 'found', found } : undefined;
  }

  async function fromRegistry({ target, isWanted }: Request, key: ImageKey, attempt: Attempt): Promise<Outcome<T>> {
    const asker = { registry: key.registry, identity: attempt.identity };
    // It may have got into trouble while this one waited for its place.
    const closed = circuit.closedTo(asker);
    if (closed !== undefined) return failed(closed);
    circuit.begin(asker);
    let how: Parameters<Circuit['end']>[1] = 'nothing';
    try {
      const told = { value: await withinLimit(parts, { target, isWanted }), atMs: now() };
      how = 'answer';
      shared?.set(key, attempt, told);
      return { state: 'found', found: remember(key, attempt, told) };
    } catch (error) {
      if (!(error instanceof RegistryError)) throw error;
      how = error;
      answers.failed(answerKey(key, attempt), error.failure);
      if (isRefusal(error.failure)) shared?.delete(key, attempt, now() - freshMs(key));
      return failed(error.failure);
    } finally {
      circuit.end(asker, how);
    }
  }

  async function start(asked: Asked, attempt: Attempt, isWanted: () => boolean): Promise<Outcome<T>> {
    const key = imageKey(asked.reference, asked.by);
    const known = asked.anew ? undefined : await fromOthers(key, attempt);
    if (known !== undefined) return known;
    const place = await parts.queue.enter(key.registry, isWanted);
    if (place !== 'entered') return failed(notAsked(shownRegistry(asked.reference), place));
    try {
      return await fromRegistry(
        { target: { reference: asked.reference, by: asked.by, credential: attempt.credential }, isWanted },
        key,
        attempt,
      );
    } finally {
      parts.queue.leave(key.registry);
    }
  }

  return {
    known({ reference, by, anew }, attempt) {
      const key = imageKey(reference, by);
      const text = answerKey(key, attempt);
      const found = answers.fresh(text);
      if (found !== undefined && (!anew || isJustNow(found))) return { state: 'found', found };
      const failure = answers.failure(text) ?? circuit.closedTo({ registry: key.registry, identity: attempt.identity });
      return failure === undefined ? undefined : failed(failure);
    },
    old: ({ reference, by }, attempt, maxAgeMs) => answers.old(answerKey(imageKey(reference, by), attempt), maxAgeMs),
    ask({ reference, by, anew }, attempt, signal) {
      const text = answerKey(imageKey(reference, by), attempt);
      return flights.join(text, signal, (isWanted) => start({ reference, by, anew }, attempt, isWanted));
    },
  };
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

interface Request {
  readonly target: Target;
  readonly isWanted: () => boolean;
}

/** For those who come again; beyond it a host that hangs would hold places that others need. */
const UNWANTED_MS = 2000;

/** Also a client that does not listen to its signal holds a place no longer than this. */
async function withinLimit<T>({ request, limitMs }: LookupParts<T>, { target, isWanted }: Request): Promise<T> {
  const controller = new AbortController();
  const { promise: over, reject } = Promise.withResolvers<never>();
  const end = (): void => {
    controller.abort();
    const message = `${shownRegistry(target.reference)} gave no answer in time`;
    reject(new RegistryError({ cause: 'timeout', message, remedy: undefined }));
  };
  const timer = setTimeout(end, limitMs);
  let unwanted = false;
  const watch = setInterval(() => {
    if (unwanted && !isWanted()) end();
    unwanted = !isWanted();
  }, UNWANTED_MS);
  try {
    return await Promise.race([request(target, controller.signal), over]);
  } finally {
    clearTimeout(timer);
    clearInterval(watch);
  }
}

function notAsked(registry: string, why: 'full' | 'unwanted'): RegistryFailure {
  const message =
    why === 'full'
      ? `${registry} was not asked: too many other images are being looked up`
      : `${registry} was not asked in the time allowed`;
  if (why === 'full') return { cause: 'tooMany', message, remedy: 'try again in a moment' };
  return { cause: 'timeout', message, remedy: undefined };
}
