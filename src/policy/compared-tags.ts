/** Compares the image that a registry has for a tag with that of another registry, such as a mirror. */
import { quoteValue } from '../image/quote.ts';
import type { RegistryFact, RegistryFailure, RegistryImage } from './registry-fact.ts';

interface ComparedFacts {
  readonly original: RegistryFact<RegistryImage>;
  readonly mirror: RegistryFact<RegistryImage>;
}

interface DifferentDigests {
  readonly originalDigest: string;
  readonly mirrorDigest: string;
}

/** `missing`: a registry does not have the tag, so there is nothing to compare. */
export type TagComparison =
  | { readonly state: 'current' }
  | { readonly state: 'mirror-differs'; readonly originalDigest: string; readonly mirrorDigest: string }
  | { readonly state: 'missing'; readonly failure: RegistryFailure }
  | { readonly state: 'unknown'; readonly failure: RegistryFailure };

export function compareTags(facts: ComparedFacts): TagComparison {
  const original = ofItself(facts.original);
  const { mirror } = facts;
  const unknown = [original, mirror].find((fact) => fact.state === 'unknown');
  if (unknown !== undefined) return { state: 'unknown', failure: unknown.failure };
  if (original.state !== 'yes') return { state: 'missing', failure: original.failure };
  if (mirror.state !== 'yes') return { state: 'missing', failure: mirror.failure };
  const [originalDigest, mirrorDigest] = [original.value.digest, mirror.value.digest];
  if (originalDigest === mirrorDigest) return { state: 'current' };
  if (algorithmOf(originalDigest) === algorithmOf(mirrorDigest))
    return { state: 'mirror-differs', originalDigest, mirrorDigest };
  const message = `the digests ${originalDigest} and ${mirrorDigest} cannot be compared`;
  return { state: 'unknown', failure: { cause: 'protocol', message, remedy: undefined } };
}

/** Both names have the tag that was compared. */
export function differenceText(
  { image, original }: { readonly image: string; readonly original: string },
  { originalDigest, mirrorDigest }: DifferentDigests,
): string {
  const [name, other] = [image, original].map((text) => quoteValue(text, 256));
  return `image ${name} has ${mirrorDigest}, but the original ${other} has ${originalDigest}`;
}

function algorithmOf(digest: string): string {
  return digest.split(':', 1)[0] ?? '';
}

/** The fact of a registry about itself: a mirror that responds in its place tells nothing about it. */
export function ofItself(fact: RegistryFact<RegistryImage>): RegistryFact<RegistryImage> {
  if (fact.state !== 'yes' || fact.value.mirror === undefined) return fact;
  const message = `mirror ${fact.value.mirror} responded instead of the registry itself`;
  return { state: 'unknown', failure: { cause: 'blocked', message, remedy: undefined } };
}
