/** Selects the images of a request to pin, each with the policy that pins it. */
import { type ImageReference, parseReference } from '../../image/reference.ts';
import type { Container, Pod } from '../../pod/containers.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { hasController } from '../../pod/metadata.ts';
import { type ObjectType, type Workload, workloadOf } from '../../pod/workload.ts';
import type { Pin } from '../../policy/pin.ts';
import type { Covered, Covering } from '../../policy/plan.ts';
import { type MutableObject, isPod } from './mutable-images.ts';
import { byPlace, type Hint, hintsIn, isRestarted, placeKey } from './stored-digests.ts';

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

export interface Candidate extends Unpinned {
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
  const pinning = covering.policies
    .filter(({ policy }) => policy.pin !== undefined)
    .map((covered) => ({ ...covered, inScope: covered.coverage.containers && new Set(covered.coverage.containers) }));
  if (pinning.length === 0) return [];
  return unpinned.flatMap((image) => {
    const matching = pinning.filter((one) => covers(one, image));
    // A policy that certainly applies comes before a policy that may not apply.
    const covered =
      matching.find(({ coverage }) => coverage.unknownReason(image.container) === undefined) ?? matching[0];
    const candidate = covered && candidateOf(image, covered);
    if (candidate === undefined) return [];
    const { mode } = candidate.pin;
    // Controllers do not show the warnings that they receive.
    const hasNoEffect = (mode === 'pod' && !isPod(type)) || (mode === 'warn' && hasController(object));
    return hasNoEffect ? [] : [candidate];
  });
}

function candidateOf(image: Unpinned, { policy: { name, pin }, coverage }: Covered): Candidate | undefined {
  if (pin === undefined) return undefined;
  const scopeUnknown = coverage.unknownReason(image.container);
  return { ...image, policy: name, pin, scopeUnknown, needsLookup: image.needsLookup && scopeUnknown === undefined };
}

interface Pinning extends Covered {
  readonly inScope: ReadonlySet<Container> | undefined;
}

/** The first policy that covers an image decides about it, including the mode. */
function covers({ policy, inScope }: Pinning, { container, written }: Unpinned): boolean {
  return (inScope === undefined || inScope.has(container)) && policy.pin?.covers(written) === true;
}

export function unpinnedIn(workload: Workload, change: MutableObject, kinds: KindTable): readonly Unpinned[] {
  if (change.stored === undefined) return workload.containers.flatMap(newImage);
  return updatedImages(workload, { ...change, stored: change.stored }, kinds);
}

function newImage(container: Container): readonly Unpinned[] {
  const { image } = container;
  if (image.state !== 'parsed' || image.reference.digest !== undefined || container.composed) return [];
  return [{ container, written: image.reference, stored: undefined, needsLookup: true }];
}

interface Update extends MutableObject {
  readonly stored: NonNullable<MutableObject['stored']>;
}

function updatedImages(workload: Workload, update: Update, kinds: KindTable): readonly Unpinned[] {
  const restarted = restartedContainers(workload.pods, update);
  const interesting = workload.containers.filter((container) => {
    const { image, composed, kind } = container;
    if (image.state !== 'parsed' || composed || (update.onlyEphemeral && kind !== 'ephemeral')) return false;
    return image.reference.digest === undefined || restarted.has(container);
  });
  if (interesting.length === 0) return [];
  const stored = workloadOf(update.stored, workload.type, kinds);
  // Without a valid stored object, the changed images are unknown.
  if (stored === undefined || !stored.ok) return [];
  const before = byPlace(stored.workload);
  const hint = hintsIn(update.object, workload.type, kinds);
  return interesting.flatMap((container) => {
    const isFresh = restarted.has(container);
    const found = updatedImage(container, before.get(placeKey(container)), { digests: update.digests, isFresh, hint });
    return found === undefined ? [] : [{ container, ...found }];
  });
}

function restartedContainers(
  pods: readonly Pod[],
  { object, stored, digests, onlyEphemeral }: Update,
): ReadonlySet<Container> {
  // A running Pod cannot be restarted.
  if (digests === 'stored' || onlyEphemeral) return NOTHING;
  const restarted = pods.filter((pod) => isRestarted(pod, object, stored));
  return restarted.length === 0 ? NOTHING : new Set(restarted.flatMap(({ containers }) => containers));
}

const NOTHING: ReadonlySet<Container> = new Set();

interface UpdateContext {
  readonly digests: MutableObject['digests'];
  /** True if the update restarts the Pods. */
  readonly isFresh: boolean;
  readonly hint: Hint;
}

type ImageToPin = Pick<Unpinned, 'written' | 'stored' | 'needsLookup'>;

function updatedImage(
  container: Container,
  before: Container | undefined,
  context: UpdateContext,
): ImageToPin | undefined {
  const reference = referenceOf(container);
  if (reference === undefined) return undefined;
  const old = before && referenceOf(before);
  const unchanged = old?.text === reference.text;
  if (reference.digest === undefined)
    return unchanged && !context.isFresh ? undefined : tagged(reference, old, context);
  const isRefreshed = unchanged && context.isFresh;
  return isRefreshed ? pinnedByUs(reference, (text) => context.hint(placeKey(container), text)) : undefined;
}

function tagged(
  written: ImageReference,
  old: ImageReference | undefined,
  { digests, isFresh }: UpdateContext,
): ImageToPin | undefined {
  const stored = storedDigest(written, old);
  if (stored !== undefined) return { written, stored, needsLookup: isFresh };
  return digests === 'any' ? { written, stored, needsLookup: true } : undefined;
}

/** The stored digest, if the stored image has the same name and tag. */
function storedDigest({ text }: ImageReference, old: ImageReference | undefined): string | undefined {
  return old?.digest !== undefined && old.text === `${text}@${old.digest}` ? old.digest : undefined;
}

function referenceOf({ image }: Container): ImageReference | undefined {
  return image.state === 'parsed' ? image.reference : undefined;
}

function pinnedByUs({ text, digest }: ImageReference, hinted: (image: string) => boolean): ImageToPin | undefined {
  if (digest === undefined) return undefined;
  const written = text.slice(0, -`@${digest}`.length);
  const parsed = hinted(written) ? parseReference(written) : undefined;
  return parsed?.ok ? { written: parsed.reference, stored: digest, needsLookup: true } : undefined;
}
