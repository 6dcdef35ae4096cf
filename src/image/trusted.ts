/** Stricter matching for lists that allow images. */
import { DOCKER_HUB } from './grammar.ts';
import { hostKey, type ImagePattern, type PatternSet } from './pattern.ts';
import type { ImageReference } from './reference.ts';

/**
 * Reports whether a reference looks like an image on Docker Hub but is not. For `Docker.io` and `docker.io:443`, container
 * runtimes query the host docker.io, which does not serve Docker Hub's images.
 */
export function isBesideDockerHub({ domain }: ImageReference): boolean {
  return domain !== DOCKER_HUB && hostKey(domain) === DOCKER_HUB;
}

/** Returns the first pattern that allows an image. Patterns for Docker Hub match only Docker Hub itself. */
export function trusted(patterns: PatternSet, reference: ImageReference): ImagePattern | undefined {
  const pattern = patterns.match(reference);
  return pattern?.host === DOCKER_HUB && isBesideDockerHub(reference) ? undefined : pattern;
}
