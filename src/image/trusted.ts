/** Lists that let images through are read more strictly than lists that keep them out. */
import { DOCKER_HUB } from './grammar.ts';
import { hostKey, type ImagePattern, type PatternSet } from './pattern.ts';
import type { ImageReference } from './reference.ts';

/**
 * Whether it is spelled like an image of Docker Hub, and is none: of `Docker.io` and `docker.io:443` a container runtime asks the
 * host docker.io, where Docker Hub's images are not.
 */
export function isBesideDockerHub({ domain }: ImageReference): boolean {
  return domain !== DOCKER_HUB && hostKey(domain) === DOCKER_HUB;
}

/** The first pattern that lets an image through; one for Docker Hub is about Docker Hub alone. */
export function trusted(patterns: PatternSet, reference: ImageReference): ImagePattern | undefined {
  const pattern = patterns.match(reference);
  return pattern?.host === DOCKER_HUB && isBesideDockerHub(reference) ? undefined : pattern;
}
