/** Fetches the facts that the rules in scope named, once each and in parallel, before any rule runs. */
import { quoteValue } from '../image/quote.ts';
import type { Pod } from '../pod/containers.ts';
import type { Workload } from '../pod/workload.ts';
import type { Fact, Facts, Labels, Need, PullSecret } from '../policy/fact.ts';
import { type Context, Outage } from './context.ts';

export interface Wanted {
  readonly workload: Workload;
  readonly namespace: string | undefined;
  readonly needs: ReadonlySet<Need>;
}

const unknown = (reason: string): Fact<never> => ({ state: 'unknown', reason });

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

export async function gather(
  wanted: Wanted,
  labels: Fact<Labels>,
  options: { context: Context; signal: AbortSignal },
): Promise<Facts> {
  const { workload, namespace, needs } = wanted;
  const { context, signal } = options;
  const [digests, pullSecrets] = await Promise.all([
    needs.has('digests') ? digestsOf(workload, context, signal) : NOTHING,
    needs.has('pullSecrets') ? pullSecretsOf(workload, { namespace, context, signal }) : NOTHING,
  ]);
  return { namespaceLabels: labels, digests: new Map(digests), pullSecrets: new Map(pullSecrets) };
}

const NOTHING: readonly (readonly [string, Fact<never>])[] = [];

type Entry<T> = readonly [string, Fact<T>];

async function digestsOf(
  workload: Workload,
  { digests }: Context,
  signal: AbortSignal,
): Promise<readonly Entry<string>[]> {
  const references = new Map(
    workload.containers.flatMap(({ image }) =>
      image.state === 'parsed' ? [[image.text, image.reference] as const] : [],
    ),
  );
  return Promise.all(
    [...references].map(async ([text, reference]): Promise<Entry<string>> => {
      if (digests === undefined) return [text, unknown('no registry is asked here')];
      return [
        text,
        await settle(signal, `the digest of ${quoteValue(text)}`, () => digests.digestOf(reference, signal)),
      ];
    }),
  );
}

async function pullSecretsOf(
  workload: Workload,
  options: { namespace: string | undefined; context: Context; signal: AbortSignal },
): Promise<readonly Entry<readonly PullSecret[]>[]> {
  const { namespace, context, signal } = options;
  const source = context.pullSecrets;
  return Promise.all(
    workload.pods.map(async (pod: Pod): Promise<Entry<readonly PullSecret[]>> => {
      if (source === undefined || namespace === undefined) return [pod.pointer, unknown('no cluster is connected')];
      const wanted = { namespace, names: pod.pullSecretNames, serviceAccount: pod.serviceAccountName };
      return [pod.pointer, await settle(signal, 'the pull secrets', () => source.pullSecretsFor(wanted, signal))];
    }),
  );
}

/** An outage or the end of the time allowed makes the fact unknown; any other error is a bug and goes on. */
async function settle<T>(signal: AbortSignal, what: string, ask: () => Promise<Fact<T>>): Promise<Fact<T>> {
  const late = unknown(`${what}: no answer in the time allowed`);
  if (signal.aborted) return late;
  const { promise: aborted, resolve } = Promise.withResolvers<Fact<T>>();
  const onAbort = (): void => resolve(late);
  signal.addEventListener('abort', onAbort, { once: true });
  try {
    return await Promise.race([ask(), aborted]);
  } catch (error) {
    if (error instanceof Outage) return unknown(error.message);
    if (signal.aborted) return late;
    throw error;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
