/** Fetches the facts that the rules in scope named, in parallel, before any rule runs. */
import type { Pod } from '../pod/containers.ts';
import { isMirrorPod } from '../pod/metadata.ts';
import { readObjects } from '../pod/read.ts';
import type { Workload } from '../pod/workload.ts';
import {
  type Fact,
  type Facts,
  type Labels,
  type NamedSecret,
  type Need,
  NO_FACTS,
  type PodPullSecrets,
} from '../policy/fact.ts';
import type { RegistryFact } from '../policy/registry-fact.ts';
import { type MaybePromise, whenAllKnown, whenKnown } from './at-once.ts';
import type { ImageQuestion } from './context.ts';
import { type AskedImage, askedImages } from './image-questions.ts';
import { type Lookups, unknown } from './lookups.ts';

export interface Wanted {
  readonly workload: Workload;
  readonly needs: ReadonlySet<Need>;
  /** See AdmissionRequest. */
  readonly pluginsRan: boolean;
}

/** Those of the last three are looked up with credentials from pull secrets. */
export async function gather(wanted: Wanted, labels: Fact<Labels>, ask: Lookups): Promise<Facts> {
  const { workload, needs } = wanted;
  const asksRegistry = REGISTRY_NEEDS.some((need) => needs.has(need));
  const pullSecrets = new Map(asksRegistry || needs.has('pullSecrets') ? await pullSecretsOf(wanted, ask) : []);
  if (!asksRegistry) return { ...NO_FACTS, namespaceLabels: labels, pullSecrets };
  const questionsBy = (by: ImageQuestion['by']): readonly AskedImage[] =>
    askedImages(workload, pullSecrets, { by, staleMs: 0 });
  const [registryImages, registryTags, registryDetails] = await Promise.all([
    needs.has('registryImages') ? answersTo(questionsBy('image'), (question) => ask.imageOf(question)) : [],
    needs.has('registryTags') ? answersTo(questionsBy('tag').filter(hasBoth), (question) => ask.imageOf(question)) : [],
    needs.has('registryDetails') ? answersTo(questionsBy('image'), (question) => ask.detailsOf(question)) : [],
  ]);
  return {
    namespaceLabels: labels,
    pullSecrets,
    registryImages: new Map(registryImages),
    registryTags: new Map(registryTags),
    registryDetails: new Map(registryDetails),
  };
}

const REGISTRY_NEEDS = ['registryImages', 'registryTags', 'registryDetails'] as const;

function hasBoth({ question: { reference } }: AskedImage): boolean {
  return reference.tag !== undefined && reference.digest !== undefined;
}

function answersTo<T>(
  asked: readonly AskedImage[],
  ask: (question: ImageQuestion) => MaybePromise<RegistryFact<T>>,
): Promise<readonly (readonly [string, RegistryFact<T>])[]> {
  return Promise.all(
    asked.map(async ({ container, question }) => [container.imagePointer, await ask(question)] as const),
  );
}

/** By the pod's JSON pointer. Pods of one service account share its list. */
export function pullSecretsOf(
  wanted: Omit<Wanted, 'needs'>,
  ask: Lookups,
): MaybePromise<readonly (readonly [string, PodPullSecrets])[]> {
  const accounts = new Map<string, MaybePromise<PodPullSecrets>>();
  const ofAccount = (serviceAccount: string): MaybePromise<PodPullSecrets> => {
    const known = accounts.get(serviceAccount) ?? secretsOfAccount(serviceAccount, ask);
    accounts.set(serviceAccount, known);
    return known;
  };
  return whenAllKnown(
    wanted.workload.pods.map((pod) => {
      const secrets = ownSecrets(pod, wanted, ask) ?? ofAccount(pod.serviceAccountName);
      return whenKnown(secrets, (known) => [pod.pointer, known] as const);
    }),
  );
}

/**
 * On creation of a Pod the ServiceAccount plugin fills in the list of the service account where the Pod has none, also where
 * that is empty; from then on the Pod's list is what counts (kubernetes plugin/pkg/admission/serviceaccount). An entry
 * without a name counts as a list there, and the kubelet skips it. `undefined`: the service account decides.
 */
function ownSecrets(pod: Pod, wanted: Omit<Wanted, 'needs'>, ask: Lookups): MaybePromise<PodPullSecrets> | undefined {
  const { serviceAccountName: serviceAccount } = pod;
  const { type, object } = wanted.workload;
  const isCore = type.group === '';
  if (isCore && type.kind === 'EphemeralContainers') {
    const secrets = unknown('the request shows only the ephemeral containers of the Pod');
    return { from: 'pod', serviceAccount, secrets };
  }
  const isPod = isCore && type.kind === 'Pod';
  if (isPod && isMirrorPod(object)) {
    return { from: 'node', serviceAccount, secrets: { state: 'yes', value: [] } };
  }
  const isDecided = isPod && wanted.pluginsRan;
  if (!isDecided && readObjects(pod.spec, 'imagePullSecrets', pod.pointer).length === 0) return undefined;
  return whenKnown(named(pod.pullSecretNames, ask), (value) => ({
    from: 'pod',
    serviceAccount,
    secrets: { state: 'yes', value },
  }));
}

function secretsOfAccount(serviceAccount: string, ask: Lookups): MaybePromise<PodPullSecrets> {
  const of = (secrets: Fact<readonly NamedSecret[]>): PodPullSecrets => ({
    from: 'service-account',
    serviceAccount,
    secrets,
  });
  return whenKnown(ask.serviceAccount(serviceAccount), (names) => {
    if (names.state !== 'yes') return of(names);
    return whenKnown(named(names.value, ask), (value) => of({ state: 'yes', value }));
  });
}

function named(names: readonly string[], ask: Lookups): MaybePromise<readonly NamedSecret[]> {
  const distinct = [...new Set(names)].filter((name) => name !== '');
  return whenAllKnown(distinct.map((name) => whenKnown(ask.secret(name), (secret) => ({ name, secret }))));
}
