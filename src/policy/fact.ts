/**
 * What a rule may ask about the world outside of the object. A look-up that failed, or that nobody can do here, is
 * `unknown` with its reason: never yes, never no.
 */
import type { PullSecret } from '../credential/pull-secret.ts';
import { forEachNeed, type RegistryFactsByNeed } from './registry-questions.ts';

export type Fact<T> =
  | { readonly state: 'yes'; readonly value: T }
  | { readonly state: 'no' }
  /** `causedBy`: only the author of the object can cause it. */
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
export interface Facts extends RegistryFactsByNeed {
  /** Labels of the namespace of the request; `no` when there is no such namespace. */
  readonly namespaceLabels: Fact<Labels>;
  /** By the pod's JSON pointer. */
  readonly pullSecrets: ReadonlyMap<string, PodPullSecrets>;
  /** Milliseconds since 1970, the same for all rules that look at one object. */
  readonly now: Fact<number>;
}

export type Need = keyof Facts;

const KNOWN: Readonly<Record<Need, true>> = {
  namespaceLabels: true,
  pullSecrets: true,
  ...forEachNeed(() => true),
  now: true,
};

/** For code that the compiler has not seen. */
export const NEEDS: readonly string[] = Object.keys(KNOWN);

/** For requests that need no facts. */
export const NO_FACTS: Omit<Facts, 'namespaceLabels'> = {
  pullSecrets: new Map(),
  ...forEachNeed(() => new Map()),
  now: { state: 'unknown', reason: 'nobody was asked what time it is' },
};
