/**
 * Decides what happens to one image: left as it is, pinned, or not pinned, with the reason. The facts come from the registry
 * and the lock.
 */
import { quoteValue } from '../image/quote.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Platform, RegistryDetails, RegistryFact, RegistryImage } from '../policy/registry-fact.ts';
import { type ImageLocation, pinnedText } from './image-location.ts';
import { platformsIn, platformText } from '../policy/rules/platforms.ts';
import { digestLookup, failureText, type ReferenceLookup, INTERRUPTED, tagLookup } from './reference-lookup.ts';

export const PIN_STATES = ['pinned', 'resolved', 'drifted', 'unpinned', 'skipped', 'failed'] as const;

export interface PinDecision {
  /**
   * `pinned`: has a digest. `resolved`: had no digest, and gets one. `drifted`: has a digest, and its tag now points to another.
   * `unpinned`: has no digest, and was not looked up. `skipped`: nothing to pin. `failed`: see the message.
   */
  readonly state: (typeof PIN_STATES)[number];
  /** The digest that the image has or gets. */
  readonly digest: string | undefined;
  /** The digest before, of `drifted`. */
  readonly previous: string | undefined;
  /** The whole reference with the digest. */
  readonly pinned: string | undefined;
  readonly message: string | undefined;
}

const BARE = { digest: undefined, previous: undefined, pinned: undefined, message: undefined };

export interface PinMode {
  /** Whether tags with a digest are looked up as well. */
  readonly update: boolean;
  /** The digests that stay nevertheless, by `keptKey`, with a message if an update waits; see ages.ts. */
  readonly kept: KeptDigests;
  readonly platforms: readonly Platform[];
}

export type KeptDigests = ReadonlyMap<string, string | undefined>;

/** A registry and its mirror have the same digest for the same tag, and kustomizations can rename an image. */
export function keptKey({ tag, digest }: ImageReference): string {
  return `${tag}@${digest}`;
}

/** Reports whether an image with a digest is looked up. */
export function updates(reference: ImageReference, { update, kept }: PinMode): boolean {
  return update && !kept.has(keptKey(reference));
}

/** The lookup that an image needs; undefined: none. */
export function tagLookupAt({ content, target }: ImageLocation, mode: PinMode): ReferenceLookup | undefined {
  return content.state === 'image' && target.ok ? tagLookupOf(content.reference, mode) : undefined;
}

export function tagLookupOf(reference: ImageReference, mode: PinMode): ReferenceLookup | undefined {
  return reference.digest === undefined || updates(reference, mode) ? tagLookup(reference) : undefined;
}

export type TagFacts = ReadonlyMap<string, RegistryFact<RegistryImage>>;
export type PlatformFacts = ReadonlyMap<string, RegistryFact<RegistryDetails>>;

/** `reference` is the image that runs; the digest is the one that it gets. */
export function platformLookup(
  reference: ImageReference,
  { digest }: PinDecision,
  { platforms }: PinMode,
): ReferenceLookup | undefined {
  return digest !== undefined && platforms.length > 0 ? digestLookup(reference, digest) : undefined;
}

/** Decides without facts from a registry. */
export function decideOffline({ content, image }: ImageLocation): PinDecision {
  if (content.state === 'none') return { ...BARE, state: 'skipped', message: content.reason };
  if (content.state === 'problem') return failed(image, content.problem);
  const { digest, text } = content.reference;
  if (digest !== undefined) return { ...BARE, state: 'pinned', digest, pinned: text };
  return { ...BARE, state: 'unpinned', message: `image ${quoteValue(image)} has no digest` };
}

export function decide(location: ImageLocation, mode: PinMode, tags: TagFacts): PinDecision {
  const offline = decideOffline(location);
  const { content, image, target } = location;
  if (content.state !== 'image') return offline;
  if (offline.state === 'pinned' && !updates(content.reference, mode))
    return { ...offline, message: mode.kept.get(keptKey(content.reference)) };
  const lookup = tagLookup(content.reference);
  if (lookup === undefined) return { ...offline, message: 'it has no tag to look up' };
  if (!target.ok) return failed(image, target.reason);
  const fact = tags.get(lookup.key);
  if (fact === undefined) return failed(image, INTERRUPTED);
  return fact.state === 'yes' ? resolved(content.reference, fact.value) : failed(image, failureText(fact.failure));
}

export function resolved(
  reference: ImageReference,
  { digest, stale }: Pick<RegistryImage, 'digest' | 'stale'>,
): PinDecision {
  const { digest: previous, text } = reference;
  const message = stale === undefined ? undefined : `the digest is stale, because ${failureText(stale.failure)}`;
  if (previous === digest) return { ...BARE, state: 'pinned', digest, pinned: text, message };
  const pinned = pinnedText(reference, digest);
  return { state: previous === undefined ? 'resolved' : 'drifted', digest, previous, pinned, message };
}

/** Replaces a decision by a failure if the image is not built for all of the platforms. */
export function withPlatforms(
  { image, reference }: { readonly image: string; readonly reference: ImageReference },
  decision: PinDecision,
  { platforms, facts }: PlatformCheck,
): PinDecision {
  if (platforms.length === 0 || decision.digest === undefined) return decision;
  const fact = facts.get(digestLookup(reference, decision.digest)?.key ?? '');
  if (fact === undefined) return failed(image, 'interrupted before the lookup of its platforms');
  if (fact.state !== 'yes') return failed(image, failureText(fact.failure));
  const has = platformsIn(fact.value.platforms);
  const missing = platforms.filter((platform) => !has(platform));
  if (missing.length === 0) return decision;
  const existing = fact.value.platforms.map(platformText).join(', ');
  const others = existing === '' ? 'and it names no platforms' : `only for ${existing}`;
  return failed(image, `it is not built for ${missing.map(platformText).join(' and ')}, ${others}`);
}

export interface PlatformCheck {
  readonly platforms: readonly Platform[];
  readonly facts: PlatformFacts;
}

export function failed(image: string, why: string): PinDecision {
  return { ...BARE, state: 'failed', message: `image ${quoteValue(image)} cannot be pinned: ${why}` };
}
