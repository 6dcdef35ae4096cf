/**
 * What deciding needs besides the request: the policies, and the ports to the world. A port has one method; it answers
 * with a fact, or rejects with an Outage when it could not find out. A port that is not there means that nobody can ask:
 * the fact is unknown.
 */
import type { PullSecret } from '../credential/pull-secret.ts';
import type { ImageReference } from '../image/reference.ts';
import type { KindTable } from '../pod/kinds.ts';
import type { ExceptionBook } from '../policy/exception.ts';
import type { Fact, Labels } from '../policy/fact.ts';
import type { Policy } from '../policy/policy.ts';

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

export interface DigestSource {
  /** `no`: the registry says that there is no such tag. */
  digestOf(reference: ImageReference, signal: AbortSignal): Promise<Fact<string>>;
}

export interface Context {
  readonly kinds: KindTable;
  readonly policies: readonly Policy[];
  /** Not there when none is loaded. */
  readonly exceptions?: ExceptionBook | undefined;
  readonly namespaces?: NamespaceSource | undefined;
  readonly secrets?: SecretSource | undefined;
  readonly serviceAccounts?: ServiceAccountSource | undefined;
  readonly digests?: DigestSource | undefined;
}

/** The world did not answer: becomes an unknown fact with this message, never a denial by itself. */
export class Outage extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Outage';
  }
}
