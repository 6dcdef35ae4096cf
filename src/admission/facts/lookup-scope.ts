/** Which images of an object are looked up, and for which facts: those that a rule in scope checks. */
import type { ImageReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import { ShapeError } from '../../pod/pointer.ts';
import type { Workload } from '../../pod/workload.ts';
import { type EvaluationInput, MAX_FINDINGS } from '../../policy/evaluate.ts';
import type { Facts } from '../../policy/fact.ts';
import {
  REGISTRY_NEEDS,
  REGISTRY_QUESTIONS,
  type RegistryNeed,
  type RegistryQuestion,
} from '../../policy/registry-questions.ts';
import type { Covering } from '../../policy/plan.ts';
import type { Check } from '../../policy/rule.ts';
import type { Denial } from './denied-images.ts';

export interface LookupScope {
  containersFor(need: RegistryNeed): ReadonlySet<Container>;
  /** An image with a denial is not looked up. */
  denied(container: Container): Denial | undefined;
  /** undefined: the image is its own original, or its original is not known. */
  originalOf(container: Container): ImageReference | undefined;
}

export interface LookupScopeOptions {
  /** Selects the containers that can be looked up; by default all. */
  readonly includes: EvaluationInput['canChange'];
  /** Called if there is something to look up. */
  readonly denied: () => LookupScope['denied'];
  /** Called if a rule needs facts about originals. */
  readonly originals: () => Facts['originalImages'];
}

/**
 * Returns `undefined` if no rule needs a registry. Throws a ShapeError if the object is malformed, or has too many images: each
 * needs memory for its fact.
 */
export function lookupScopeOf(
  { policies, needs }: Pick<Covering, 'policies' | 'needs'>,
  workload: Workload,
  { includes = everyone, denied, originals }: LookupScopeOptions,
): LookupScope | undefined {
  const wanted = REGISTRY_NEEDS.filter((need) => needs.has(need));
  if (wanted.length === 0) return undefined;
  const byNeed = new Map(wanted.map((need) => [need, new Set<Container>()]));
  const originalOf = (container: Container): ImageReference | undefined => otherOriginal(container, originals());
  for (const covered of policies) {
    const containers = (covered.coverage.containers ?? workload.containers).filter(includes);
    for (const { check } of covered.policy.bindings) {
      const needed = wanted.filter((need) => check.needs.includes(need));
      if (needed.length === 0) continue;
      const images = imagesToLookUp(check, { workload, pods: workload.pods, containers });
      if (images.length > MAX_FINDINGS) throw new ShapeError('', `at most ${MAX_FINDINGS} images to look up`, 'more');
      for (const need of needed) addAll(byNeed.get(need), images.filter(selectedBy(need, originalOf)));
    }
  }
  return { containersFor: (need) => byNeed.get(need) ?? NONE, denied: denied(), originalOf };
}

/** Returns the original of an image, if it is known and another image. */
function otherOriginal(
  { image, imagePointer }: Container,
  originals: Facts['originalImages'],
): ImageReference | undefined {
  const original = originals.get(imagePointer);
  if (image.state !== 'parsed' || original?.state !== 'yes') return undefined;
  return original.value.repository === image.reference.repository ? undefined : original.value;
}

function selectedBy(need: RegistryNeed, originalOf: LookupScope['originalOf']): (container: Container) => boolean {
  const { of }: RegistryQuestion = REGISTRY_QUESTIONS[need];
  if (of === 'image') return everyone;
  if (of === 'original') return (container) => originalOf(container) !== undefined;
  return (container) => !hasDigest(container) && originalOf(container) !== undefined;
}

function hasDigest({ image }: Container): boolean {
  return image.state === 'parsed' && image.reference.digest !== undefined;
}

function addAll<T>(set: Set<T> | undefined, items: readonly T[]): void {
  for (const item of items) set?.add(item);
}

const everyone = (): boolean => true;
const NONE: ReadonlySet<Container> = new Set();

function imagesToLookUp(
  { asksAbout }: Check,
  subject: Parameters<NonNullable<Check['asksAbout']>>[0],
): readonly Container[] {
  if (asksAbout === undefined) return subject.containers;
  try {
    return asksAbout(subject);
  } catch (error) {
    if (error instanceof ShapeError) throw error;
    // The rule fails again during the evaluation, which reports it.
    return [];
  }
}
