/** What comes of a request to /mutate: the patch, and what became of each image that wants a digest. */
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
  /** Empty means no change, as it is when the request is denied. */
  readonly patch: readonly (ReplaceOperation | AddOperation)[];
  /** What is told about images that wanted a digest, by the rule `pin` of their policy. */
  readonly findings: readonly Finding[];
  /** What came of each of them. */
  readonly images: readonly PinnedImage[];
}

/**
 * `pinned`: with the digest that the registry has now. `sticky`: with the one that is stored. `stale`: with one that the
 * registry had, since it is in trouble. `warned`: the policy wants no change. `failed`: no digest was found.
 */
export const PIN_OUTCOMES = ['pinned', 'sticky', 'stale', 'warned', 'failed'] as const;
export type PinOutcome = (typeof PIN_OUTCOMES)[number];

export interface PinnedImage {
  readonly policy: string;
  readonly outcome: PinOutcome;
  /** Of a failure. */
  readonly cause: RegistryCause | undefined;
  readonly container: Container;
  /** As it was written, without a digest. */
  readonly from: string;
  /** With its digest; `undefined` where the image is left as it is. */
  readonly to: string | undefined;
}
