/** What the rest of this folder asks of a registry; `http-client.ts` is the one that does it. */
import type { ImageReference } from '../image/reference.ts';
import type { RegistryDetails, RegistryFailure } from '../policy/registry-fact.ts';
import type { Credential } from './credential.ts';

export interface Target {
  readonly reference: ImageReference;
  /** See ImageLookup. */
  readonly by: 'image' | 'tag';
  /** `undefined`: anonymously. */
  readonly credential: Credential | undefined;
  /** The namespace of whoever asks: what is shared by all is shared out by it. */
  readonly tenant?: string | undefined;
  /** Told of each mirror that could not help, before the next one is asked. */
  readonly mirrorFailed?: ((mirror: string, failure: RegistryFailure) => void) | undefined;
}

export interface FoundManifest {
  readonly digest: string;
  readonly mediaType: string;
  /** The mirror that answered; `undefined` for the registry itself. */
  readonly mirror: string | undefined;
}

/**
 * Each rejects with a RegistryError, and with nothing else but a bug. An aborted signal ends it with the cause `timeout`, or
 * with what the registry answered when it was only waited for to try again.
 */
export interface RegistryClient {
  /** Equal for two images only when the same place is asked for them in the same way: see registry-address.ts. */
  registryKey?(reference: ImageReference): string;
  /** Whether the configuration lets the registry of the image be asked at all; yes, when it does not say. */
  mayQuery?(reference: ImageReference): boolean;
  /** Whether the configuration names the registry of the image, by its whole name; no, when it does not say. */
  isNamed?(reference: ImageReference): boolean;
  manifest(target: Target, signal: AbortSignal): Promise<FoundManifest>;
  details(target: Target, signal: AbortSignal): Promise<RegistryDetails>;
}

/** Trouble with a registry, or its "no". */
export class RegistryError extends Error {
  readonly failure: RegistryFailure;
  /** What the registry asked to wait. */
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
