/**
 * Plans the digests of images that kustomizations run. The digest is that of the image that runs, and goes to the location of
 * the version. If builds run images with different digests, an entry that renames an image gets its own tag and digest.
 */
import { quoteValue } from '../../image/quote.ts';
import { type ImageReference, parseReference } from '../../image/reference.ts';
import type { BuiltImage } from './builds.ts';
import {
  decide,
  decideOffline,
  failed,
  type PinDecision,
  type PinMode,
  resolved,
  type TagFacts,
  tagLookupAt,
  tagLookupOf,
  updates,
} from '../decide.ts';
import type { ImageLocation } from '../image-location.ts';
import { failureText, type ReferenceLookup, tagLookup } from '../reference-lookup.ts';
import { digestFor, isNowhere, type BuiltDigest, sameDigest } from './build-digests.ts';

export interface KustomizeIndex {
  /** Returns the images whose version is at a location; undefined: the location is not part of a kustomization. */
  readonly builtImagesOf: (location: ImageLocation) => readonly BuiltImage[] | undefined;
  /** Returns the locations of the entries that only rename the image, in order. */
  readonly entriesOf: (built: BuiltImage) => readonly ImageLocation[];
  /** Locations of entries that only rename images. */
  readonly renames: ReadonlySet<ImageLocation>;
  /** Locations of entries that rename images with a digest. */
  readonly pinnedRenames: ReadonlySet<ImageLocation>;
  /** Returns the reason why a location cannot have a digest. */
  readonly obstacleTo: (location: ImageLocation) => string | undefined;
  /** Reports whether the file of a location can be changed. */
  readonly isGiven: (location: ImageLocation) => boolean;
}

export interface LocationPlan {
  readonly decision: PinDecision;
  /** Entries that must have their own digest. */
  readonly entries: readonly ImageLocation[];
  /** The image that the decision is about. */
  readonly reference: ImageReference | undefined;
}

export interface PlanInput {
  readonly kustomize: KustomizeIndex;
  readonly mode: PinMode;
  readonly tags: TagFacts;
  /** Entries that cannot have a digest, because it would be wrong for other images. */
  readonly blocked: ReadonlySet<ImageLocation>;
}

/** The reason for skipping an entry that only renames images. */
export const RENAMED = 'it sets no tag; the manifests do, and are pinned instead';

const REPLACED = 'a kustomization replaces this image';

export function skipped(message: string): PinDecision {
  return { state: 'skipped', digest: undefined, previous: undefined, pinned: undefined, message };
}

export function tagLookupsAt(
  location: ImageLocation,
  { kustomize, mode }: Pick<PlanInput, 'kustomize' | 'mode'>,
): readonly (ReferenceLookup | undefined)[] {
  const builtImages = kustomize.builtImagesOf(location);
  if (builtImages === undefined || builtImages.length === 0) return [tagLookupAt(location, mode)];
  return builtImages.map(({ image }) => {
    const parsed = parseReference(image);
    return parsed.ok ? tagLookupOf(parsed.reference, mode) : undefined;
  });
}

/** Decides without lookups. An image that only bases run does not need a digest, because other kustomizations replace it. */
export function decideOfflineWithBuilds(location: ImageLocation, { builtImagesOf }: KustomizeIndex): PinDecision {
  const decision = decideOffline(location);
  const builtImages = builtImagesOf(location);
  const isOpen = decision.state === 'unpinned' || (location.content.state === 'problem' && builtImages?.length === 0);
  return isOpen && builtImages !== undefined && !builtImages.some(({ deployed }) => deployed)
    ? skipped(REPLACED)
    : decision;
}

/** Plans one location. `placed` contains the entries that get a digest because of other images. */
export function planLocation(
  location: ImageLocation,
  input: PlanInput,
  placed: ReadonlySet<ImageLocation>,
): LocationPlan {
  const builtImages = input.kustomize.builtImagesOf(location) ?? [];
  const decision = decisionWithoutRuns(location, input);
  return decision === undefined ? planFromBuilds(location, builtImages, { input, placed }) : plain(location, decision);
}

