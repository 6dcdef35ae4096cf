/**
 * What deciding needs besides the request: the policies, and the ports to the world. A port has one method; it answers
 * with a fact, or rejects with an Outage when it could not find out. A port that is not there means that nobody can ask:
 * the fact is unknown.
 */
import type { ImageReference } from '../image/reference.ts';
import type { KindTable } from '../pod/kinds.ts';
import type { ExceptionBook } from '../policy/exception.ts';
import type { Fact, Labels, PullSecret } from '../policy/fact.ts';
import type { Policy } from '../policy/policy.ts';

export interface NamespaceSource {
  labelsOf(namespace: string, signal: AbortSignal): Promise<Fact<Labels>>;
}

export interface PullSecretSource {
  /** The secrets in the order of `names`, or those of the service account when there are none. */
  pullSecretsFor(wanted: PullSecretsWanted, signal: AbortSignal): Promise<Fact<readonly PullSecret[]>>;
}

export interface PullSecretsWanted {
  readonly namespace: string;
  readonly names: readonly string[];
  readonly serviceAccount: string;
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
  readonly pullSecrets?: PullSecretSource | undefined;
  readonly digests?: DigestSource | undefined;
}

/** The world did not answer: becomes an unknown fact with this message, never a denial by itself. */
export class Outage extends Error {
  constructor(message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'Outage';
  }
}
