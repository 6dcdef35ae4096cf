/** The result of a request to /mutate: the patch, and the outcome for each image to pin. */
import type { Container, Pod } from '../pod/containers.ts';
import type { Finding } from '../policy/finding.ts';
import type { RegistryCause } from '../policy/registry-fact.ts';
import type { AddOperation } from './change/original-images.ts';

export interface ReplaceOperation {
  readonly op: 'replace';
  /** RFC 6901, from the root of the object. */
  readonly path: string;
  readonly value: string;
}

/** Appends an entry to a list of a Pod. */
export interface AppendOperation {
  readonly op: 'add';
  readonly path: string;
  readonly value: readonly { readonly name: string }[] | { readonly name: string };
}

export type Patch = readonly (ReplaceOperation | AddOperation | AppendOperation)[];

export interface Mutation {
  readonly uid: string;
  readonly allowed: boolean;
  /** Empty: no change, or the request is denied. */
  readonly patch: Patch;
  /** The patch, also of a denied request. */
  readonly prepared: Patch;
  /** Findings about what to change, from the rules `rewrite`, `pin`, `pull-secrets`, and `pull-policy` of their policy. */
  readonly findings: readonly Finding[];
  /** The images that a rewrite matches, with their outcomes. */
  readonly rewrites: readonly RewrittenImage[];
  /** The images to pin, with their outcomes. */
  readonly images: readonly PinnedImage[];
  readonly pullSecrets: readonly AddedPullSecrets[];
  readonly pullPolicies: readonly SetPullPolicy[];
}

export interface AddedPullSecrets {
  readonly pod: Pod;
  /** In order; if the Pod has no list, those of its ServiceAccount come first. */
  readonly names: readonly string[];
  /** Those of policies, each once. */
  readonly added: readonly AddedPullSecret[];
}

export interface AddedPullSecret {
  readonly name: string;
  /** The first policy that adds it. */
  readonly policy: string;
}

export interface SetPullPolicy {
  readonly policy: string;
  readonly container: Container;
  readonly to: string;
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

/**
 * `rewritten`: the image has the new name. `sticky`: the name is from the stored object. `kept`: the registry of the image has it.
 * `warned`: the policy only warns. `failed`: the new registry did not return the image, or the name is not possible.
 */
export const REWRITE_OUTCOMES = ['rewritten', 'sticky', 'kept', 'warned', 'failed'] as const;
export type RewriteOutcomeName = (typeof REWRITE_OUTCOMES)[number];

export interface RewrittenImage {
  readonly policy: string;
  readonly outcome: RewriteOutcomeName;
  /** Only for the outcome `failed`, of a lookup. */
  readonly cause: RegistryCause | undefined;
  readonly container: Container;
  /** The original image. */
  readonly from: string;
  /** The image with its new name. `undefined`: the name is not changed. */
  readonly to: string | undefined;
}