/** Returns undefined if the decision depends on the images that run. */
function decisionWithoutRuns(location: ImageLocation, input: PlanInput): PinDecision | undefined {
  const { kustomize, mode, tags } = input;
  const builtImages = kustomize.builtImagesOf(location);
  const isDone = isDecided(location, builtImages ?? [], mode);
  const obstacle = isDone ? undefined : kustomize.obstacleTo(location);
  if (obstacle !== undefined) return failed(location.image, obstacle);
  if (builtImages?.length === 0) return decideReplaced(location, input);
  return builtImages === undefined || isDone ? decide(location, mode, tags) : undefined;
}

function planFromBuilds(
  location: ImageLocation,
  builtImages: readonly BuiltImage[],
  { input, placed }: Pick<PlacementInput, 'input' | 'placed'>,
): LocationPlan {
  const { tags } = input;
  const digests = builtImages.map((built) => digestFor(built, tags));
  const considered = digests.filter(({ built, fact }) => built.deployed || !isNowhere(fact));
  if (considered.length === 0) return plain(location, skipped(`${REPLACED} (${digests[0]?.problem ?? ''})`));
  const bad = considered.find(({ digest }) => digest === undefined);
  if (bad === undefined) return placeDigest({ location, considered, input, placed, keepsNone: false });
  const decision = failed(location.image, runsAs(location, bad));
  if (considered.some(({ built, digest }) => built.deployed && digest === undefined)) return plain(location, decision);
  // Deployed images can be pinned even if the image of a base is unknown, for example because overlays replace it with a
  // mirror's image.
  const known = considered.filter(({ digest }) => digest !== undefined);
  return {
    ...placeDigest({ location, considered: known, input, placed, keepsNone: true }),
    decision,
    reference: undefined,
  };
}

/**
 * Reports whether the location itself decides: the image is pinned, or has no tag to look up, or no entry can replace an
 * invalid value.
 */
function isDecided({ content }: ImageLocation, builtImages: readonly BuiltImage[], mode: PinMode): boolean {
  if (content.state !== 'image')
    return content.state === 'none' || builtImages.some(({ renames }) => renames.length === 0);
  const { reference } = content;
  return reference.digest !== undefined && (!updates(reference, mode) || tagLookup(reference) === undefined);
}

function plain(location: ImageLocation, decision: PinDecision): LocationPlan {
  const { content } = location;
  return { decision, entries: [], reference: content.state === 'image' ? content.reference : undefined };
}

/** Skips an image that no registry has, because manifests for a kustomization can use placeholder images. */
function decideReplaced(location: ImageLocation, { mode, tags }: PlanInput): PinDecision {
  if (location.content.state === 'problem') return skipped(REPLACED);
  const decision = decide(location, mode, tags);
  const fact = tags.get(tagLookupAt(location, mode)?.key ?? '');
  if (decision.state !== 'failed' || fact === undefined || fact.state === 'yes' || !isNowhere(fact)) return decision;
  return skipped(`${REPLACED} (${failureText(fact.failure)})`);
}

function runsAs({ image }: ImageLocation, { built, problem }: BuiltDigest): string {
  return built.image === image ? problem : `${built.file} runs it as ${quoteValue(built.image)}: ${problem}`;
}

interface PlacementInput {
  readonly location: ImageLocation;
  readonly considered: readonly BuiltDigest[];
  readonly input: PlanInput;
  readonly placed: ReadonlySet<ImageLocation>;
  /** Whether the location of the version cannot have a digest. */
  readonly keepsNone: boolean;
}

