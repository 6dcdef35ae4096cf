/** The result of a request to /mutate: the patch, and the outcome for each image to pin. */
import type { Container } from '../pod/containers.ts';
import type { Finding } from '../policy/finding.ts';
import type { RegistryCause } from '../policy/registry-fact.ts';
import type { AddOperation } from './pin/original-images.ts';

export interface ReplaceOperation {
  readonly op: 'replace';
  /** RFC 6901, from the root of the object. */
  readonly path: string;
  readonly value: string;
}

export interface Mutation {
  readonly uid: string;
  readonly allowed: boolean;
  /** Empty: no change, or the request is denied. */
  readonly patch: readonly (ReplaceOperation | AddOperation)[];
  /** Findings about images to pin, from the rule `pin` of their policy. */
  readonly findings: readonly Finding[];
  /** The images to pin, with their outcomes. */
  readonly images: readonly PinnedImage[];
}

/**
 * `pinned`: the digest is from the registry. `sticky`: the digest is from the stored object. `stale`: the digest is from the
 * cache, because the registry is unavailable. `warned`: the policy only warns. `failed`: no digest was found.
 */
export const PIN_OUTCOMES = ['pinned', 'sticky', 'stale', 'warned', 'failed'] as const;
export type PinOutcome = (typeof PIN_OUTCOMES)[number];

export interface PinnedImage {
  readonly policy: string;
  readonly outcome: PinOutcome;
  /** Only for the outcome `failed`. */
  readonly cause: RegistryCause | undefined;
  readonly container: Container;
  /** The original image, without a digest. */
  readonly from: string;
  /** The image with its digest. `undefined`: the image is not changed. */
  readonly to: string | undefined;
}
