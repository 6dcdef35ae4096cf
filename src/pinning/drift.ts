/** What became of pinned images: whether the tag still means the digest, and whether the digest is still there. */
import { quoteValue } from '../image/quote.ts';
import type { ImageReference } from '../image/reference.ts';
import type { TagAnswers } from './pin.ts';
import type { ImagePlace } from './place.ts';
import { digestQuestion, failureText, type Question, tagQuestion } from './questions.ts';

export interface DriftDecision {
  /** `current`: nothing happened. `moved`: the tag means another digest. `untagged`: there is no such tag any more. */
  readonly state: 'current' | 'moved' | 'untagged' | 'gone' | 'unknown';
  /** What the tag means now, where that is known. */
  readonly current: string | undefined;
  readonly message: string | undefined;
}

/** The reference of a pinned image. */
export function pinnedAt({ reading }: ImagePlace): PinnedReference | undefined {
  if (reading.state !== 'image') return undefined;
  const { digest } = reading.reference;
  return digest === undefined ? undefined : { reference: reading.reference, digest };
}

export interface PinnedReference {
  readonly reference: ImageReference;
  readonly digest: string;
}

/** Both are asked, the tag and the digest. */
export function driftQuestions({ reference, digest }: PinnedReference): readonly Question[] {
  return [tagQuestion(reference), digestQuestion(reference, digest)].filter((one) => one !== undefined);
}

export function decideDrift({ reference, digest }: PinnedReference, answers: TagAnswers): DriftDecision {
  const tag = tagQuestion(reference);
  const byTag = tag === undefined ? undefined : answers.get(tag.key);
  const byDigest = answers.get(digestQuestion(reference, digest)?.key ?? '');
  const current = byTag?.state === 'yes' ? byTag.value.digest : undefined;
  const told = (state: DriftDecision['state'], message: string): DriftDecision => ({ state, current, message });
  const image = quoteValue(reference.text, 256);
  if (byDigest?.state === 'no') {
    const now = current === undefined || current === digest ? '' : `; the tag is ${current} now`;
    return told('gone', `image ${image} is gone: ${failureText(byDigest.failure)}${now}`);
  }
  if (current !== undefined && current !== digest) return told('moved', movedText(reference, digest, current));
  if (byTag?.state === 'no') return told('untagged', `image ${image} has lost its tag: ${failureText(byTag.failure)}`);
  const unknown = [byTag, byDigest].find((fact) => fact?.state === 'unknown');
  if (unknown?.state === 'unknown')
    return told('unknown', `could not tell what became of ${image}: ${failureText(unknown.failure)}`);
  if ((tag !== undefined && byTag === undefined) || byDigest === undefined)
    return told('unknown', `could not tell what became of ${image}: stopped before it was asked for`);
  return { state: 'current', current, message: undefined };
}

function movedText({ text, tag }: ImageReference, digest: string, current: string): string {
  const named = text.slice(0, -digest.length - 1);
  return `tag ${quoteValue(tag ?? '')} of ${quoteValue(named)} has moved: ${digest} -> ${current}`;
}
