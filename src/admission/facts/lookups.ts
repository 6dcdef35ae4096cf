/** Questions to the world about one request: each is asked once, however often and for which object it comes up. */
import type { PullSecret } from '../../credential/pull-secret.ts';
import { quoteValue } from '../../image/quote.ts';
import type { Fact, Labels } from '../../policy/fact.ts';
import type { RegistryDetails, RegistryFact, RegistryImage } from '../../policy/registry-fact.ts';
import type { MaybePromise } from '../maybe-promise.ts';
import { type Asker, type Context, type ImageQuestion, Outage } from '../context.ts';

/** At once where nobody has to be waited for. */
export interface Lookups {
  imageOf(question: ImageQuestion): MaybePromise<RegistryFact<RegistryImage>>;
  detailsOf(question: ImageQuestion): MaybePromise<RegistryFact<RegistryDetails>>;
  secret(name: string): MaybePromise<Fact<PullSecret>>;
  /** The names in the service account's `imagePullSecrets`. */
  serviceAccount(name: string): MaybePromise<Fact<readonly string[]>>;
  /** The same at each call. */
  now(): Fact<number>;
}

export const unknown = (reason: string): Unknown => ({ state: 'unknown', reason });

type Unknown = Extract<Fact<never>, { readonly state: 'unknown' }>;

/** Nobody names more; but 3 MiB could name 100,000, and each would be a question to the API server, or to a registry. */
const MAX_ASKED = 100;

export function lookups(namespace: string | undefined, context: Context, signal: AbortSignal): Lookups {
  const { images, imageDetails, secrets, serviceAccounts } = context;
  const secret = onceEach<Fact<PullSecret>>(tooMany('pull secrets'));
  const account = onceEach<Fact<readonly string[]>>(tooMany('service accounts'));
  const image = onceEachImage<RegistryFact<RegistryImage>>(TOO_MANY_IMAGES);
  const tag = onceEachImage<RegistryFact<RegistryImage>>(TOO_MANY_IMAGES);
  const details = onceEachImage<RegistryFact<RegistryDetails>>(TOO_MANY_IMAGES);
  const asker: Asker = { namespace: shareOf(namespace) };
  let moment: Fact<number> | undefined;
  return {
    imageOf(question) {
      if (images === undefined) return NOT_ASKED;
      const once = question.by === 'tag' ? tag : image;
      return once(question, () => inTime(question, signal, () => images.imageOf({ ...question, asker }, signal)));
    },
    detailsOf(question) {
      if (imageDetails === undefined) return NOT_ASKED;
      return details(question, () =>
        inTime(question, signal, () => imageDetails.detailsOf({ ...question, asker }, signal)),
      );
    },
    now: () => (moment ??= nowIn(context)),
    secret: (wanted) =>
      secret(wanted, (name) => {
        if (secrets === undefined || namespace === undefined) return unknown('no cluster is connected');
        return settle(signal, `Secret ${quoteValue(name)}`, () => secrets.secret(namespace, name, signal));
      }),
    serviceAccount: (wanted) =>
      account(wanted, (name) => {
        if (serviceAccounts === undefined || namespace === undefined) return unknown('no cluster is connected');
        const ask = (): Promise<Fact<readonly string[]>> => serviceAccounts.pullSecretsOf(namespace, name, signal);
        return settle(signal, `service account ${quoteValue(name)}`, ask);
      }),
  };
}

/** A namespace is a DNS label. */
const MAX_NAMESPACE = 63;

/** Shares are kept by name, for as long as what is remembered in them: no text that anybody makes as long as he likes. */
function shareOf(namespace = ''): string {
  return namespace.length > MAX_NAMESPACE ? '' : namespace;
}

export function notAsked(message: string): RegistryFact<never> {
  return { state: 'unknown', failure: { cause: 'blocked', message, remedy: undefined } };
}

const NOT_ASKED = notAsked('no registry is asked here');
const TOO_MANY_IMAGES: RegistryFact<never> = {
  state: 'unknown',
  failure: {
    cause: 'tooMany',
    causedBy: 'author',
    message: `the object names more than ${MAX_ASKED} different images, and no more are asked about`,
    remedy: undefined,
  },
};

const MAX_SHOWN = 255;

