/** The source interfaces of pinning. They reject only on a bug; an aborted signal resolves them with an unknown fact. */
import type { ImageReference } from '../image/reference.ts';
import type { RegistryDetails, RegistryFact, RegistryImage } from '../policy/registry-fact.ts';

export interface TagResolver {
  /** Resolves the digest of the reference if it has one, otherwise its tag. */
  resolve(reference: ImageReference, signal: AbortSignal): Promise<RegistryFact<RegistryImage>>;
}

export interface PlatformSource {
  platformsOf(reference: ImageReference, signal: AbortSignal): Promise<RegistryFact<RegistryDetails>>;
}

export interface OriginSource {
  /** Returns the details with the origin. */
  originOf(reference: ImageReference, signal: AbortSignal): Promise<RegistryFact<RegistryDetails>>;
}

export type PinRegistry = TagResolver & PlatformSource & OriginSource;
