/** The facts of one review, as a recording keeps them. */
import type { Labels } from '../policy/fact.ts';
import type { RegistryFailure } from '../policy/registry-fact.ts';
import type { RegistryQuestion, RegistrySourceName } from '../policy/registry-questions.ts';
import type { RecordedSecret } from './secret.ts';

/** Like Fact, without what only the server needs. */
export type RecordedFact<T> =
  | { readonly state: 'yes'; readonly value: T }
  | { readonly state: 'no' }
  | { readonly state: 'unknown'; readonly reason: string; readonly causedBy?: 'author' | undefined };

export type RecordedRegistryFact =
  | { readonly state: 'yes'; readonly value: object }
  | { readonly state: 'no' | 'unknown'; readonly failure: RegistryFailure };

export interface Named<T> {
  readonly name: string;
  readonly fact: RecordedFact<T>;
}

export interface RecordedLookup {
  readonly source: RegistrySourceName;
  readonly by: RegistryQuestion['by'];
  /** The image as the kubelet pulls it: with its registry, and with the tag "latest" if it has none. */
  readonly image: string;
  /** The credentials from pull secrets that the lookup could use, in order. */
  readonly credentials: readonly string[];
  /** Why there can be more credentials. */
  readonly incompleteReason?: string | undefined;
  /** The registry was queried although the fact was remembered; the remembered fact can be another entry. */
  readonly refresh?: true | undefined;
  readonly fact: RecordedRegistryFact;
}

export const CLUSTER_SOURCES = ['namespaces', 'secrets', 'serviceAccounts'] as const;

export interface RecordedFacts {
  /** The sources that the server had; a fact of another source was unknown. */
  readonly sources: readonly ((typeof CLUSTER_SOURCES)[number] | RegistrySourceName)[];
  /** Of the namespace of the request. */
  readonly namespaceLabels?: RecordedFact<Labels> | undefined;
  /** The names in `imagePullSecrets`. */
  readonly serviceAccounts?: readonly Named<readonly string[]>[] | undefined;
  readonly pullSecrets?: readonly Named<RecordedSecret>[] | undefined;
  readonly registry?: readonly RecordedLookup[] | undefined;
}
