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
import type { ImageLocation } from './image-location.ts';
import { failureText, type Question, tagQuestion } from './pinned-references.ts';
import { answerFor, isNowhere, type RunAnswer, sameDigest } from './build-digests.ts';

export interface Kustomized {
  /** Of the images whose version is written at a place; undefined: it is not part of a kustomization. */
  readonly runsOf: (location: ImageLocation) => readonly Run[] | undefined;
  /** The places of the entries that only renamed it, in order. */
  readonly entriesOf: (run: Run) => readonly ImageLocation[];
  /** Places of entries that only rename images. */
  readonly renames: ReadonlySet<ImageLocation>;
  /** Those of them that rename images with a digest. */
  readonly pinnedRenames: ReadonlySet<ImageLocation>;
  /** Why a digest cannot stand at a place. */
  readonly obstacleTo: (location: ImageLocation) => string | undefined;
  /** Whether the file of a place may be changed. */
  readonly isGiven: (location: ImageLocation) => boolean;
}

export interface Plan {
  readonly decision: PinDecision;
  /** Entries that must have a digest of their own. */
  readonly entries: readonly ImageLocation[];
  /** The image that the decision is about. */
  readonly reference: ImageReference | undefined;
}

export interface PlanInput {
  readonly kustomized: Kustomized;
  readonly mode: PinMode;
  readonly tags: TagAnswers;
  /** Entries that cannot have a digest, as it would be wrong for other images. */
  readonly barred: ReadonlySet<ImageLocation>;
}

/** Why an entry that only renames images is left alone. */
export const RENAMED = 'it names no tag: the manifests do, and are pinned themselves';

const REPLACED = 'a kustomization puts another in its place';

export function skipped(message: string): PinDecision {
  return { state: 'skipped', digest: undefined, previous: undefined, pinned: undefined, message };
}

export function questionsAbout(
  location: ImageLocation,
  { kustomized, mode }: Pick<PlanInput, 'kustomized' | 'mode'>,
): readonly (Question | undefined)[] {
  const runs = kustomized.runsOf(location);
  if (runs === undefined || runs.length === 0) return [tagToAsk(location, mode)];
  return runs.map(({ image }) => {
    const parsed = parseReference(image);
    return parsed.ok ? tagToAskOf(parsed.reference, mode) : undefined;
  });
}

/** Without asking: what only bases run need not be pinned, as others replace it. */
export function decideKustomizedOffline(location: ImageLocation, { runsOf }: Kustomized): PinDecision {
  const decision = decideOffline(location);
  const runs = runsOf(location);
  const isOpen = decision.state === 'unpinned' || (location.content.state === 'problem' && runs?.length === 0);
  return isOpen && runs !== undefined && !runs.some(({ deployed }) => deployed) ? skipped(REPLACED) : decision;
}

/** `placed`: entries that get a digest already, for the sake of other images. */
export function planFor(location: ImageLocation, input: PlanInput, placed: ReadonlySet<ImageLocation>): Plan {
  const runs = input.kustomized.runsOf(location) ?? [];
  const decision = decisionWithoutRuns(location, input);
  return decision === undefined ? planOf(location, runs, { input, placed }) : plain(location, decision);
}

/** Undefined where the images that run decide. */
function decisionWithoutRuns(location: ImageLocation, input: PlanInput): PinDecision | undefined {
  const { kustomized, mode, tags } = input;
  const runs = kustomized.runsOf(location);
  const isDone = isSettled(location, runs ?? [], mode);
  const obstacle = isDone ? undefined : kustomized.obstacleTo(location);
  if (obstacle !== undefined) return failed(location.image, obstacle);
  if (runs?.length === 0) return decideReplaced(location, input);
  return runs === undefined || isDone ? decide(location, mode, tags) : undefined;
}

function planOf(
  location: ImageLocation,
  runs: readonly Run[],
  { input, placed }: Pick<Settling, 'input' | 'placed'>,
): Plan {
  const { tags } = input;
  const answers = runs.map((run) => answerFor(run, tags));
  const considered = answers.filter(({ run, fact }) => run.deployed || !isNowhere(fact));
  if (considered.length === 0) return plain(location, skipped(`${REPLACED} (${answers[0]?.problem ?? ''})`));
  const bad = considered.find(({ digest }) => digest === undefined);
  if (bad === undefined) return settle({ location, considered, input, placed, keepsNone: false });
  const decision = failed(location.image, runsAs(location, bad));
  if (considered.some(({ run, digest }) => run.deployed && digest === undefined)) return plain(location, decision);
  // What is deployed can be pinned although the image of a base is unknown, such as one that its layers replace by a mirror's.
  const known = considered.filter(({ digest }) => digest !== undefined);
  return { ...settle({ location, considered: known, input, placed, keepsNone: true }), decision, reference: undefined };
}

