/** Questions to the world about one request: each is asked once, however often and for which object it comes up. */
import type { PullSecret } from '../credential/pull-secret.ts';
import { quoteValue } from '../image/quote.ts';
import type { Fact, Labels } from '../policy/fact.ts';
import type { RegistryDetails, RegistryFact, RegistryImage } from '../policy/registry-fact.ts';
import { type Context, type ImageQuestion, Outage } from './context.ts';

export interface Lookups {
  imageOf(question: ImageQuestion): Promise<RegistryFact<RegistryImage>>;
  detailsOf(question: ImageQuestion): Promise<RegistryFact<RegistryDetails>>;
  secret(name: string): Promise<Fact<PullSecret>>;
  /** The names in the service account's `imagePullSecrets`. */
  serviceAccount(name: string): Promise<Fact<readonly string[]>>;
}

export const unknown = (reason: string): Fact<never> => ({ state: 'unknown', reason });

/** Nobody names more; but 3 MiB could name 100,000, and each would be a question to the API server. */
const MAX_ASKED = 100;

export function lookups(namespace: string | undefined, context: Context, signal: AbortSignal): Lookups {
  const { images, imageDetails, secrets, serviceAccounts } = context;
  const secret = onceEach<PullSecret>('pull secrets');
  const account = onceEach<readonly string[]>('service accounts');
  return {
    // A source answers all who ask the same with one request, and in time by itself: it may have an older answer for then.
    imageOf: async (question) => (images === undefined ? NOT_ASKED : images.imageOf(question, signal)),
    detailsOf: async (question) => (imageDetails === undefined ? NOT_ASKED : imageDetails.detailsOf(question, signal)),
    secret: (wanted) =>
      secret(wanted, async (name) => {
        if (secrets === undefined || namespace === undefined) return unknown('no cluster is connected');
        return settle(signal, `Secret ${quoteValue(name)}`, () => secrets.secret(namespace, name, signal));
      }),
    serviceAccount: (wanted) =>
      account(wanted, async (name) => {
        if (serviceAccounts === undefined || namespace === undefined) return unknown('no cluster is connected');
        const ask = (): Promise<Fact<readonly string[]>> => serviceAccounts.pullSecretsOf(namespace, name, signal);
        return settle(signal, `service account ${quoteValue(name)}`, ask);
      }),
  };
}

const NOT_ASKED: RegistryFact<never> = {
  state: 'unknown',
  failure: { cause: 'refused', message: 'no registry is asked here', remedy: undefined },
};

type Once<T> = (name: string, ask: (name: string) => Promise<Fact<T>>) => Promise<Fact<T>>;

/** `limited`: what they are, where only so many are asked for. */
function onceEach<T>(limited?: string): Once<T> {
  const answers = new Map<string, Promise<Fact<T>>>();
  return (name, ask) => {
    const before = answers.get(name);
    if (before !== undefined) return before;
    const tooMany = limited !== undefined && answers.size >= MAX_ASKED;
    if (tooMany) return Promise.resolve(unknown(`the object needs more than ${MAX_ASKED} ${limited}`));
    const answer = ask(name);
    answers.set(name, answer);
    return answer;
  };
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

/** Whoever gives up because the time is over may say so in any way. */
async function orAtEnd<T>(signal: AbortSignal, late: T, ask: () => Promise<T>): Promise<T> {
  if (signal.aborted) return late;
  const { promise: aborted, resolve } = Promise.withResolvers<T>();
  const onAbort = (): void => resolve(late);
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