function inTime<T>(
  { reference }: ImageQuestion,
  signal: AbortSignal,
  ask: () => MaybePromise<RegistryFact<T>>,
): MaybePromise<RegistryFact<T>> {
  const answer = signal.aborted ? undefined : ask();
  if (answer !== undefined && !(answer instanceof Promise)) return answer;
  // The grammar sets no limit to it.
  const registry = reference.domain.slice(0, MAX_SHOWN) || 'the registry';
  const message = `${registry}: no answer in the time allowed`;
  const late: RegistryFact<never> = { state: 'unknown', failure: { cause: 'timeout', message, remedy: undefined } };
  return answer === undefined ? late : orAtEnd(signal, late, () => answer);
}

type Once<T> = (name: string, ask: (name: string) => MaybePromise<T>) => MaybePromise<T>;

/** `beyond`: what all get that come after so many. */
function onceEach<T>(beyond: T): Once<T> {
  let answers: Map<string, MaybePromise<T>> | undefined;
  return (name, ask) => {
    answers ??= new Map();
    const before = answers.get(name);
    if (before !== undefined) return before;
    if (answers.size >= MAX_ASKED) return beyond;
    const answer = ask(name);
    answers.set(name, answer);
    return answer;
  };
}

interface AskedBefore<T> {
  readonly question: ImageQuestion;
  readonly answer: MaybePromise<T>;
}

/** By the name of the image, which is a text that is kept: all that belongs to a question would have to be put together for each. */
function onceEachImage<T>(beyond: T): (question: ImageQuestion, ask: () => MaybePromise<T>) => MaybePromise<T> {
  let byName: Map<string, AskedBefore<T>[]> | undefined;
  let size = 0;
  return (question, ask) => {
    byName ??= new Map();
    const name = question.reference.fullName;
    const asked = byName.get(name);
    const before = asked?.find((one) => isSame(one.question, question));
    if (before !== undefined) return before.answer;
    if (size >= MAX_ASKED) return beyond;
    size += 1;
    const answer = ask();
    if (asked === undefined) byName.set(name, [{ question, answer }]);
    else asked.push({ question, answer });
    return answer;
  };
}

function isSame(one: ImageQuestion, other: ImageQuestion): boolean {
  if (one.staleMs !== other.staleMs || one.doubt !== other.doubt) return false;
  return (one.anew ?? false) === (other.anew ?? false) && haveSame(one.candidates, other.candidates);
}

/**
 * The same credentials may answer. Within one request a name stands for one Secret, and so the list of candidates is the same
 * wherever its Secrets and keys are.
 */
function haveSame(some: ImageQuestion['candidates'], others: ImageQuestion['candidates']): boolean {
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
  return { ...unknown(`the object needs more than ${MAX_ASKED} ${what}`), causedBy: 'author' };
}

function nowIn({ now }: Context): Fact<number> {
  return now === undefined ? unknown('nobody says here what time it is') : { state: 'yes', value: now() };
}

export async function namespaceLabels(
  namespace: string | undefined,
  { namespaces }: Context,
  signal: AbortSignal,
): Promise<Fact<Labels>> {
  if (namespace === undefined) return { state: 'no' };
  const what = `the labels of namespace ${quoteValue(namespace)}`;
  if (namespaces === undefined) return unknown(`${what} are not known here`);
  return settle(signal, what, () => namespaces.labelsOf(namespace, signal));
}

/** An outage or the end of the time allowed makes the fact unknown; any other error is a bug and goes on. */
function settle<T>(signal: AbortSignal, what: string, ask: () => Promise<Fact<T>>): Promise<Fact<T>> {
  const late = unknown(`${what}: no answer in the time allowed`);
  return orAtEnd<Fact<T>>(signal, late, async () => {
    try {
      return await ask();
    } catch (error) {
      if (error instanceof Outage) return unknown(error.message);
      throw error;
    }
  });
}

/** Whoever gives up because the time is over may say so in any way, or have an older answer for then. */
async function orAtEnd<T>(signal: AbortSignal, late: T, ask: () => Promise<T>): Promise<T> {
  if (signal.aborted) return late;
  const { promise: aborted, resolve } = Promise.withResolvers<T>();
  const onAbort = (): void => void afterTurns(TURNS).then(() => resolve(late));
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([ask(), aborted]);
  } catch (error) {
    if (signal.aborted) return late;
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}

/** Of the queue of promises: what is known by then comes first, and nothing is waited for. */
async function afterTurns(turns: number): Promise<void> {
  for (let turn = 0; turn < turns; turn += 1) await Promise.resolve();
}

const TURNS = 100;
