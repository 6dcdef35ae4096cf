/** The cache key of an image: one registry, repository, and tag or digest, however the registry's name is spelled. */
import type { ImageReference } from '../image/reference.ts';
import type { Target } from '../registry/client.ts';

export interface ImageKey {
  /** See registry-address.ts. */
  readonly registry: string;
  /** `https://registry.example.com/web:7`, or with a digest instead of the tag. */
  readonly text: string;
  /** True if the image can never change. */
  readonly isDigest: boolean;
}

export type ImageKeyOf = (reference: ImageReference, by: Target['by']) => ImageKey;

/** `registry`: the key of the registry. */
export function imageKey(reference: ImageReference, by: Target['by'], registry: string): ImageKey {
  const { path, digest } = reference;
  const tag = by === 'image' && digest !== undefined ? undefined : reference.effectiveTag;
  const isDigest = tag === undefined;
  return { registry, text: `${registry}/${path}${isDigest ? `@${digest ?? ''}` : `:${tag}`}`, isDigest };
}

/**
 * Keeps the keys of each reference, because the parser returns the same few references again and again.
 * (the cost without it: test/bench/README.md).
 */
export function createImageKeys(registryOf: (reference: ImageReference) => string): ImageKeyOf {
  const known = new WeakMap<ImageReference, Partial<Record<Target['by'], ImageKey>>>();
  return (reference, by) => {
    let keys = known.get(reference);
    if (keys === undefined) known.set(reference, (keys = {}));
    return (keys[by] ??= imageKey(reference, by, registryOf(reference)));
  };
}

/** The name of the registry for messages. */
export function shownRegistry({ domain }: ImageReference): string {
  return domain === '' ? 'the registry' : domain;
}