/** What is pinned stays so; what has no tag cannot be asked for; an entry can make an image of what is none. */
function isSettled({ content }: ImageLocation, runs: readonly Run[], { update }: PinMode): boolean {
  if (content.state !== 'image') return content.state === 'none' || runs.some(({ renames }) => renames.length === 0);
  const { reference } = content;
  return reference.digest !== undefined && (!update || tagQuestion(reference) === undefined);
}

function plain(location: ImageLocation, decision: PinDecision): Plan {
  const { content } = location;
  return { decision, entries: [], reference: content.state === 'image' ? content.reference : undefined };
}

/** Manifests that are made for a kustomization may name images that are nowhere. */
function decideReplaced(location: ImageLocation, { mode, tags }: PlanInput): PinDecision {
  if (location.content.state === 'problem') return skipped(REPLACED);
  const decision = decide(location, mode, tags);
  const fact = tags.get(tagToAsk(location, mode)?.key ?? '');
  if (decision.state !== 'failed' || fact === undefined || fact.state === 'yes' || !isNowhere(fact)) return decision;
  return skipped(`${REPLACED} (${failureText(fact.failure)})`);
}

function runsAs({ image }: ImageLocation, { run, problem }: RunAnswer): string {
  return run.image === image ? problem : `${run.file} runs it as ${quoteValue(run.image)}: ${problem}`;
}

interface Settling {
  readonly location: ImageLocation;
  readonly considered: readonly RunAnswer[];
  readonly input: PlanInput;
  readonly placed: ReadonlySet<ImageLocation>;
  /** Whether nothing can be written where the version is. */
  readonly keepsNone: boolean;
}

function settle(settling: Settling): Plan {
  const { location, considered, input, placed } = settling;
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
  if (obstacle !== undefined) return plain(location, failed(location.image, obstacle));
  const [first] = kept;
  return {
    decision: first === undefined ? skipped(OF_ITS_OWN) : decisionOf(location, first),
    entries: entries.filter((one) => one !== undefined),
    reference: first?.reference,
  };
}

/** Those that get their digest where the version is written: all if they have the same, else those that nothing renames. */
function keptAt({ location, considered, input, keepsNone }: Settling): readonly RunAnswer[] {
  const canWrite =
    location.target.ok &&
    input.kustomized.isGiven(location) &&
    considered.every((answer) => hasTagOf(location, answer));
  if (!canWrite || keepsNone) return [];
  if (sameDigest(considered)) return considered;
  const own = considered.filter(({ run }) => run.renames.length === 0);
  return sameDigest(own) ? considered.filter(({ digest }) => digest === own[0]?.digest) : [];
}

const OF_ITS_OWN = 'every kustomization that renames it has a digest of its own';

/** A `newName` with a tag in it is no longer right once the image has one. */
function hasTagOf({ content }: ImageLocation, { reference }: RunAnswer): boolean {
  return (
    content.state === 'image' && reference !== undefined && effectiveTag(content.reference) === effectiveTag(reference)
  );
}

/** Undefined where the entry takes a digest, or none is needed. */
function obstacleAt(
  answer: RunAnswer,
  entry: ImageLocation | undefined,
  { location, considered, input }: Settling,
): string | undefined {
  if (entry === undefined) return input.kustomized.isGiven(location) ? ownObstacle(location, considered) : undefined;
  const why = entryObstacle(entry, input);
  if (why === undefined) return undefined;
  const all = considered.map(({ run, digest }) => `${quoteValue(run.image)} (${digest ?? 'no digest'}) in ${run.file}`);
  return `it is ${[...new Set(all)].join(' and ')}, and the entry of "images" in ${answer.run.file} cannot have a digest of its own, because ${why}: add "newTag" to the entry, or write the new name into the manifests`;
}

function ownObstacle({ target }: ImageLocation, considered: readonly RunAnswer[]): string {
  if (!target.ok) return target.reason;
  const names = [...new Set(considered.map(({ run }) => quoteValue(run.image)))];
  return `kustomizations run it as ${names.join(' and ')}, which need different texts here: write the tag into "newTag"`;
}

function entryObstacle(entry: ImageLocation, { kustomized, barred, mode }: PlanInput): string | undefined {
  const { content, target } = entry;
  if (content.state === 'none') return content.reason;
  if (content.state === 'problem') return content.problem;
  if (!target.ok) return target.reason;
  if (!mode.update && kustomized.pinnedRenames.has(entry)) return 'it also renames an image that has a digest';
  if (barred.has(entry)) return 'an entry after it renames the image once more';
  return kustomized.isGiven(entry) ? undefined : 'its file is not among those that are given';
}

function decisionOf({ content }: ImageLocation, answer: RunAnswer): PinDecision {
  if (content.state !== 'image' || answer.digest === undefined) return skipped(REPLACED);
  const { fact, digest } = answer;
  const stale = fact?.state === 'yes' ? fact.value.stale : undefined;
  return resolved(content.reference, { digest, stale });
}
