/** Fetches the facts that the rules in scope named, in parallel, before any rule runs. */
import type { Pod } from '../../pod/containers.ts';
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
} from '../../policy/fact.ts';
import { REGISTRY_NEEDS } from '../../policy/registry-questions.ts';
import { type MaybePromise, whenAllKnown, whenKnown } from '../maybe-promise.ts';
import { type AddedSecrets, withAddedSecrets } from './added-secrets.ts';
import type { LookupScope } from './lookup-scope.ts';
import { type Lookups, unknown } from './lookups.ts';
import { registryFacts } from './registry-facts.ts';

export interface FactRequest {
  readonly workload: Workload;
  readonly needs: ReadonlySet<Need>;
  /** See AdmissionRequest. */
  readonly pluginsRan: boolean;
  /** undefined: no image is looked up. */
  readonly scope?: LookupScope | undefined;
  /** undefined: the Pods get no other secrets than those that they have. */
  readonly addedSecrets?: AddedSecrets | undefined;
  /** Called if a rule needs them. */
  readonly originalImages?: (() => Facts['originalImages']) | undefined;
}

/** Pull secrets come first: images are looked up with their credentials. */
export function gather(request: FactRequest, labels: Fact<Labels>, lookups: Lookups): MaybePromise<Facts> {
  const { needs, scope } = request;
  const now = needs.has('now') ? lookups.now() : NO_FACTS.now;
  const originals = needs.has('originalImages') ? request.originalImages?.() : undefined;
  const needsRegistry = scope !== undefined && REGISTRY_NEEDS.some((need) => scope.containersFor(need).size > 0);
  const secrets = needsRegistry || needs.has('pullSecrets') ? futurePullSecrets(request, lookups) : [];
  return whenKnown(secrets, (entries): MaybePromise<Facts> => {
    const pullSecrets = new Map(entries);
    const known = {
      ...NO_FACTS,
      namespaceLabels: labels,
      pullSecrets,
      originalImages: originals ?? NO_FACTS.originalImages,
      now,
    };
    if (!needsRegistry) return known;
    return registryFacts({ workload: request.workload, scope, pullSecrets }, lookups).then((found) => ({
      ...known,
      ...found,
    }));
  });
}

/** With the secrets that policies add when the Pods are created. */
function futurePullSecrets(request: FactRequest, lookups: Lookups): ReturnType<typeof pullSecretsOf> {
  const { workload, addedSecrets } = request;
  const own = pullSecretsOf(request, lookups);
  return addedSecrets === undefined
    ? own
    : whenKnown(own, (secrets) => withAddedSecrets(secrets, { workload, addedSecrets, lookups }));
}

/** By the JSON Pointer of the Pod. Pods with the same ServiceAccount share its list. */
export function pullSecretsOf(
  request: PullSecretRequest,
  lookups: Lookups,
): MaybePromise<readonly (readonly [string, PodPullSecrets])[]> {
  const accounts = new Map<string, MaybePromise<PodPullSecrets>>();
  const ofAccount = (serviceAccount: string): MaybePromise<PodPullSecrets> => {
    const known = accounts.get(serviceAccount) ?? secretsOfAccount(serviceAccount, lookups);
    accounts.set(serviceAccount, known);
    return known;
  };
  return whenAllKnown(
    request.workload.pods.map((pod) => {
      const secrets = ownSecrets(pod, request, lookups) ?? ofAccount(pod.serviceAccountName);
      return whenKnown(secrets, (known) => [pod.pointer, known] as const);
    }),
  );
}

export type PullSecretRequest = Pick<FactRequest, 'workload' | 'pluginsRan'>;

/**
 * Returns the Pod's own list. `undefined`: the list of the ServiceAccount applies.
 *
 * When a Pod without a list is created, the admission plugin ServiceAccount copies the list of the ServiceAccount, even an empty
 * list; later, only the Pod's list applies (kubernetes plugin/pkg/admission/serviceaccount). The plugin counts entries without a
 * name, and the kubelet ignores them.
 */
function ownSecrets(
  pod: Pod,
  { workload, pluginsRan }: PullSecretRequest,
  lookups: Lookups,
): MaybePromise<PodPullSecrets> | undefined {
  const { serviceAccountName: serviceAccount } = pod;
  const { type, object } = workload;
  const isCore = type.group === '';
  if (isCore && type.kind === 'EphemeralContainers') {
    const secrets = unknown('the request shows only the ephemeral containers of the Pod');
    return { from: 'pod', serviceAccount, secrets };
  }
  const isPod = isCore && type.kind === 'Pod';
  if (isPod && isMirrorPod(object)) {
    return { from: 'node', serviceAccount, secrets: { state: 'yes', value: [] } };
  }
  const isDecided = isPod && pluginsRan;
  if (!isDecided && readObjects(pod.spec, 'imagePullSecrets', pod.pointer).length === 0) return undefined;
  return whenKnown(namedSecrets(pod.pullSecretNames, lookups), (value) => ({
    from: 'pod',
    serviceAccount,
    secrets: { state: 'yes', value },
  }));
}

function secretsOfAccount(serviceAccount: string, lookups: Lookups): MaybePromise<PodPullSecrets> {
  const of = (secrets: Fact<readonly NamedSecret[]>): PodPullSecrets => ({
    from: 'service-account',
    serviceAccount,
    secrets,
  });
  return whenKnown(lookups.serviceAccount(serviceAccount), (names) => {
    if (names.state !== 'yes') return of(names);
    return whenKnown(namedSecrets(names.value, lookups), (value) => of({ state: 'yes', value }));
  });
}

function namedSecrets(names: readonly string[], lookups: Lookups): MaybePromise<readonly NamedSecret[]> {
  const distinct = [...new Set(names)].filter((name) => name !== '');
  return whenAllKnown(distinct.map((name) => whenKnown(lookups.secret(name), (secret) => ({ name, secret }))));
}
