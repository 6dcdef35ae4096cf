/**
 * The inputs of a decision other than the request: policies, and the source interfaces of the world. Each source interface has one
 * method, which returns a known fact synchronously, or rejects with an Outage if it cannot determine the fact. When the signal
 * aborts, a source settles: with a fact, or with any error.
 */
import type { Candidate } from '../credential/keyring.ts';
import type { PullSecret } from '../credential/pull-secret.ts';
import type { ImageReference } from '../image/reference.ts';
import type { KindTable } from '../pod/kinds.ts';
import type { ExceptionBook } from '../policy/exception-book.ts';
import type { Fact, Labels } from '../policy/fact.ts';
import type { Policy } from '../policy/policy.ts';
import type { RegistryFact } from '../policy/registry-fact.ts';
import type { MaybePromise } from './maybe-promise.ts';
import type { RegistryQuestion, RegistrySourceName, RegistryValues } from '../policy/registry-questions.ts';

export interface NamespaceSource {
  labelsOf(namespace: string, signal: AbortSignal): MaybePromise<Fact<Labels>>;
}

export interface SecretSource {
  /** Returns a Secret of any type. `no`: the Secret does not exist. `refresh`: remembered facts do not count. */
  secret(namespace: string, name: string, signal: AbortSignal, refresh?: boolean): MaybePromise<Fact<PullSecret>>;
}

export interface ServiceAccountSource {
  /** Returns the names in `imagePullSecrets`, in order. `no`: the ServiceAccount does not exist. */
  pullSecretsOf(
    namespace: string,
    name: string,
    signal: AbortSignal,
    refresh?: boolean,
  ): MaybePromise<Fact<readonly string[]>>;
}

/** Reviews from the same namespace share limits. One object for each review. */
export interface Requester {
  /** From the request; `''` for cluster-scoped objects. */
  readonly namespace: string;
}

/** One image to look up in a registry. */
export interface ImageLookup {
  readonly reference: ImageReference;
  readonly by: RegistryQuestion['by'];
  /** The credentials from objects of the cluster, in the kubelet's order; node credentials come after them. */
  readonly candidates: readonly Candidate[];
  /** Why there can be more credentials than `candidates`; undefined: there are no more. */
  readonly incompleteReason: string | undefined;
  /** Bypasses the cache. */
  readonly refresh?: boolean;
  /** The maximum age of a cached value that is used during an outage; 0: none is used. */
  readonly staleMs: number;
  /** undefined: the lookup shares no limits. */
  readonly requester?: Requester | undefined;
}

/** Rejects only on a bug. Returns an unknown fact when the signal aborts, and cached facts synchronously. */
export interface RegistrySource<T> {
  lookUp(lookup: ImageLookup, signal: AbortSignal): MaybePromise<RegistryFact<T>>;
}

/** One source for each kind of value; see policy/registry-questions.ts. */
export type RegistrySources = {
  readonly [Name in RegistrySourceName]: RegistrySource<RegistryValues[Name]>;
};

type OptionalSources = { readonly [Name in RegistrySourceName]?: RegistrySources[Name] | undefined };

/** The source interfaces: everything that a decision can learn beyond the request. A missing one makes its fact unknown. */
export interface World extends OptionalSources {
  readonly namespaces?: NamespaceSource | undefined;
  readonly secrets?: SecretSource | undefined;
  readonly serviceAccounts?: ServiceAccountSource | undefined;
}

export interface Context {
  /** Names the policies, exceptions, lists, plugins, and kinds of a server; undefined: decisions do not name them. */
  readonly generation?: string | undefined;
  readonly kinds: KindTable;
  readonly policies: readonly Policy[];
  /** undefined: none are loaded. */
  readonly exceptions?: ExceptionBook | undefined;
  /** undefined: nothing is looked up, so decisions need no deadline. */
  readonly world?: World | undefined;
  /** Unix time in milliseconds. */
  readonly now?: (() => number) | undefined;
  /**
   * Resolves when every source that settles on an abort has settled; a fact whose source has not is then unknown. The core has
   * no timers, so its caller waits. undefined: sources have no time after the abort.
   */
  readonly abortGrace?: (() => Promise<void>) | undefined;
}

/**
 * The reason of an abort: too many reviews wait, most of them from the namespace of this review. Facts that are not known are then
 * unknown because of the author.
 */
export class Crowded extends Error {
  constructor() {
    super('too many reviews of this namespace wait for lookups');
    this.name = 'Crowded';
  }
}

/** A source is unavailable. The fact is then unknown, with this message as the reason. */
export class Outage extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Outage';
  }
}
