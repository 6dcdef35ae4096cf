/**
 * The policies that change the containers of a request. Their scopes see the name that an image has by then, so that a second
 * review of the changed object changes nothing. `match.images` also selects the images that rewrites of the same policy lead to.
 */
import { type PatternSet, patternSet } from '../../image/pattern.ts';
import type { ImageReference } from '../../image/reference.ts';
import { possibleSources } from '../../image/rewriting.ts';
import type { Container } from '../../pod/containers.ts';
import type { Covered } from '../../policy/plan.ts';
import type { Policy } from '../../policy/policy.ts';
import type { Rewrite } from '../../policy/rewrite.ts';

export interface PolicyOverContainer {
  readonly policy: Policy;
  /** Why it is unknown whether the policy applies; the container is then not changed. */
  readonly scopeUnknown: string | undefined;
}

/** Of a container with its current image. A policy that certainly applies comes before a policy that may not apply. */
export function policiesOver(
  container: Container,
  image: ImageReference,
  policies: readonly Covered[],
): readonly PolicyOverContainer[] {
  const over = policiesInOrder(container, image, policies);
  if (over.every(({ scopeUnknown }) => scopeUnknown === undefined)) return over;
  return over.toSorted(
    (one, other) => Number(one.scopeUnknown !== undefined) - Number(other.scopeUnknown !== undefined),
  );
}

/** In the order in which they apply where all scopes are known. */
export function policiesInOrder(
  written: Container,
  image: ImageReference,
  policies: readonly Covered[],
): readonly PolicyOverContainer[] {
  const container = withImage(written, image);
  return policies
    .filter(({ policy, coverage }) => coverage.includes(container, () => namesBefore(container, image, policy)))
    .map(({ policy, coverage }) => ({ policy, scopeUnknown: coverage.unknownReason(container) }));
}

export function withImage(container: Container, reference: ImageReference): Container {
  const { text } = reference;
  return container.image.state === 'parsed' && container.image.text === text
    ? container
    : { ...container, image: { state: 'parsed', text, reference } };
}

/** Limits the search: a name can have many sources. */
const MAX_NAMES = 8;

function namesBefore(container: Container, image: ImageReference, { rewrites }: Policy): readonly Container[] {
  if (rewrites === undefined || targetsOf(rewrites).match(image) === undefined) return NO_NAMES;
  const names = new Map([[image.text, image]]);
  for (const name of names.values()) {
    if (names.size > MAX_NAMES) break;
    for (const { rewriting } of rewrites)
      for (const source of possibleSources(rewriting, name)) names.set(source.text, source);
  }
  return [...names.values()].slice(1).map((name) => withImage(container, name));
}

const NO_NAMES: readonly never[] = [];

/** Most images are at no target, and an object can have many. */
const targets = new WeakMap<readonly Rewrite[], PatternSet>();

function targetsOf(rewrites: readonly Rewrite[]): PatternSet {
  const known = targets.get(rewrites) ?? patternSet(rewrites.map(({ rewriting: { to } }) => to));
  targets.set(rewrites, known);
  return known;
}
