/**
 * What deciding needs besides the request: the policies, and the ports to the world. A port has one method; it answers
 * with a fact, or rejects with an Outage when it could not find out. A port that is not there means that nobody can ask:
 * the fact is unknown.
 */
import type { Candidate } from '../credential/keyring.ts';
import type { PullSecret } from '../credential/pull-secret.ts';
import type { ImageReference } from '../image/reference.ts';
import type { KindTable } from '../pod/kinds.ts';
import type { ExceptionBook } from '../policy/exception-book.ts';
import type { Fact, Labels } from '../policy/fact.ts';
import type { Policy } from '../policy/policy.ts';
import type { RegistryDetails, RegistryFact, RegistryImage } from '../policy/registry-fact.ts';

export interface NamespaceSource {
  labelsOf(namespace: string, signal: AbortSignal): Promise<Fact<Labels>>;
}

export interface SecretSource {
  /** A Secret of whatever type; `no`: there is none of this name. */
  secret(namespace: string, name: string, signal: AbortSignal): Promise<Fact<PullSecret>>;
}

export interface ServiceAccountSource {
  /** The names in its `imagePullSecrets`, in order; `no`: there is no such service account. */
  pullSecretsOf(namespace: string, name: string, signal: AbortSignal): Promise<Fact<readonly string[]>>;
}

/** Who wants an answer: what all share is shared out by namespace and by review. One object for each review. */
export interface Asker {
  /** As the API server says; `''` for what has none. */
  readonly namespace: string;
}

/** A question to a registry. */
export interface ImageQuestion {
  readonly reference: ImageReference;
  /** `image`: by the digest where the reference has one, else by the tag. `tag`: by the tag, whatever the digest says. */
  readonly by: 'image' | 'tag';
  /** The credentials that objects of the cluster give, in the kubelet's order; what nodes have comes after them. */
  readonly candidates: readonly Candidate[];
  /** Why there could be more credentials than `candidates`. */
  readonly doubt: string | undefined;
  /** Somebody wants it looked up again: an answer that was remembered for a while does not count. */
  readonly anew?: boolean;
  /** How old an answer may be that is given because the registry is in trouble; 0: none is. */
  readonly staleMs: number;
  /** Not given where one asks for himself alone. */
  readonly asker?: Asker | undefined;
}

/** Never rejects, but for a bug, and answers by itself when the signal is aborted. At once where the answer is known. */
export interface ImageSource {
  imageOf(
    question: ImageQuestion,
    signal: AbortSignal,
  ): RegistryFact<RegistryImage> | Promise<RegistryFact<RegistryImage>>;
}

/** Like ImageSource. */
export interface ImageDetailsSource {
  detailsOf(question: ImageQuestion, signal: AbortSignal): Promise<RegistryFact<RegistryDetails>>;
}

export interface Context {
  readonly kinds: KindTable;
  readonly policies: readonly Policy[];
  /** Not there when none is loaded. */
  readonly exceptions?: ExceptionBook | undefined;
  readonly namespaces?: NamespaceSource | undefined;
  readonly secrets?: SecretSource | undefined;
  readonly serviceAccounts?: ServiceAccountSource | undefined;
  readonly images?: ImageSource | undefined;
  readonly imageDetails?: ImageDetailsSource | undefined;
  /** Milliseconds since 1970. */
  readonly now?: (() => number) | undefined;
}

/** The world did not answer: becomes an unknown fact with this message, never a denial by itself. */
export class Outage extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Outage';
  }
}
