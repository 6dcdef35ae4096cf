/** The interface of the registry client, which http-client.ts implements. */
import type { ImageReference } from '../image/reference.ts';
import type { RegistryDetails, RegistryFailure } from '../policy/registry-fact.ts';
import type { Credential } from './credential.ts';

export interface Target {
  readonly reference: ImageReference;
  /** See ImageLookup. */
  readonly by: 'image' | 'tag';
  /** `undefined`: anonymously. */
  readonly credential: Credential | undefined;
  /** The namespace of the object. Queues and caches give each namespace a share. */
  readonly tenant?: string | undefined;
  /** Whether `details` includes the origin of the image. */
  readonly withOrigin?: boolean | undefined;
  /** Called for each mirror that fails, before the next mirror is queried. */
  readonly mirrorFailed?: ((mirror: string, failure: RegistryFailure) => void) | undefined;
}

export interface FoundManifest {
  readonly digest: string;
  readonly mediaType: string;
  /** The mirror that responded; `undefined` for the registry itself. */
  readonly mirror: string | undefined;
}

/**
 * Methods reject only with a RegistryError, or on a bug. An aborted signal ends a request with the cause `timeout`; if the
 * request was waiting for a retry, with the registry's last response.
 */
export interface RegistryClient {
  /** Equal for two images only if the same server is queried in the same way: see registry-address.ts. */
  registryKey?(reference: ImageReference): string;
  /** Reports whether the configuration allows queries to the image's registry; the default is true. */
  mayQuery?(reference: ImageReference): boolean;
  /** Reports whether the configuration contains the full name of the image's registry; the default is false. */
  isNamed?(reference: ImageReference): boolean;
  manifest(target: Target, signal: AbortSignal): Promise<FoundManifest>;
  details(target: Target, signal: AbortSignal): Promise<RegistryDetails>;
}

/** A failed request to a registry. */
export class RegistryError extends Error {
  readonly failure: RegistryFailure;
  /** The registry's Retry-After. */
  readonly retryAfterMs: number | undefined;

  constructor(
    failure: RegistryFailure,
    { retryAfterMs, ...options }: ErrorOptions & { retryAfterMs?: number | undefined } = {},
  ) {
    super(failure.message, options);
    this.name = 'RegistryError';
    this.failure = failure;
    this.retryAfterMs = retryAfterMs;
  }
}