function placeDigest(placement: PlacementInput): LocationPlan {
  const { location, considered, input, placed } = placement;
  const { entriesOf } = input.kustomize;
  const isPassed = ({ built }: BuiltDigest): boolean =>
    entriesOf(built)
      .slice(0, -1)
      .some((entry) => placed.has(entry));
  const kept = keptAt(placement);
  const others = considered.filter((answer) => !kept.includes(answer) || isPassed(answer));
  const entries = others.map(({ built }) => entriesOf(built).at(-1));
  const obstacles = others.map((answer, index) => obstacleAt(answer, entries[index], placement));
  const obstacle = obstacles.find((one) => one !== undefined);
  if (obstacle !== undefined) return plain(location, failed(location.image, obstacle));
  const [first] = kept;
  return {
    decision: first === undefined ? skipped(ENTRY_DIGESTS) : decisionOf(location, first),
    entries: entries.filter((one) => one !== undefined),
    reference: first?.reference,
  };
}

/**
 * Returns the images that get their digest at the location of the version: all if the digests are equal, otherwise those
 * that no entry renames.
 */
function keptAt({ location, considered, input, keepsNone }: PlacementInput): readonly BuiltDigest[] {
  const canWrite =
    location.target.ok && input.kustomize.isGiven(location) && considered.every((answer) => hasTagOf(location, answer));
  if (!canWrite || keepsNone) return [];
  if (sameDigest(considered)) return considered;
  const own = considered.filter(({ built }) => built.renames.length === 0);
  return sameDigest(own) ? considered.filter(({ digest }) => digest === own[0]?.digest) : [];
}

const ENTRY_DIGESTS = 'every kustomization that renames it has its own digest';

/** Reports whether the tags are equal; they differ if `newName` contains a tag. */
function hasTagOf({ content }: ImageLocation, { reference }: BuiltDigest): boolean {
  return (
    content.state === 'image' && reference !== undefined && content.reference.effectiveTag === reference.effectiveTag
  );
}

/** Returns undefined if the entry can have a digest, or needs none. */
function obstacleAt(
  answer: BuiltDigest,
  entry: ImageLocation | undefined,
  { location, considered, input }: PlacementInput,
): string | undefined {
  if (entry === undefined) return input.kustomize.isGiven(location) ? ownObstacle(location, considered) : undefined;
  const why = entryObstacle(entry, input);
  if (why === undefined) return undefined;
  const all = considered.map(
    ({ built, digest }) => `${quoteValue(built.image)} (${digest ?? 'no digest'}) in ${built.file}`,
  );
  return `it is ${[...new Set(all)].join(' and ')}, and the entry in "images" of ${answer.built.file} cannot have its own digest because ${why}; add "newTag" to the entry, or use the new name in the manifests`;
}

function ownObstacle({ target }: ImageLocation, considered: readonly BuiltDigest[]): string {
  if (!target.ok) return target.reason;
  const names = [...new Set(considered.map(({ built }) => quoteValue(built.image)))];
  return `kustomizations run it as ${names.join(' and ')}, which need different values here; set the tag in "newTag"`;
}

function entryObstacle(entry: ImageLocation, { kustomize, blocked, mode }: PlanInput): string | undefined {
  const { content, target } = entry;
  if (content.state === 'none') return content.reason;
  if (content.state === 'problem') return content.problem;
  if (!target.ok) return target.reason;
  const keepsDigests = !mode.update || mode.kept.size > 0;
  if (keepsDigests && kustomize.pinnedRenames.has(entry)) return 'it also renames an image that has a digest';
  if (blocked.has(entry)) return 'a later entry renames the image again';
  return kustomize.isGiven(entry) ? undefined : 'its file is not in the input files';
}

function decisionOf({ content }: ImageLocation, answer: BuiltDigest): PinDecision {
  if (content.state !== 'image' || answer.digest === undefined) return skipped(REPLACED);
  const { fact, digest } = answer;
  const stale = fact?.state === 'yes' ? fact.value.stale : undefined;
  return resolved(content.reference, { digest, stale });
}
