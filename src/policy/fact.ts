/**
 * What a rule may ask about the world outside of the object. A look-up that failed, or that nobody can do here, is
 * `unknown` with its reason: never yes, never no.
 */
import type { ImageReference } from '../image/reference.ts';

export type Fact<T> =
  | { readonly state: 'yes'; readonly value: T }
  | { readonly state: 'no' }
  | { readonly state: 'unknown'; readonly reason: string };

export type Labels = { readonly [key: string]: string };

/** A Secret of a pull-secret type, undecoded; its data never leaves the facts. */
export interface PullSecret {
  readonly name: string;
  readonly type: string;
  readonly data: ReadonlyMap<string, Uint8Array>;
}

/** Every fact that a rule can list in `needs`, by name. */
export interface Facts {
  /** Labels of the namespace of the request; `no` when there is no such namespace. */
  readonly namespaceLabels: Fact<Labels>;
  /** The pull secrets that the kubelet would use for a pod, in its order, by the pod's JSON pointer. */
  readonly pullSecrets: ReadonlyMap<string, Fact<readonly PullSecret[]>>;
  /** The digest that the registry has for an image, by the user's spelling (`ImageReference.text`). */
  readonly digests: ReadonlyMap<ImageReference['text'], Fact<string>>;
}

export type Need = keyof Facts;

const KNOWN: Readonly<Record<Need, true>> = { namespaceLabels: true, pullSecrets: true, digests: true };

/** For code that the compiler has not seen. */
export const NEEDS: readonly string[] = Object.keys(KNOWN);
