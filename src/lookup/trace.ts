/** The requests of an image pull, step by step. */
import type { ImageLookup } from '../admission/context.ts';
import type { RegistryDetails, RegistryFact, RegistryImage } from '../policy/registry-fact.ts';

/** One request for the manifest, as the kubelet and the container runtime would make it. */
export interface PullAttempt {
  /** For messages: `anonymous`, `pull secret "regcred", key "registry.example.com" (user ci)`. */
  readonly credential: string;
  /** The mirror that was queried; `undefined` for the registry itself. */
  readonly mirror: string | undefined;
  readonly answer: RegistryFact<Pick<RegistryImage, 'digest' | 'mediaType'>>;
}

export interface PullTrace {
  /** In order; the last one decides. Empty if no registry was queried. */
  readonly attempts: readonly PullAttempt[];
  readonly image: RegistryFact<RegistryImage>;
  /** `undefined`: the image was not found. */
  readonly details: RegistryFact<RegistryDetails> | undefined;
}

/** Rejects only on a bug; an aborted signal ends a trace with the cause `timeout`. */
export interface ImageTracer {
  trace(lookup: ImageLookup, signal: AbortSignal): Promise<PullTrace>;
}
