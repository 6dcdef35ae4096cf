/** Facts about images in registries. Failures have a cause, because "not found" is a fact and an outage is not. */
import type { Container } from '../pod/containers.ts';

/** Causes of failed lookups; CAUSE_MEANINGS in rules/registry-facts.ts explains each. */
export const REGISTRY_CAUSES = [
  'notFound',
  'forbidden',
  'unauthenticated',
  'rateLimited',
  'serverError',
  'timeout',
  'dns',
  'tls',
  'unreachable',
  'blocked',
  'protocol',
  'tooMany',
] as const;
export type RegistryCause = (typeof REGISTRY_CAUSES)[number];

export interface RegistryFailure {
  readonly cause: RegistryCause;
  /** A sentence fragment with the registry and without credentials: `registry.example.com returned HTTP 429; retry in 30 s`. */
  readonly message: string;
  readonly remedy: string | undefined;
  /** The message contains only what authors of objects may know: see lookup/tenant-messages.ts. */
  readonly isPublic?: true | undefined;
  /** The message contains each credential that was tried. */
  readonly namesCredentials?: true | undefined;
  /** Only the author of the object can cause the failure. */
  readonly causedBy?: 'author' | undefined;
  /** An available credential was not sent, so the failure says nothing about it. */
  readonly credentialUntested?: true | undefined;
  /** The policy that denies the image, so that it was not looked up. That policy reports it, so other rules do not. */
  readonly deniedBy?: { readonly policy: string; readonly rule: string } | undefined;
  /** The evaluation queries no registries. */
  readonly notQueried?: true | undefined;
}

/** Reports whether the registry rejected the credential, or the request without one. */
export function isCredentialRejected({ cause }: RegistryFailure): boolean {
  return cause === 'forbidden' || cause === 'unauthenticated';
}

/** `no` only if the registry reports that the image does not exist. */
export type RegistryFact<T> =
  | { readonly state: 'yes'; readonly value: T }
  | { readonly state: 'no'; readonly failure: RegistryFailure }
  | { readonly state: 'unknown'; readonly failure: RegistryFailure };

/** The manifest or index that a tag or digest points to. */
export interface RegistryImage {
  /** Digest of the index if there is one, never of one platform's manifest. */
  readonly digest: string;
  readonly mediaType: string;
  /** The credential of the lookup, for reports: `anonymous`, `pull secret "regcred", key "registry.example.com" (user ci)`. */
  readonly credential: string;
  /** The mirror that responded; `undefined` for the registry itself. */
  readonly mirror: string | undefined;
  /**
   * True if the registry itself just accepted a credential that the kubelet also tries. A mirror can allow anonymous pulls, and
   * the kubelet pulls anonymously only without credentials.
   */
  readonly provesPull: boolean;
  /** The value is cached from an earlier lookup because this lookup failed. */
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
  /** Of an index: the digests of its images, one for each platform. */
  readonly imageDigests?: readonly string[] | undefined;
  /** Unix time in milliseconds, of the newest platform; `undefined` if the image configuration has no date. */
  readonly createdMs: number | undefined;
  /** Compressed size of the first platform's configuration and layers. */
  readonly sizeBytes: number;
  /** `unknown`: the registry did not return the image configuration. undefined: not looked up. */
  readonly origin?: ImageOrigin | 'unknown' | undefined;
}

/** The commit that an image was built from, as its author states it. It is at most LABEL_LENGTH characters of any text. */
export interface ImageOrigin {
  /** `org.opencontainers.image.source` */
  readonly source: string | undefined;
  /** `org.opencontainers.image.revision` */
  readonly revision: string | undefined;
}

/** Longer labels are cut, and end with `…`. */
export const LABEL_LENGTH = 512;

/** By `Container.imagePointer`, because one object can use an image twice with different credentials. */
export type RegistryFacts<T> = ReadonlyMap<Container['imagePointer'], RegistryFact<T>>;
