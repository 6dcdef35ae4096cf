/** Lookups for one request: each is sent once, however many objects and rules need it. */
import type { PullSecret } from '../../credential/pull-secret.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import type { Fact, Labels } from '../../policy/fact.ts';
import type { RegistryFact } from '../../policy/registry-fact.ts';
import type { RegistrySourceName, RegistryValues } from '../../policy/registry-questions.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import { type Context, Crowded, type ImageLookup, Outage, type Requester, type RegistrySource } from '../context.ts';
import { createSecretBudget } from './secret-budget.ts';

/** Returns known values synchronously: see maybe-promise.ts. */
export interface Lookups {
  registry<Name extends RegistrySourceName>(
    source: Name,
    lookup: ImageLookup,
  ): MaybePromise<RegistryFact<RegistryValues[Name]>>;
  secret(name: string): MaybePromise<Fact<PullSecret>>;
  /** The names in `imagePullSecrets` of the ServiceAccount. */
  serviceAccount(name: string): MaybePromise<Fact<readonly string[]>>;
  /** Returns the same time at each call. */
  now(): Fact<number>;
}

export const unknown = (reason: string): Unknown => ({ state: 'unknown', reason });

type Unknown = Extract<Fact<never>, { readonly state: 'unknown' }>;

/** Enough for any real object. 3 MiB can name 100,000, and each costs a request to the API server or to a registry. */
const MAX_LOOKUPS = 100;

export function createLookups(namespace: string | undefined, context: Context, signal: AbortSignal): Lookups {
  const { world = {}, now } = context;
  const { secrets, serviceAccounts } = world;
  const secret = onceEach<Fact<PullSecret>>(tooMany('pull secrets'));
  const account = onceEach<Fact<readonly string[]>>(tooMany('ServiceAccounts'));
  const requester: Requester = { namespace: shareOf(namespace) };
  const deadline = deadlineOf(context, signal);
  const budget = createSecretBudget(signal);
  const registries = createRegistryLookups({ world, requester, deadline });
  let moment: Fact<number> | undefined;
  return {
    registry: registries,
    now: () =>
      (moment ??= now === undefined ? unknown('the current time is not known') : { state: 'yes', value: now() }),
    secret: (wanted) =>
      secret(wanted, (name) => {
        if (secrets === undefined || namespace === undefined) return unknown('not connected to a cluster');
        const lookUp = (): MaybePromise<Fact<PullSecret>> =>
          budget.spend((untilSpent) => secrets.secret(namespace, name, untilSpent));
        return settle(deadline, () => factLabel('Secret', name), lookUp);
      }),
    serviceAccount: (wanted) =>
      account(wanted, (name) => {
        if (serviceAccounts === undefined || namespace === undefined) return unknown('not connected to a cluster');
        const lookUp = (): MaybePromise<Fact<readonly string[]>> =>
          serviceAccounts.pullSecretsOf(namespace, name, signal);
        return settle(deadline, () => factLabel('ServiceAccount', name), lookUp);
      }),
  };
}

interface RegistryScope {
  readonly world: NonNullable<Context['world']>;
  readonly requester: Requester;
  readonly deadline: Deadline;
}

function createRegistryLookups({ world, requester, deadline }: RegistryScope): Lookups['registry'] {
  const bySource = new Map<RegistrySource<unknown>, Record<ImageLookup['by'], OnceEachImage>>();
  return <T>(name: RegistrySourceName, lookup: ImageLookup) => {
    // The compiler cannot relate the name of a source to the type of its values.
    const source = world[name] as RegistrySource<T> | undefined;
    if (source === undefined) return NOT_QUERIED;
    const once = bySource.get(source) ?? { image: onceEachImage(), tag: onceEachImage() };
    bySource.set(source, once);
    const lookUp = (): MaybePromise<RegistryFact<T>> =>
      inTime(lookup, deadline, () => source.lookUp({ ...lookup, requester }, deadline.signal));
    return once[lookup.by](lookup, lookUp) as MaybePromise<RegistryFact<T>>;
  };
}

export function factLabel(of: 'Secret' | 'ServiceAccount' | 'Namespace', name: string): string {
  return of === 'Namespace' ? `the labels of namespace ${quoteValue(name)}` : `${of} ${quoteValue(name)}`;
}

/** A namespace is a DNS label. */
const MAX_NAMESPACE = 63;

/** Names without a limit would fill the memory, because shares are kept by name. */
function shareOf(namespace = ''): string {
  return namespace.length > MAX_NAMESPACE ? '' : namespace;
}

const NOT_QUERIED: RegistryFact<never> = {
  state: 'unknown',
  failure: { cause: 'blocked', message: 'registry lookups are disabled', remedy: undefined, notQueried: true },
};
const TOO_MANY_IMAGES: RegistryFact<never> = {
  state: 'unknown',
  failure: {
    cause: 'tooMany',
    causedBy: 'author',
    message: `the object needs lookups of more than ${MAX_LOOKUPS} different images; the rest are not looked up`,
    remedy: undefined,
  },
};

const MAX_SHOWN = 255;

function inTime<T>(
  { reference }: ImageLookup,
  deadline: Deadline,
  lookUp: () => MaybePromise<RegistryFact<T>>,
): MaybePromise<RegistryFact<T>> {
  const result = deadline.signal.aborted ? undefined : lookUp();
  if (result !== undefined && !(result instanceof Promise)) return result;
  const late = (): RegistryFact<never> => lateImage(reference, deadline.signal);
  if (result === undefined) return late();
  // A source that settles within the grace does not know the reason of the abort.
  const settled = (fact: RegistryFact<T>): RegistryFact<T> =>
    fact.state === 'unknown' && fact.failure.cause === 'timeout' ? (crowdedImage(deadline.signal) ?? fact) : fact;
  return orLate(deadline, late, () => result.then(settled));
}

