/** Fetches the facts that the rules in scope named, in parallel, before any rule runs. */
import type { Container, Pod } from '../../pod/containers.ts';
import { isMirrorPod } from '../../pod/metadata.ts';
import { readObjects } from '../../pod/read.ts';
import type { Workload } from '../../pod/workload.ts';
import {
  type Fact,
  type Facts,
  type Labels,
  type NamedSecret,
  type Need,
  NO_FACTS,
  type PodPullSecrets,
  REGISTRY_NEEDS,
  type RegistryNeed,
} from '../../policy/fact.ts';
import type { RegistryDetails, RegistryFact, RegistryImage } from '../../policy/registry-fact.ts';
import { type MaybePromise, whenAllKnown, whenKnown } from '../maybe-promise.ts';
import type { ImageQuestion } from '../context.ts';
import { type AskedImage, askedImages } from './image-lookups.ts';
import type { Inquiry } from './lookup-scope.ts';
import { type Lookups, unknown } from './lookups.ts';

export interface Wanted {
  readonly workload: Workload;
  readonly needs: ReadonlySet<Need>;
  /** See AdmissionRequest. */
  readonly pluginsRan: boolean;
  /** Without it no registry is asked. */
  readonly inquiry?: Inquiry | undefined;
}

/** Registries are asked with credentials from pull secrets. */
export async function gather(wanted: Wanted, labels: Fact<Labels>, ask: Lookups): Promise<Facts> {
  const { needs, inquiry } = wanted;
  const now = needs.has('now') ? ask.now() : NO_FACTS.now;
  const asksRegistry = inquiry !== undefined && REGISTRY_NEEDS.some((need) => inquiry.asked(need).size > 0);
  const pullSecrets = new Map(asksRegistry || needs.has('pullSecrets') ? await pullSecretsOf(wanted, ask) : []);
  const known = { ...NO_FACTS, namespaceLabels: labels, pullSecrets, now };
  return asksRegistry ? { ...known, ...(await registryFacts({ ...wanted, inquiry, pullSecrets }, ask)) } : known;
}

interface WantedOfRegistries extends Wanted {
  readonly inquiry: Inquiry;
  readonly pullSecrets: Facts['pullSecrets'];
}

async function registryFacts(wanted: WantedOfRegistries, ask: Lookups): Promise<Pick<Facts, RegistryNeed>> {
  const imageOf: Answer<RegistryImage> = (question) => ask.imageOf(question);
  const [registryImages, registryTags, registryDetails] = await Promise.all([
    answersTo(asked(wanted, 'registryImages', 'image'), imageOf),
    answersTo(asked(wanted, 'registryTags', 'tag').filter(hasBoth), imageOf),
    answersTo<RegistryDetails>(asked(wanted, 'registryDetails', 'image'), (question) => ask.detailsOf(question)),
  ]);
  const denied = (need: RegistryNeed): readonly DeniedFact[] => deniedFacts(wanted, need);
  return {
    registryImages: new Map([...registryImages, ...denied('registryImages')]),
    registryTags: new Map([...registryTags, ...denied('registryTags')]),
    registryDetails: new Map([...registryDetails, ...denied('registryDetails')]),
  };
}

function asked(wanted: WantedOfRegistries, need: RegistryNeed, by: ImageQuestion['by']): readonly AskedImage[] {
  const { workload, pullSecrets, inquiry } = wanted;
  const about = inquiry.asked(need);
  if (about.size === 0) return [];
  const only = (container: Container): boolean => about.has(container) && inquiry.denied(container) === undefined;
  return askedImages(workload, pullSecrets, { by, staleMs: 0, only });
}

function hasBoth({ question: { reference } }: AskedImage): boolean {
  return reference.tag !== undefined && reference.digest !== undefined;
}

type Answer<T> = (question: ImageQuestion) => MaybePromise<RegistryFact<T>>;

function answersTo<T>(
  questions: readonly AskedImage[],
  answer: Answer<T>,
): Promise<readonly (readonly [string, RegistryFact<T>])[]> {
  return Promise.all(
    questions.map(async ({ container, question }) => [container.imagePointer, await answer(question)] as const),
  );
}

type DeniedFact = readonly [string, RegistryFact<never>];

function deniedFacts({ inquiry }: WantedOfRegistries, need: RegistryNeed): readonly DeniedFact[] {
  return [...inquiry.asked(need)].flatMap((container): readonly DeniedFact[] => {
    const deniedBy = inquiry.denied(container);
    if (deniedBy === undefined) return [];
    const message = `not asked, since policy ${deniedBy.policy}/${deniedBy.rule} refuses the image`;
    return [
      [
        container.imagePointer,
        { state: 'unknown', failure: { cause: 'blocked', message, remedy: undefined, deniedBy } },
      ],
    ];
  });
}

/** By the pod's JSON pointer. Pods of one service account share its list. */
export function pullSecretsOf(
  wanted: Omit<Wanted, 'needs' | 'inquiry'>,
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
function ownSecrets(
  pod: Pod,
  wanted: Omit<Wanted, 'needs' | 'inquiry'>,
  ask: Lookups,
): MaybePromise<PodPullSecrets> | undefined {
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
