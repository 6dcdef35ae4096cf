/** Compares the tags of images with those of the names that the rewrites of policies give them at mirrors. */
import { originalImages } from '../../admission/rewrite/original-images.ts';
import { quoteValue } from '../../image/quote.ts';
import type { ImageReference } from '../../image/reference.ts';
import { compareTags, differenceText } from '../../policy/compared-tags.ts';
import type { RegistryFact, RegistryImage } from '../../policy/registry-fact.ts';
import type { TagFacts } from '../decide.ts';
import { failureText, NOT_LOOKED_UP, type ReferenceLookup, tagLookup } from '../reference-lookup.ts';
import type { NamedImage } from './named-images.ts';
import { fileStepsOf, scopeRequestOf, type StepsInput } from './rewrite-steps.ts';

/** An image, and a name that it has at a mirror. */
export interface MirroredImage {
  /** undefined: the name is invalid. */
  readonly mirror: ImageReference | undefined;
  /** undefined: unknown. */
  readonly original: ImageReference | undefined;
  /** The policy that gives the name; undefined: a file has the name, and no policy gives it to the image with its digest. */
  readonly policy: string | undefined;
  /** Why it is unknown what the original is, or whether the policy applies. */
  readonly unknown: string | undefined;
  /** Why the name is invalid. */
  readonly invalid?: string;
}

export interface MirrorDecision {
  /**
   * `current`: no difference. `missing`: a registry does not have the tag, so there is nothing to compare. `invalid-name`: the name at
   * the mirror is not possible, so the image stays.
   */
  readonly state: 'current' | 'missing' | 'mirror-differs' | 'invalid-name' | 'unknown';
  readonly originalDigest: string | undefined;
  readonly mirrorDigest: string | undefined;
  readonly message: string | undefined;
}

/** Images without a tag have none: a digest is the same image everywhere. */
export function mirroredImages(image: NamedImage, input: StepsInput): readonly MirroredImage[] {
  const { reference } = image;
  if (tagLookup(reference) === undefined) return [];
  const original = originalOf(image, input);
  if (original.state !== 'yes')
    return [{ mirror: reference, original: undefined, policy: undefined, unknown: original.reason }];
  const names = new Map<string, MirroredImage>();
  const steps = fileStepsOf({ ...image, reference: original.value }, input);
  for (const { to, policy, scopeUnknown: unknown } of steps) {
    const name = { original: original.value, policy, unknown };
    if (to.ok) names.set(to.reference.repository, { ...name, mirror: to.reference });
    else names.set(to.problem, { ...name, mirror: undefined, invalid: to.problem });
  }
  const written = { mirror: reference, original: original.value, policy: undefined, unknown: undefined };
  if (!names.has(reference.repository)) names.set(reference.repository, written);
  names.delete(original.value.repository);
  return [...names.values()];
}

type Original =
  | { readonly state: 'yes'; readonly value: ImageReference }
  | { readonly state: 'unknown'; readonly reason: string };

function originalOf(image: NamedImage, input: StepsInput): Original {
  const request = scopeRequestOf(image, input);
  const original = originalImages(request, input.policies).get(request.workload.containers[0]?.imagePointer ?? '');
  return original ?? { state: 'yes', value: image.reference };
}

export function mirrorLookups({ mirror, original }: MirroredImage): readonly ReferenceLookup[] {
  if (original === undefined || mirror === undefined) return [];
  return [tagLookup(original), tagLookup(mirror)].filter((one) => one !== undefined);
}

/** The name with the tag that is compared. */
export function tagged(reference: ImageReference): string {
  return tagLookup(reference)?.reference.text ?? reference.text;
}

export function decideMirror(image: MirroredImage, facts: TagFacts): MirrorDecision {
  const { mirror, original, unknown, invalid = '' } = image;
  if (mirror === undefined) return invalidName(original, invalid);
  const [byOriginal, byMirror] = [original, mirror].map((reference) => factOf(reference, facts));
  const digests = { originalDigest: digestOf(byOriginal), mirrorDigest: digestOf(byMirror) };
  const decided = (state: MirrorDecision['state'], message?: string): MirrorDecision => {
    return { state, ...digests, message };
  };
  const cannotCompare = (why: string): MirrorDecision =>
    decided('unknown', `cannot compare image ${quoteValue(tagged(mirror), 256)} with the original: ${why}`);
  if (original === undefined) return cannotCompare(unknown ?? '');
  const compared = compareTags({ original: byOriginal ?? NOT_LOOKED_UP, mirror: byMirror ?? NOT_LOOKED_UP });
  if (compared.state === 'unknown') return cannotCompare(failureText(compared.failure));
  if (compared.state !== 'mirror-differs') return decided(compared.state);
  const difference = differenceText({ image: tagged(mirror), original: tagged(original) }, compared);
  return unknown === undefined
    ? decided('mirror-differs', difference)
    : decided('unknown', `${difference}; cannot determine whether the policy applies: ${unknown}`);
}

function invalidName(original: ImageReference | undefined, problem: string): MirrorDecision {
  const message = `image ${quoteValue(original?.text ?? '', 256)} stays as written: ${problem}`;
  return { state: 'invalid-name', originalDigest: undefined, mirrorDigest: undefined, message };
}

function factOf(reference: ImageReference | undefined, facts: TagFacts): RegistryFact<RegistryImage> | undefined {
  const lookup = reference && tagLookup(reference);
  return lookup && facts.get(lookup.key);
}

function digestOf(fact: RegistryFact<RegistryImage> | undefined): string | undefined {
  return fact?.state === 'yes' ? fact.value.digest : undefined;
}
