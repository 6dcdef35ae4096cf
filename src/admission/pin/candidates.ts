/** Selects the images of a request to pin, each with the policy that pins it. */
import { type ImageReference, parseReference } from '../../image/reference.ts';
import type { Container } from '../../pod/containers.ts';
import { hasController } from '../../pod/metadata.ts';
import type { ObjectType } from '../../pod/workload.ts';
import type { Pin } from '../../policy/pin.ts';
import type { Covering } from '../../policy/plan.ts';
import type { ChangedImage } from '../change/changed-images.ts';
import type { WantedImage } from '../change/image-facts.ts';
import { type MutableObject, isPod } from '../change/mutable-images.ts';
import { type PolicyOverContainer, policiesOver } from '../change/scoped-policies.ts';
import type { Hint } from './stored-digests.ts';

/** An image without a digest, or with a digest to update, before policies are considered. */
export interface Unpinned {
  readonly container: Container;
  /** The image as written, without a digest. */
  readonly written: ImageReference;
  /** The digest in the stored object. */
  readonly stored: string | undefined;
  /** True if the registry is queried; otherwise the stored digest is the result. */
  readonly needsLookup: boolean;
}

export interface Candidate extends Unpinned, WantedImage {
  readonly policy: string;
  readonly pin: Pin;
  /** Why it is unknown whether the policy applies; the image is then not changed. */
  readonly scopeUnknown: string | undefined;
}

/** `needsLookup` is false for all candidates with `scopeUnknown`. */
export function candidatesOf(
  unpinned: readonly Unpinned[],
  { object }: MutableObject,
  { covering, type }: { readonly covering: Covering; readonly type: ObjectType },
): readonly Candidate[] {
  const pinning = covering.policies.filter(({ policy }) => policy.pin !== undefined);
  if (pinning.length === 0) return [];
  return unpinned.flatMap((image) => {
    const { container, written } = image;
    // The first policy that covers an image decides about it, including the mode.
    const over = policiesOver(container, nameOf(image), pinning).find(
      ({ policy }) => policy.pin?.covers(written) === true,
    );
    const candidate = over && candidateOf(image, over);
    if (candidate === undefined) return [];
    const { mode } = candidate.pin;
    // Controllers do not show the warnings that they receive.
    const hasNoEffect = (mode === 'pod' && !isPod(type)) || (mode === 'warn' && hasController(object));
    return hasNoEffect ? [] : [candidate];
  });
}

/** As in the object, unless a rewrite has changed its name. */
function nameOf({ container: { image }, written }: Unpinned): ImageReference {
  return image.state === 'parsed' && image.reference.repository === written.repository ? image.reference : written;
}

function candidateOf(
  image: Unpinned,
  { policy: { name, pin }, scopeUnknown }: PolicyOverContainer,
): Candidate | undefined {
  if (pin === undefined) return undefined;
  return {
    ...image,
    policy: name,
    pin,
    scopeUnknown,
    needsLookup: image.needsLookup && scopeUnknown === undefined,
    staleMs: pin.staleMs,
    // An image with a stored digest is looked up only because of a restart.
    refresh: image.stored !== undefined,
  };
}

/** Which digests the images of a request can get. */
export interface UnpinnedContext {
  readonly digests: MutableObject['digests'];
  readonly hint: Hint;
}

export function unpinnedIn(images: readonly ChangedImage[], context: UnpinnedContext): readonly Unpinned[] {
  return images.flatMap((image) => {
    const { container, reference } = image;
    const found = reference.digest === undefined ? tagged(image, context) : refreshed(image, context);
    return found === undefined ? [] : [{ container, ...found }];
  });
}

type ImageToPin = Pick<Unpinned, 'written' | 'stored' | 'needsLookup'>;

function tagged(
  { reference: written, stored: old, isRestarted, replaced }: ChangedImage,
  { digests }: Pick<UnpinnedContext, 'digests'>,
): ImageToPin | undefined {
  if (replaced !== undefined) return { written, stored: replaced, needsLookup: true };
  const stored = storedDigest(written, old);
  if (stored !== undefined) return { written, stored, needsLookup: isRestarted };
  return digests === 'any' ? { written, stored, needsLookup: true } : undefined;
}

/** The stored digest, if the stored image has the same name and tag. */
function storedDigest({ text }: ImageReference, old: ImageReference | undefined): string | undefined {
  return old?.digest !== undefined && old.text === `${text}@${old.digest}` ? old.digest : undefined;
}

/** A restart sends the stored object, with the digests that tidewaiter added. */
function refreshed(
  { container, reference: { text, digest }, stored, isRestarted }: ChangedImage,
  { hint }: Pick<UnpinnedContext, 'hint'>,
): ImageToPin | undefined {
  if (digest === undefined || !isRestarted || stored?.text !== text) return undefined;
  const written = text.slice(0, -`@${digest}`.length);
  const parsed = hint(container, written) ? parseReference(written) : undefined;
  return parsed?.ok ? { written: parsed.reference, stored: digest, needsLookup: true } : undefined;
}

interface Replacing {
  readonly change: MutableObject;
  readonly type: ObjectType;
  readonly covering: Covering;
  readonly hint: Hint;
  /** The names that an image can get by rewrites, itself included. */
  readonly namesFor: (container: Container, written: string) => readonly string[];
}

/**
 * A restart replaces the digest that tidewaiter added, so the registries of the new names must have the tag, not this digest. Only
 * where a policy is certain to pin every name that the image can get: no digest is lost.
 */
export function withoutReplacedDigests(
  images: readonly ChangedImage[],
  { change, type, covering, hint, namesFor }: Replacing,
): readonly ChangedImage[] {
  return images.map((image) => {
    const found = image.isRestarted ? refreshed(image, { hint }) : undefined;
    if (found?.stored === undefined) return image;
    const { container } = image;
    const names = namesFor(container, found.written.text);
    const unpinned = names.flatMap((name) => {
      const parsed = parseReference(name);
      return parsed.ok ? [{ ...found, container, written: parsed.reference }] : [];
    });
    const candidates = candidatesOf(unpinned, change, { covering, type });
    const isCertain = candidates.every(({ scopeUnknown, pin }) => scopeUnknown === undefined && pin.mode !== 'warn');
    if (names.length === 1 || candidates.length < names.length || !isCertain) return image;
    return { ...image, reference: found.written, replaced: found.stored };
  });
}
