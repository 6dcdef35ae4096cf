/** How a question is found again: one place and one tag or digest, however the registry's name is spelled. */
import { effectiveTag, type ImageReference } from '../image/reference.ts';
import type { Target } from '../registry/client.ts';
import { registryKey } from '../registry/registry-address.ts';

export interface ImageKey {
  /** See registry-address.ts. */
  readonly registry: string;
  /** `https://registry.example.com/web:7`, or with a digest instead of the tag. */
  readonly text: string;
  /** What it stands for can never change. */
  readonly isDigest: boolean;
}

/** For people. */
export function shownRegistry({ domain }: ImageReference): string {
  return domain === '' ? 'the registry' : domain;
}

interface Keys {
  image?: ImageKey;
  tag?: ImageKey;
}

export type ImageKeyOf = (reference: ImageReference, by: Target['by']) => ImageKey;

export function createImageKeys(registryOf: (reference: ImageReference) => string): ImageKeyOf {
  // References are the same objects again and again: see parseReference.
  const known = new WeakMap<ImageReference, Keys>();
  return (reference, by) => {
    let keys = known.get(reference);
    if (keys === undefined) known.set(reference, (keys = {}));
    return (keys[by] ??= keyOf(reference, by, registryOf(reference)));
  };
}

/** Where no configuration says anything about registries. */
export const imageKey = createImageKeys(({ domain }) => registryKey(domain, []));

function keyOf(reference: ImageReference, by: Target['by'], registry: string): ImageKey {
  const { path, digest } = reference;
  const tag = by === 'image' && digest !== undefined ? undefined : effectiveTag(reference);
  const isDigest = tag === undefined;
  return { registry, text: `${registry}/${path}${isDigest ? `@${digest ?? ''}` : `:${tag}`}`, isDigest };
}
