/**
 * What becomes of images that kustomizations run. The digest is that of the image that runs, and stands where the version is
 * written; where builds run images with different digests, an entry that renames one gets a tag and a digest of its own.
 */
import { quoteValue } from '../image/quote.ts';
import { effectiveTag, type ImageReference, parseReference } from '../image/reference.ts';
import type { RegistryCause, RegistryFact, RegistryImage } from '../policy/registry-fact.ts';
import type { Run } from './builds.ts';
import {
  decide,
  decideOffline,
  failed,
  type PinDecision,
  type PinMode,
  resolved,
  type TagAnswers,
  tagToAsk,
  tagToAskOf,
} from './pin.ts';
import type { ImagePlace } from './place.ts';
import { failureText, type Question, tagQuestion } from './questions.ts';

export interface Kustomized {
  /** Of the images whose version is written at a place; undefined: it is not part of a kustomization. */
  readonly runsOf: (place: ImagePlace) => readonly Run[] | undefined;
  /** The places of the entries that only renamed it, in order. */
  readonly entriesOf: (run: Run) => readonly ImagePlace[];
  /** Places of entries that only rename images. */
  readonly renames: ReadonlySet<ImagePlace>;
  /** Those of them that rename images with a digest. */
  readonly pinnedRenames: ReadonlySet<ImagePlace>;
  /** Whether the file of a place may be changed. */
  readonly isGiven: (place: ImagePlace) => boolean;
}

export interface Plan {
  readonly decision: PinDecision;
  /** Entries that must have a digest of their own. */
  readonly entries: readonly ImagePlace[];
  /** The image that the decision is about. */
  readonly reference: ImageReference | undefined;
}

export interface World {
  readonly kustomized: Kustomized;
  readonly mode: PinMode;
  readonly tags: TagAnswers;
  /** Entries that cannot have a digest, as it would be wrong for other images. */
  readonly barred: ReadonlySet<ImagePlace>;
}

/** Why an entry that only renames images is left alone. */
export const RENAMED = 'it names no tag: the manifests do, and are pinned themselves';

const REPLACED = 'a kustomization puts another in its place';

export function skipped(message: string): PinDecision {
  return { state: 'skipped', digest: undefined, previous: undefined, pinned: undefined, message };
}

export function questionsAbout(
  place: ImagePlace,
  { kustomized, mode }: Pick<World, 'kustomized' | 'mode'>,
): readonly (Question | undefined)[] {
  const runs = kustomized.runsOf(place);
  if (runs === undefined || runs.length === 0) return [tagToAsk(place, mode)];
  return runs.map(({ image }) => {
    const parsed = parseReference(image);
    return parsed.ok ? tagToAskOf(parsed.reference, mode) : undefined;
  });
}

/** Without asking: what only bases run need not be pinned, as others replace it. */
export function decideKustomizedOffline(place: ImagePlace, { runsOf }: Kustomized): PinDecision {
  const decision = decideOffline(place);
  const runs = runsOf(place);
  const isOpen = decision.state === 'unpinned' || (place.reading.state === 'problem' && runs?.length === 0);
  return isOpen && runs !== undefined && !runs.some(({ deployed }) => deployed) ? skipped(REPLACED) : decision;
}

interface Told {
  readonly run: Run;
  readonly reference: ImageReference | undefined;
  readonly fact: RegistryFact<RegistryImage> | undefined;
  /** Undefined: see `problem`. */
  readonly digest: string | undefined;
  readonly problem: string;
}

/** `placed`: entries that get a digest already, for the sake of other images. */
export function planFor(place: ImagePlace, world: World, placed: ReadonlySet<ImagePlace>): Plan {
  const { kustomized, mode, tags } = world;
  const runs = kustomized.runsOf(place);
  if (runs?.length === 0) return plain(place, decideReplaced(place, world));
  if (runs === undefined || isSettled(place, runs, mode)) return plain(place, decide(place, mode, tags));
  const told = runs.map((run) => toldAbout(run, world));
  const considered = told.filter(({ run, fact }) => run.deployed || !isNowhere(fact));
  if (considered.length === 0) return plain(place, skipped(`${REPLACED} (${told[0]?.problem ?? ''})`));
  const bad = considered.find(({ digest }) => digest === undefined);
  if (bad !== undefined) return plain(place, failed(place.image, runsAs(place, bad)));
  return settle({ place, considered, world, placed });
}

/** What is pinned stays so; what has no tag cannot be asked for; an entry can make an image of what is none. */
function isSettled({ reading }: ImagePlace, runs: readonly Run[], { update }: PinMode): boolean {
  if (reading.state !== 'image') return reading.state === 'none' || runs.some(({ renames }) => renames.length === 0);
  const { reference } = reading;
  return reference.digest !== undefined && (!update || tagQuestion(reference) === undefined);
}

function plain(place: ImagePlace, decision: PinDecision): Plan {
  const { reading } = place;
  return { decision, entries: [], reference: reading.state === 'image' ? reading.reference : undefined };
}

/** Manifests that are made for a kustomization may name images that are nowhere. */
function decideReplaced(place: ImagePlace, { mode, tags }: World): PinDecision {
  if (place.reading.state === 'problem') return skipped(REPLACED);
  const decision = decide(place, mode, tags);
  const fact = tags.get(tagToAsk(place, mode)?.key ?? '');
  if (decision.state !== 'failed' || fact === undefined || fact.state === 'yes' || !isNowhere(fact)) return decision;
  return skipped(`${REPLACED} (${failureText(fact.failure)})`);
}

