/** Which images of a request want a digest, and which policy says so. */
import { type ImageReference, parseReference } from '../../image/reference.ts';
import type { Container, Pod } from '../../pod/containers.ts';
import type { KindTable } from '../../pod/kinds.ts';
import { hasController } from '../../pod/metadata.ts';
import { type ObjectType, type Workload, workloadOf } from '../../pod/workload.ts';
import type { Pin } from '../../policy/pin.ts';
import type { Covered, Covering } from '../../policy/plan.ts';
import { type Changeable, isPod } from './mutable-images.ts';
import { byPlace, type Hint, hintsIn, isRestarted, placeKey } from './stored-digests.ts';

/** An image that wants a digest, whatever policies say. */
export interface Unpinned {
  readonly container: Container;
  /** The image as written, without a digest. */
  readonly written: ImageReference;
  /** The digest that is stored for it. */
  readonly stored: string | undefined;
  /** Whether the registry is queried; otherwise the stored digest is the result. */
  readonly needsLookup: boolean;
}

export interface Candidate extends Unpinned {
  readonly policy: string;
  readonly pin: Pin;
  /** Why it is unknown whether the policy applies; the image is then left unchanged. */
  readonly doubt: string | undefined;
}

/** `needsLookup` is never true for a candidate in doubt. */
export function candidatesOf(
  unpinned: readonly Unpinned[],
  { object }: Changeable,
  { covering, type }: { readonly covering: Covering; readonly type: ObjectType },
): readonly Candidate[] {
  const pinning = covering.policies
    .filter(({ policy }) => policy.pin !== undefined)
    .map((covered) => ({ ...covered, inScope: covered.coverage.containers && new Set(covered.coverage.containers) }));
  if (pinning.length === 0) return [];
  return unpinned.flatMap((image) => {
    const those = pinning.filter((one) => covers(one, image));
    // One that may not even apply does not stand in the way of one that does.
    const covered = those.find(({ coverage }) => coverage.unknownReason(image.container) === undefined) ?? those[0];
    const candidate = covered && candidateOf(image, covered);
    if (candidate === undefined) return [];
    const { mode } = candidate.pin;
    // Nobody reads the warnings that a controller gets.
    const idle = (mode === 'pod' && !isPod(type)) || (mode === 'warn' && hasController(object));
    return idle ? [] : [candidate];
  });
}

function candidateOf(image: Unpinned, { policy: { name, pin }, coverage }: Covered): Candidate | undefined {
  if (pin === undefined) return undefined;
  const doubt = coverage.unknownReason(image.container);
  return { ...image, policy: name, pin, doubt, needsLookup: image.needsLookup && doubt === undefined };
}

interface Pinning extends Covered {
  readonly inScope: ReadonlySet<Container> | undefined;
}

/** The first policy that covers an image decides about it, its mode included. */
function covers({ policy, inScope }: Pinning, { container, written }: Unpinned): boolean {
  return (inScope === undefined || inScope.has(container)) && policy.pin?.covers(written) === true;
}

/** Most objects have none, and then nothing else of them is read. */
export function unpinnedIn(workload: Workload, change: Changeable, kinds: KindTable): readonly Unpinned[] {
  if (change.stored === undefined) return workload.containers.flatMap(newImage);
  return updatedImages(workload, { ...change, stored: change.stored }, kinds);
}

function newImage(container: Container): readonly Unpinned[] {
  const { image } = container;
  if (image.state !== 'parsed' || image.reference.digest !== undefined || container.composed) return [];
  return [{ container, written: image.reference, stored: undefined, needsLookup: true }];
}

interface Update extends Changeable {
  readonly stored: NonNullable<Changeable['stored']>;
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
  // What it had cannot be told, and so not what has changed.
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

interface Circumstances {
  readonly digests: Changeable['digests'];
  /** The user restarts its Pods. */
  readonly isFresh: boolean;
  readonly hint: Hint;
}

type Wish = Pick<Unpinned, 'written' | 'stored' | 'needsLookup'> | undefined;

function updatedImage(container: Container, before: Container | undefined, how: Circumstances): Wish {
  const reference = referenceOf(container);
  if (reference === undefined) return undefined;
  const old = before && referenceOf(before);
  const unchanged = old?.text === reference.text;
  if (reference.digest === undefined) return unchanged && !how.isFresh ? undefined : tagged(reference, old, how);
  const isRefreshed = unchanged && how.isFresh;
  return isRefreshed ? pinnedByUs(reference, (text) => how.hint(placeKey(container), text)) : undefined;
}

function tagged(written: ImageReference, old: ImageReference | undefined, { digests, isFresh }: Circumstances): Wish {
  const stored = storedDigest(written, old);
  if (stored !== undefined) return { written, stored, needsLookup: isFresh };
  return digests === 'any' ? { written, stored, needsLookup: true } : undefined;
}

/** Of the same name and tag. */
function storedDigest({ text }: ImageReference, old: ImageReference | undefined): string | undefined {
  return old?.digest !== undefined && old.text === `${text}@${old.digest}` ? old.digest : undefined;
}

function referenceOf({ image }: Container): ImageReference | undefined {
  return image.state === 'parsed' ? image.reference : undefined;
}

function pinnedByUs({ text, digest }: ImageReference, hinted: (image: string) => boolean): Wish {
  if (digest === undefined) return undefined;
  const written = text.slice(0, -`@${digest}`.length);
  const parsed = hinted(written) ? parseReference(written) : undefined;
  return parsed?.ok ? { written: parsed.reference, stored: digest, needsLookup: true } : undefined;
}
