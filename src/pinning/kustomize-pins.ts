/**
 * What becomes of images that kustomizations run. The digest is that of the image that runs, and stands where the version is
 * written; where builds run images with different digests, an entry that renames one gets a tag and a digest of its own.
 */
import { quoteValue } from '../image/quote.ts';
import { effectiveTag, type ImageReference, parseReference } from '../image/reference.ts';
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
import type { ImagePlace } from './image-location.ts';
import { failureText, type Question, tagQuestion } from './pinned-references.ts';
import { answerFor, isNowhere, type RunAnswer, sameDigest } from './build-digests.ts';

export interface Kustomized {
  /** Of the images whose version is written at a place; undefined: it is not part of a kustomization. */
  readonly runsOf: (place: ImagePlace) => readonly Run[] | undefined;
  /** The places of the entries that only renamed it, in order. */
  readonly entriesOf: (run: Run) => readonly ImagePlace[];
  /** Places of entries that only rename images. */
  readonly renames: ReadonlySet<ImagePlace>;
  /** Those of them that rename images with a digest. */
  readonly pinnedRenames: ReadonlySet<ImagePlace>;
  /** Why a digest cannot stand at a place. */
  readonly obstacleTo: (place: ImagePlace) => string | undefined;
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

export interface PlanInput {
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
  { kustomized, mode }: Pick<PlanInput, 'kustomized' | 'mode'>,
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

/** `placed`: entries that get a digest already, for the sake of other images. */
export function planFor(place: ImagePlace, input: PlanInput, placed: ReadonlySet<ImagePlace>): Plan {
  const runs = input.kustomized.runsOf(place) ?? [];
  const decision = decisionWithoutRuns(place, input);
  return decision === undefined ? planOf(place, runs, { input, placed }) : plain(place, decision);
}

/** Undefined where the images that run decide. */
function decisionWithoutRuns(place: ImagePlace, input: PlanInput): PinDecision | undefined {
  const { kustomized, mode, tags } = input;
  const runs = kustomized.runsOf(place);
  const isDone = isSettled(place, runs ?? [], mode);
  const obstacle = isDone ? undefined : kustomized.obstacleTo(place);
  if (obstacle !== undefined) return failed(place.image, obstacle);
  if (runs?.length === 0) return decideReplaced(place, input);
  return runs === undefined || isDone ? decide(place, mode, tags) : undefined;
}

function planOf(place: ImagePlace, runs: readonly Run[], { input, placed }: Pick<Settling, 'input' | 'placed'>): Plan {
  const { tags } = input;
  const answers = runs.map((run) => answerFor(run, tags));
  const considered = answers.filter(({ run, fact }) => run.deployed || !isNowhere(fact));
  if (considered.length === 0) return plain(place, skipped(`${REPLACED} (${answers[0]?.problem ?? ''})`));
  const bad = considered.find(({ digest }) => digest === undefined);
  if (bad === undefined) return settle({ place, considered, input, placed, keepsNone: false });
  const decision = failed(place.image, runsAs(place, bad));
  if (considered.some(({ run, digest }) => run.deployed && digest === undefined)) return plain(place, decision);
  // What is deployed can be pinned although the image of a base is unknown, such as one that its layers replace by a mirror's.
  const known = considered.filter(({ digest }) => digest !== undefined);
  return { ...settle({ place, considered: known, input, placed, keepsNone: true }), decision, reference: undefined };
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
function decideReplaced(place: ImagePlace, { mode, tags }: PlanInput): PinDecision {
  if (place.reading.state === 'problem') return skipped(REPLACED);
  const decision = decide(place, mode, tags);
  const fact = tags.get(tagToAsk(place, mode)?.key ?? '');
  if (decision.state !== 'failed' || fact === undefined || fact.state === 'yes' || !isNowhere(fact)) return decision;
  return skipped(`${REPLACED} (${failureText(fact.failure)})`);
}

function runsAs({ image }: ImagePlace, { run, problem }: RunAnswer): string {
  return run.image === image ? problem : `${run.file} runs it as ${quoteValue(run.image)}: ${problem}`;
}

interface Settling {
  readonly place: ImagePlace;
  readonly considered: readonly RunAnswer[];
  readonly input: PlanInput;
  readonly placed: ReadonlySet<ImagePlace>;
  /** Whether nothing can be written where the version is. */
  readonly keepsNone: boolean;
}

function settle(settling: Settling): Plan {
  const { place, considered, input, placed } = settling;
  const { entriesOf } = input.kustomized;
  const isPassed = ({ run }: RunAnswer): boolean =>
    entriesOf(run)
      .slice(0, -1)
      .some((entry) => placed.has(entry));
  const kept = keptAt(settling);
  const others = considered.filter((answer) => !kept.includes(answer) || isPassed(answer));
  const entries = others.map(({ run }) => entriesOf(run).at(-1));
  const obstacles = others.map((answer, index) => obstacleAt(answer, entries[index], settling));
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
function keptAt({ place, considered, input, keepsNone }: Settling): readonly RunAnswer[] {
  const canWrite =
    place.slot.ok && input.kustomized.isGiven(place) && considered.every((answer) => hasTagOf(place, answer));
  if (!canWrite || keepsNone) return [];
  if (sameDigest(considered)) return considered;
  const own = considered.filter(({ run }) => run.renames.length === 0);
  return sameDigest(own) ? considered.filter(({ digest }) => digest === own[0]?.digest) : [];
}

const OF_ITS_OWN = 'every kustomization that renames it has a digest of its own';

/** A `newName` with a tag in it is no longer right once the image has one. */
function hasTagOf({ reading }: ImagePlace, { reference }: RunAnswer): boolean {
  return (
    reading.state === 'image' && reference !== undefined && effectiveTag(reading.reference) === effectiveTag(reference)
  );
}

/** Undefined where the entry takes a digest, or none is needed. */
function obstacleAt(
  answer: RunAnswer,
  entry: ImagePlace | undefined,
  { place, considered, input }: Settling,
): string | undefined {
  if (entry === undefined) return input.kustomized.isGiven(place) ? ownObstacle(place, considered) : undefined;
  const why = entryObstacle(entry, input);
  if (why === undefined) return undefined;
  const all = considered.map(({ run, digest }) => `${quoteValue(run.image)} (${digest ?? 'no digest'}) in ${run.file}`);
  return `it is ${[...new Set(all)].join(' and ')}, and the entry of "images" in ${answer.run.file} cannot have a digest of its own, because ${why}: add "newTag" to the entry, or write the new name into the manifests`;
}

function ownObstacle({ slot }: ImagePlace, considered: readonly RunAnswer[]): string {
  if (!slot.ok) return slot.refused;
  const names = [...new Set(considered.map(({ run }) => quoteValue(run.image)))];
  return `kustomizations run it as ${names.join(' and ')}, which need different texts here: write the tag into "newTag"`;
}

function entryObstacle(entry: ImagePlace, { kustomized, barred, mode }: PlanInput): string | undefined {
  const { reading, slot } = entry;
  if (reading.state === 'none') return reading.reason;
  if (reading.state === 'problem') return reading.problem;
  if (!slot.ok) return slot.refused;
  if (!mode.update && kustomized.pinnedRenames.has(entry)) return 'it also renames an image that has a digest';
  if (barred.has(entry)) return 'an entry after it renames the image once more';
  return kustomized.isGiven(entry) ? undefined : 'its file is not among those that are given';
}

function decisionOf({ reading }: ImagePlace, answer: RunAnswer): PinDecision {
  if (reading.state !== 'image' || answer.digest === undefined) return skipped(REPLACED);
  const { fact, digest } = answer;
  const stale = fact?.state === 'yes' ? fact.value.stale : undefined;
  return resolved(reading.reference, { digest, stale });
}