function toldAbout(run: Run, { tags }: World): Told {
  const parsed = parseReference(run.image);
  if (!parsed.ok) return { run, reference: undefined, fact: undefined, digest: undefined, problem: parsed.problem };
  const { reference } = parsed;
  const question = tagQuestion(reference);
  if (question === undefined) return { run, reference, fact: undefined, digest: reference.digest, problem: '' };
  const fact = tags.get(question.key);
  if (fact === undefined)
    return { run, reference, fact, digest: undefined, problem: 'stopped before it was asked for' };
  if (fact.state === 'yes') return { run, reference, fact, digest: fact.value.digest, problem: '' };
  return { run, reference, fact, digest: undefined, problem: failureText(fact.failure) };
}

/** How registries say that there is no such repository. */
const NOWHERE: ReadonlySet<RegistryCause> = new Set(['notFound', 'denied', 'unauthenticated']);

function isNowhere(fact: RegistryFact<RegistryImage> | undefined): boolean {
  return fact !== undefined && fact.state !== 'yes' && NOWHERE.has(fact.failure.cause);
}

function runsAs({ image }: ImagePlace, { run, problem }: Told): string {
  return run.image === image ? problem : `${run.file} runs it as ${quoteValue(run.image)}: ${problem}`;
}

interface Settling {
  readonly place: ImagePlace;
  readonly considered: readonly Told[];
  readonly world: World;
  readonly placed: ReadonlySet<ImagePlace>;
}

function settle(settling: Settling): Plan {
  const { place, considered, world, placed } = settling;
  const { entriesOf } = world.kustomized;
  const isPassed = ({ run }: Told): boolean =>
    entriesOf(run)
      .slice(0, -1)
      .some((entry) => placed.has(entry));
  const kept = keptAt(settling);
  const others = considered.filter((told) => !kept.includes(told) || isPassed(told));
  const entries = others.map(({ run }) => entriesOf(run).at(-1));
  const obstacles = others.map((told, index) => obstacleAt(told, entries[index], settling));
  const obstacle = obstacles.find((one) => one !== undefined);
  if (obstacle !== undefined) return plain(place, failed(place.image, obstacle));
  const [first] = kept;
  return {
    decision: first === undefined ? skipped(OF_ITS_OWN) : decisionOf(place, first),
    entries: entries.filter((one) => one !== undefined),
    reference: first?.reference,
  };
}

/** Those that get their digest where the version is written: all if they have the same, else those that nothing renames. */
function keptAt({ place, considered, world }: Settling): readonly Told[] {
  const canWrite =
    place.slot.ok && world.kustomized.isGiven(place) && considered.every((told) => hasTagOf(place, told));
  if (!canWrite) return [];
  if (sameDigest(considered)) return considered;
  const own = considered.filter(({ run }) => run.renames.length === 0);
  return sameDigest(own) ? considered.filter(({ digest }) => digest === own[0]?.digest) : [];
}

const OF_ITS_OWN = 'every kustomization that renames it has a digest of its own';

function sameDigest(told: readonly Told[]): boolean {
  return new Set(told.map(({ digest }) => digest)).size === 1;
}

/** A `newName` with a tag in it is no longer right once the image has one. */
function hasTagOf({ reading }: ImagePlace, { reference }: Told): boolean {
  return (
    reading.state === 'image' && reference !== undefined && effectiveTag(reading.reference) === effectiveTag(reference)
  );
}

/** Undefined where the entry takes a digest, or none is needed. */
function obstacleAt(
  told: Told,
  entry: ImagePlace | undefined,
  { place, considered, world }: Settling,
): string | undefined {
  if (entry === undefined) return world.kustomized.isGiven(place) ? ownObstacle(place, considered) : undefined;
  const why = entryObstacle(entry, world);
  if (why === undefined) return undefined;
  const all = considered.map(({ run, digest }) => `${quoteValue(run.image)} (${digest ?? 'no digest'}) in ${run.file}`);
  return `it is ${[...new Set(all)].join(' and ')}, and the entry of "images" in ${told.run.file} cannot have a digest of its own, because ${why}: add "newTag" to the entry, or write the new name into the manifests`;
}

function ownObstacle({ slot }: ImagePlace, considered: readonly Told[]): string {
  if (!slot.ok) return slot.refused;
  const names = [...new Set(considered.map(({ run }) => quoteValue(run.image)))];
  return `kustomizations run it as ${names.join(' and ')}, which need different texts here: write the tag into "newTag"`;
}

function entryObstacle(entry: ImagePlace, { kustomized, barred, mode }: World): string | undefined {
  const { reading, slot } = entry;
  if (reading.state === 'none') return reading.reason;
  if (reading.state === 'problem') return reading.problem;
  if (!slot.ok) return slot.refused;
  if (!mode.update && kustomized.pinnedRenames.has(entry)) return 'it also renames an image that has a digest';
  if (barred.has(entry)) return 'an entry after it renames the image once more';
  return kustomized.isGiven(entry) ? undefined : 'its file is not among those that are given';
}

function decisionOf({ reading }: ImagePlace, told: Told): PinDecision {
  if (reading.state !== 'image' || told.digest === undefined) return skipped(REPLACED);
  const { fact, digest } = told;
  const stale = fact?.state === 'yes' ? fact.value.stale : undefined;
  return resolved(reading.reference, { digest, stale });
}
