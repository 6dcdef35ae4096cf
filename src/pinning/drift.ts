/** What became of pinned images: whether the tag still means the digest, and whether the digest is still there. */
import { quoteValue } from '../image/quote.ts';
import { type ImageReference, parseReference } from '../image/reference.ts';
import type { RegistryFact, RegistryImage } from '../policy/registry-fact.ts';
import type { TagAnswers } from './pin.ts';
import type { Kustomized } from './kustomize-pins.ts';
import type { ImageLocation } from './image-location.ts';
import { digestQuestion, failureText, type Question, STOPPED, tagQuestion } from './pinned-references.ts';

export interface DriftDecision {
  /** `current`: nothing happened. `moved`: the tag means another digest. `untagged`: there is no such tag any more. */
  readonly state: 'current' | 'moved' | 'untagged' | 'gone' | 'unknown';
  /** What the tag means now, where that is known. */
  readonly current: string | undefined;
  readonly message: string | undefined;
}

/** The images that run with the digest that is written at a place: by other names, where kustomizations rename them. */
export function runningAt(
  location: ImageLocation,
  { runsOf, renames }: Pick<Kustomized, 'runsOf' | 'renames'>,
): readonly PinnedReference[] {
  if (renames.has(location)) return [];
  const runs = runsOf(location) ?? [];
  const deployed = runs.filter((run) => run.deployed);
  const images = (deployed.length > 0 ? deployed : runs).map(({ image }) => image);
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

/** Both are asked, the tag and the digest. */
export function driftQuestions({ reference, digest }: PinnedReference): readonly Question[] {
  return [tagQuestion(reference), digestQuestion(reference, digest)].filter((one) => one !== undefined);
}

export function decideDrift(pinned: PinnedReference, answers: TagAnswers): DriftDecision {
  const { reference, digest } = pinned;
  const [byTag, byDigest] = [tagQuestion(reference), digestQuestion(reference, digest)].map(
    (question) => question && (answers.get(question.key) ?? NOT_ASKED),
  );
  const current = currentOf(byTag);
  const moved = current !== undefined && current !== digest;
  const told = (state: DriftDecision['state'], message: string): DriftDecision => ({ state, current, message });
  const image = quoteValue(reference.text, 256);
  const now = moved ? `; the tag is ${current} now` : '';
  if (byDigest?.state === 'no') return told('gone', `image ${image} is gone: ${failureText(byDigest.failure)}${now}`);
  if (moved) return told('moved', movedText(reference, digest, current));
  if (byTag?.state === 'no') return told('untagged', `image ${image} has lost its tag: ${failureText(byTag.failure)}`);
  const why = unknownOf([byTag, byDigest]);
  if (why !== undefined) return told('unknown', `could not tell what became of ${image}: ${why}`);
  return { state: 'current', current, message: undefined };
}

function currentOf(byTag: RegistryFact<RegistryImage> | undefined): string | undefined {
  return byTag?.state === 'yes' ? byTag.value.digest : undefined;
}

function unknownOf(facts: readonly (RegistryFact<RegistryImage> | undefined)[]): string | undefined {
  const unknown = facts.find((fact) => fact?.state === 'unknown');
  return unknown?.state === 'unknown' ? failureText(unknown.failure) : undefined;
}

const NOT_ASKED: RegistryFact<RegistryImage> = {
  state: 'unknown',
  failure: { cause: 'timeout', message: STOPPED, remedy: undefined },
};

function movedText({ text, tag }: ImageReference, digest: string, current: string): string {
  const named = text.slice(0, -digest.length - 1);
  return `tag ${quoteValue(tag ?? '')} of ${quoteValue(named)} has moved: ${digest} -> ${current}`;
}