/** The fact of an image whose lookup has not settled when the signal aborts. */
export function lateImage({ domain }: ImageReference, signal: AbortSignal): RegistryFact<never> {
  // The grammar does not limit the length of a domain.
  const message = `${domain.slice(0, MAX_SHOWN) || 'the registry'}: no response before the deadline`;
  return crowdedImage(signal) ?? { state: 'unknown', failure: { cause: 'timeout', message, remedy: undefined } };
}

function crowdedImage(signal: AbortSignal): RegistryFact<never> | undefined {
  if (!(signal.reason instanceof Crowded)) return undefined;
  const { message } = signal.reason;
  return { state: 'unknown', failure: { cause: 'tooMany', causedBy: 'author', message, remedy: undefined } };
}

type OnceEach<T> = (name: string, lookUp: (name: string) => MaybePromise<T>) => MaybePromise<T>;

/** `beyond`: the result of all lookups after the first MAX_LOOKUPS. */
function onceEach<T>(beyond: T): OnceEach<T> {
  const byName = new Map<string, MaybePromise<T>>();
  return (name, lookUp) => {
    const before = byName.get(name);
    if (before !== undefined) return before;
    if (byName.size >= MAX_LOOKUPS) return beyond;
    const result = lookUp(name);
    byName.set(name, result);
    return result;
  };
}

interface EarlierLookup {
  readonly lookup: ImageLookup;
  readonly result: MaybePromise<RegistryFact<unknown>>;
}

type OnceEachImage = (lookup: ImageLookup, lookUp: () => EarlierLookup['result']) => EarlierLookup['result'];

function onceEachImage(): OnceEachImage {
  const byName = new Map<string, EarlierLookup[]>();
  let size = 0;
  return (lookup, lookUp) => {
    const name = lookup.reference.fullName;
    const earlier = byName.get(name) ?? [];
    byName.set(name, earlier);
    const same = earlier.find((one) => isSame(one.lookup, lookup));
    if (same !== undefined) return same.result;
    if (size >= MAX_LOOKUPS) return TOO_MANY_IMAGES;
    size += 1;
    const result = lookUp();
    earlier.push({ lookup, result });
    return result;
  };
}

function isSame(one: ImageLookup, other: ImageLookup): boolean {
  if (one.staleMs !== other.staleMs || one.incompleteReason !== other.incompleteReason) return false;
  return (one.refresh ?? false) === (other.refresh ?? false) && haveSame(one.candidates, other.candidates);
}

/** Within one request, equal names are the same Secret, so candidates with equal Secrets and keys are the same. */
function haveSame(some: ImageLookup['candidates'], others: ImageLookup['candidates']): boolean {
  if (some === others) return true;
  if (some.length !== others.length) return false;
  return some.every((candidate, index) => {
    const other = others[index];
    return (
      candidate.secret === other?.secret &&
      candidate.registry === other.registry &&
      candidate.username === other.username
    );
  });
}

function tooMany(what: string): Unknown {
  return { ...unknown(`the object needs more than ${MAX_LOOKUPS} ${what}`), causedBy: 'author' };
}

export function namespaceLabels(
  namespace: string | undefined,
  context: Context,
  signal: AbortSignal,
): MaybePromise<Fact<Labels>> {
  if (namespace === undefined) return { state: 'no' };
  const what = (): string => factLabel('Namespace', namespace);
  const namespaces = context.world?.namespaces;
  if (namespaces === undefined) return unknown(`${what()} are not known here`);
  return settle(deadlineOf(context, signal), what, () => namespaces.labelsOf(namespace, signal));
}

/** An outage or the deadline makes the fact unknown. Other errors are bugs and are rethrown. */
function settle<T>(deadline: Deadline, what: () => string, lookUp: () => MaybePromise<Fact<T>>): MaybePromise<Fact<T>> {
  const { signal } = deadline;
  const late = (): Unknown => lateFact(what(), signal);
  if (signal.aborted) return late();
  const fact = lookUp();
  return fact instanceof Promise ? orLate<Fact<T>>(deadline, late, () => fact.catch(unknownInOutage)) : fact;
}

/** The fact of an object whose lookup has not settled when the signal aborts. */
export function lateFact(what: string, { reason }: AbortSignal): Unknown {
  if (reason instanceof Crowded) return { ...unknown(reason.message), causedBy: 'author' };
  return unknown(`${what}: no response before the deadline`);
}

function unknownInOutage(error: unknown): Unknown {
  if (error instanceof Outage) return unknown(error.message);
  throw error;
}

interface Deadline {
  readonly signal: AbortSignal;
  readonly grace: () => Promise<void>;
}

function deadlineOf({ abortGrace = async () => {} }: Context, signal: AbortSignal): Deadline {
  return { signal, grace: abortGrace };
}

/** A source that settles within the grace has its own reason or a stale value; after it, the fact is late. */
async function orLate<T>({ signal, grace }: Deadline, late: () => T, lookUp: () => Promise<T>): Promise<T> {
  const { promise: aborted, resolve } = Promise.withResolvers<T>();
  const onAbort = (): void => void grace().then(() => resolve(late()));
  if (signal.aborted) onAbort();
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([lookUp(), aborted]);
  } catch (error) {
    if (signal.aborted) return late();
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
