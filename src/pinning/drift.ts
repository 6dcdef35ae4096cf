/** Decides whether a pinned image has drifted: whether its tag still points to the digest, and whether the digest still exists. */
import { quoteValue } from '../image/quote.ts';
import { type ImageReference, parseReference } from '../image/reference.ts';
import type { RegistryFact, RegistryImage } from '../policy/registry-fact.ts';
import type { TagFacts } from './decide.ts';
import type { KustomizeIndex } from './kustomize/plan-location.ts';
import type { ImageLocation } from './image-location.ts';
import { digestLookup, failureText, NOT_LOOKED_UP, type ReferenceLookup, tagLookup } from './reference-lookup.ts';

export interface DriftDecision {
  /**
   * `current`: no drift. `moved`: the tag points to another digest. `untagged`: the tag no longer exists. `gone`: the digest
   * no longer exists.
   */
  readonly state: 'current' | 'moved' | 'untagged' | 'gone' | 'unknown';
  /** The digest that the tag points to now, if it is known. */
  readonly current: string | undefined;
  readonly message: string | undefined;
}

/** The images that run with the digest at a location; kustomizations can rename them. */
export function pinnedAt(
  location: ImageLocation,
  { builtImagesOf, renames }: Pick<KustomizeIndex, 'builtImagesOf' | 'renames'>,
): readonly PinnedReference[] {
  if (renames.has(location)) return [];
  const builtImages = builtImagesOf(location) ?? [];
  const deployed = builtImages.filter((built) => built.deployed);
  const images = (deployed.length > 0 ? deployed : builtImages).map(({ image }) => image);
  return [...new Set(images.length > 0 ? images : [location.image])].flatMap(pinnedReference);
}

function pinnedReference(image: string): readonly PinnedReference[] {
  const parsed = parseReference(image);
  if (!parsed.ok) return [];
  const { reference } = parsed;
  return reference.digest === undefined ? [] : [{ reference, digest: reference.digest }];
}

export interface PinnedReference {
  readonly reference: ImageReference;
  readonly digest: string;
}

/** The tag and the digest are both looked up. */
export function driftLookups({ reference, digest }: PinnedReference): readonly ReferenceLookup[] {
  return [tagLookup(reference), digestLookup(reference, digest)].filter((one) => one !== undefined);
}

export function decideDrift(pinned: PinnedReference, facts: TagFacts): DriftDecision {
  const { reference, digest } = pinned;
  const [byTag, byDigest] = [tagLookup(reference), digestLookup(reference, digest)].map(
    (lookup) => lookup && (facts.get(lookup.key) ?? NOT_LOOKED_UP),
  );
  const current = currentOf(byTag);
  const moved = current !== undefined && current !== digest;
  const drifted = (state: DriftDecision['state'], message: string): DriftDecision => ({ state, current, message });
  const image = quoteValue(reference.text, 256);
  const now = moved ? `; the tag now points to ${current}` : '';
  if (byDigest?.state === 'no')
    return drifted('gone', `image ${image} no longer exists: ${failureText(byDigest.failure)}${now}`);
  if (moved) return drifted('moved', movedText(reference, digest, current));
  if (byTag?.state === 'no')
    return drifted('untagged', `the tag of image ${image} no longer exists: ${failureText(byTag.failure)}`);
  const why = unknownOf([byTag, byDigest]);
  if (why !== undefined) return drifted('unknown', `cannot determine whether ${image} has drifted: ${why}`);
  return { state: 'current', current, message: undefined };
}

function currentOf(byTag: RegistryFact<RegistryImage> | undefined): string | undefined {
  return byTag?.state === 'yes' ? byTag.value.digest : undefined;
}

function unknownOf(facts: readonly (RegistryFact<RegistryImage> | undefined)[]): string | undefined {
  const unknown = facts.find((fact) => fact?.state === 'unknown');
  return unknown?.state === 'unknown' ? failureText(unknown.failure) : undefined;
}

function movedText({ text, tag }: ImageReference, digest: string, current: string): string {
  const named = text.slice(0, -digest.length - 1);
  return `tag ${quoteValue(tag ?? '')} of ${quoteValue(named)} has moved: ${digest} -> ${current}`;
}
