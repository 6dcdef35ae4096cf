/** How a question is found again: one place and one tag or digest, however the registry's name is spelled. */
import { effectiveTag, type ImageReference } from '../image/reference.ts';
import type { Target } from './client.ts';

export interface ImageKey {
  /** Lower case, without the port that https has anyway. Empty in one odd case: see image/grammar.ts. */
  readonly registry: string;
  /** `registry.example.com/web:7`, or with a digest instead of the tag. */
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

/** References are the same objects again and again: see parseReference. */
const known = new WeakMap<ImageReference, Keys>();

export function imageKey(reference: ImageReference, by: Target['by']): ImageKey {
  let keys = known.get(reference);
  if (keys === undefined) known.set(reference, (keys = {}));
  return (keys[by] ??= keyOf(reference, by));
}

function keyOf(reference: ImageReference, by: Target['by']): ImageKey {
  const { domain, path, digest } = reference;
  const registry = domain.toLowerCase().replace(/:443$/, '');
  const tag = by === 'image' && digest !== undefined ? undefined : effectiveTag(reference);
  const isDigest = tag === undefined;
  return { registry, text: `${registry}/${path}${isDigest ? `@${digest ?? ''}` : `:${tag}`}`, isDigest };
}
