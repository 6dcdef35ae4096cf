/** What pinning asks of a registry. Neither rejects, but for a bug; an aborted signal ends them with an unknown fact. */
import type { ImageReference } from '../image/reference.ts';
import type { RegistryDetails, RegistryFact, RegistryImage } from '../policy/registry-fact.ts';

export interface TagResolver {
  /** By the digest where the reference has one, else by its tag. */
  resolve(reference: ImageReference, signal: AbortSignal): Promise<RegistryFact<RegistryImage>>;
}

export interface PlatformSource {
  platformsOf(reference: ImageReference, signal: AbortSignal): Promise<RegistryFact<RegistryDetails>>;
}

export type PinRegistry = TagResolver & PlatformSource;
