/** Facts about the world outside of the object. A lookup that fails, or has no source, is `unknown` with a reason. */
import type { PullSecret } from '../credential/pull-secret.ts';
import type { ImageReference } from '../image/reference.ts';
import { forEachNeed, type RegistryFactsByNeed } from './registry-questions.ts';

export type Fact<T> =
  /** `isRemembered`: the value can be some seconds older than the request, and minutes in an outage of the API server. */
  | { readonly state: 'yes'; readonly value: T; readonly isRemembered?: boolean }
  | { readonly state: 'no' }
  /** `causedBy`: only the author of the object, or other authors in its namespace, can cause it. */
  | { readonly state: 'unknown'; readonly reason: string; readonly causedBy?: 'author' | undefined };

export type Labels = { readonly [key: string]: string };

/** The pull secrets that the kubelet uses for a Pod. Node credentials are not included. */
export interface PodPullSecrets {
  /**
   * Where the list is from. `service-account`: the Pod has no list, so the list of its ServiceAccount applies. `node`: a mirror
   * Pod, which cannot have pull secrets; its node uses only node credentials.
   */
  readonly from: 'pod' | 'service-account' | 'node';
  readonly serviceAccount: string;
  /** In the kubelet's order, without duplicates. `no`: the ServiceAccount does not exist. */
  readonly secrets: Fact<readonly NamedSecret[]>;
  /** Secrets that policies add to a list that is not known. */
  readonly added?: readonly NamedSecret[];
}

export interface NamedSecret {
  readonly name: string;
  /** `no`: the Secret does not exist, and the kubelet ignores it. */
  readonly secret: Fact<PullSecret>;
}

/** Without a rewrite, the image itself. The tag and the digest are those of the image. */
export type OriginalImage = Exclude<Fact<ImageReference>, { readonly state: 'no' }>;

/** Every fact that a rule can list in `needs`, by name. */
export interface Facts extends RegistryFactsByNeed {
  /** Labels of the namespace of the request. `no`: the namespace does not exist. */
  readonly namespaceLabels: Fact<Labels>;
  /** By the JSON Pointer of the Pod. */
  readonly pullSecrets: ReadonlyMap<string, PodPullSecrets>;
  /** By the JSON Pointer of the image: the name that the rewrites of the policies turn into it. Invalid images are not included. */
  readonly originalImages: ReadonlyMap<string, OriginalImage>;
  /** Unix time in milliseconds, the same for all rules that check one object. */
  readonly now: Fact<number>;
}

export type Need = keyof Facts;

const KNOWN: Readonly<Record<Need, true>> = {
  namespaceLabels: true,
  pullSecrets: true,
  ...forEachNeed(() => true),
  originalImages: true,
  now: true,
};

/** For plugins, which are not type-checked. */
export const NEEDS: readonly string[] = Object.keys(KNOWN);

/** For requests that need no facts. */
export const NO_FACTS: Omit<Facts, 'namespaceLabels'> = {
  pullSecrets: new Map(),
  ...forEachNeed(() => new Map()),
  originalImages: new Map(),
  now: { state: 'unknown', reason: 'the current time is not known' },
};
