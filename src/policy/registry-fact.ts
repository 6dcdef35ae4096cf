/** What a registry says about an image, told apart by cause: "there is none" is an answer, trouble is not. */
import type { Container } from '../pod/containers.ts';

export const REGISTRY_CAUSES = [
  /** No such tag, digest or repository, or one that is hidden. */
  'notFound',
  /** Known to the registry, and not allowed to pull (403). */
  'forbidden',
  /** No credential, or none that is accepted (401). */
  'unauthenticated',
  'rateLimited',
  'serverError',
  'timeout',
  'dns',
  'tls',
  /** No connection, or one that was cut. */
  'unreachable',
  /** The registry was not contacted: the configuration or a policy does not allow its address or its name. */
  'blocked',
  /** An answer that no registry should give. */
  'protocol',
  /** No registry was queried: too many lookups at once. */
  'tooMany',
] as const;
export type RegistryCause = (typeof REGISTRY_CAUSES)[number];

export interface RegistryFailure {
  readonly cause: RegistryCause;
  /** A sentence fragment with the registry in it, and never a credential: `registry.example.com answered 429, retry in 30 s`. */
  readonly message: string;
  /** What to do about it. */
  readonly remedy: string | undefined;
  /** It says nothing but what the author of an object may know: see lookup/tenant-messages.ts. */
  readonly isPublic?: true | undefined;
  /** Nobody but the author of the object can bring it about. */
  readonly causedBy?: 'author' | undefined;
  /** A credential that was there was never sent, or not tried: it is not to blame. */
  readonly unjudged?: true | undefined;
  /** The policy that denies the image, so that it was not looked up. That policy reports it, so other rules do not. */
  readonly deniedBy?: { readonly policy: string; readonly rule: string } | undefined;
}

/** Reports whether the registry rejected the credential, or the request without one. */
export function isCredentialRejected({ cause }: RegistryFailure): boolean {
  return cause === 'forbidden' || cause === 'unauthenticated';
}

/** `no` only when the registry says that there is none. */
export type RegistryFact<T> =
  | { readonly state: 'yes'; readonly value: T }
  | { readonly state: 'no'; readonly failure: RegistryFailure }
  | { readonly state: 'unknown'; readonly failure: RegistryFailure };

/** What a tag or a digest stands for. */
export interface RegistryImage {
  /** Of the index where there is one, never of one platform's manifest. */
  readonly digest: string;
  readonly mediaType: string;
  /** The credential of the lookup, for reports: `anonymous`, `pull secret "regcred", key "registry.example.com" (user ci)`. */
  readonly credential: string;
  /** The mirror that answered; `undefined` for the registry itself. */
  readonly mirror: string | undefined;
  /**
   * Whether a kubelet would have got it, too: the registry itself has just accepted what it would have tried. A mirror may be
   * open, and the kubelet is nobody only when it has no credential.
   */
  readonly isProof: boolean;
  /** An older answer, given because the registry is in trouble. */
  readonly stale: { readonly ageMs: number; readonly failure: RegistryFailure } | undefined;
}

/** As in an OCI image index: `linux`, `arm64`, `v8`. */
export interface Platform {
  readonly os: string;
  readonly architecture: string;
  readonly variant: string | undefined;
}

export interface RegistryDetails {
  readonly digest: string;
  readonly mediaType: string;
  readonly platforms: readonly Platform[];
  /** Milliseconds since 1970, of the youngest platform; `undefined` where the configuration does not say. */
  readonly createdMs: number | undefined;
  /** Compressed, of the first platform: configuration and layers, as they are pulled. */
  readonly sizeBytes: number;
}

/** By `Container.imagePointer`: one object can name an image twice, with different credentials. */
export type RegistryFacts<T> = ReadonlyMap<Container['imagePointer'], RegistryFact<T>>;
