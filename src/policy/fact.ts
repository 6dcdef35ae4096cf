/**
 * What a rule may ask about the world outside of the object. A look-up that failed, or that nobody can do here, is
 * `unknown` with its reason: never yes, never no.
 */
import type { PullSecret } from '../credential/pull-secret.ts';
import type { RegistryDetails, RegistryFacts, RegistryImage } from './registry-fact.ts';

export type Fact<T> =
  | { readonly state: 'yes'; readonly value: T }
  | { readonly state: 'no' }
  /** `causedBy`: nobody but the author of the object can bring it about. */
  | { readonly state: 'unknown'; readonly reason: string; readonly causedBy?: 'author' | undefined };

export type Labels = { readonly [key: string]: string };

/** The pull secrets that the kubelet uses for a pod, as far as objects of the cluster decide about it. */
export interface PodPullSecrets {
  /**
   * Whose list it is. `service-account`: the pod has none, so it gets that of its service account. `node`: a mirror pod,
   * which may name no secret; its node pulls with what it has itself.
   */
  readonly from: 'pod' | 'service-account' | 'node';
  readonly serviceAccount: string;
  /** In the kubelet's order, each once; `no` when there is no such service account. */
  readonly secrets: Fact<readonly NamedSecret[]>;
}

export interface NamedSecret {
  readonly name: string;
  /** `no` when it does not exist: the kubelet goes on without it. */
  readonly secret: Fact<PullSecret>;
}

/** Every fact that a rule can list in `needs`, by name. */
export interface Facts {
  /** Labels of the namespace of the request; `no` when there is no such namespace. */
  readonly namespaceLabels: Fact<Labels>;
  /** By the pod's JSON pointer. */
  readonly pullSecrets: ReadonlyMap<string, PodPullSecrets>;
  /** What the registry has under the image as it is written: its digest where it has one, else its tag. */
  readonly registryImages: RegistryFacts<RegistryImage>;
  /** What the registry has under the tag of an image that has a digest, too. Others are not in it. */
  readonly registryTags: RegistryFacts<RegistryImage>;
  /** Platforms, age and size. */
  readonly registryDetails: RegistryFacts<RegistryDetails>;
  /** Milliseconds since 1970, the same for all rules that look at one object. */
  readonly now: Fact<number>;
}

export type Need = keyof Facts;

const KNOWN: Readonly<Record<Need, true>> = {
  namespaceLabels: true,
  pullSecrets: true,
  registryImages: true,
  registryTags: true,
  registryDetails: true,
  now: true,
};

/** For code that the compiler has not seen. */
export const NEEDS: readonly string[] = Object.keys(KNOWN);

/** For whoever asks about nothing. */
export const NO_FACTS: Omit<Facts, 'namespaceLabels'> = {
  pullSecrets: new Map(),
  registryImages: new Map(),
  registryTags: new Map(),
  registryDetails: new Map(),
  now: { state: 'unknown', reason: 'nobody was asked what time it is' },
};

/** Each is a map by image, and each image in it is a question to a registry. */
export const REGISTRY_NEEDS = ['registryImages', 'registryTags', 'registryDetails'] as const satisfies readonly Need[];
export type RegistryNeed = (typeof REGISTRY_NEEDS)[number];
