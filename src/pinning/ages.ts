/** The digests that an update leaves as they are because of the age of an image: `--max-age` and `--min-age` of `pin`. */
import { dayOf } from '../go/date.ts';
import type { ImageReference } from '../image/reference.ts';
import { ageOf } from '../policy/build-date.ts';
import type { RegistryDetails, RegistryFact } from '../policy/registry-fact.ts';
import { type KeptDigests, keptKey, type PlatformFacts, type TagFacts } from './decide.ts';
import type { PinnedReference } from './drift.ts';
import { digestLookup, failureText, type ReferenceLookup, tagLookup } from './reference-lookup.ts';

export interface AgeLimit {
  /** As written: `30d`. */
  readonly text: string;
  readonly ms: number;
}

/** The lookups for `keptAsYoung`. */
export function pinnedLookups(pinned: readonly PinnedReference[]): readonly (ReferenceLookup | undefined)[] {
  return pinned.map(({ reference, digest }) => digestLookup(reference, digest));
}

interface AgeInput {
  readonly facts: PlatformFacts;
  readonly limit: AgeLimit;
  /** Unix time in milliseconds. */
  readonly now: number;
}

/** Returns the digests of images that are not older than `--max-age`. An image of unknown age is updated. */
export function keptAsYoung(pinned: readonly PinnedReference[], { facts, limit, now }: AgeInput): KeptDigests {
  const young = pinned.filter(({ reference, digest }) => {
    const fact = facts.get(digestLookup(reference, digest)?.key ?? '');
    const ageMs = fact?.state === 'yes' ? ageOf(fact.value.createdMs, now) : undefined;
    return ageMs !== undefined && ageMs <= limit.ms;
  });
  return new Map(young.map(({ reference }) => [keptKey(reference), undefined]));
}

interface Move {
  readonly reference: ImageReference;
  /** The lookup of the new digest. */
  readonly to: ReferenceLookup;
  readonly tagKey: string;
}

/** Returns the images whose tag points to another digest. */
export function movesOf(pinned: readonly PinnedReference[], tags: TagFacts): readonly Move[] {
  return pinned.flatMap(({ reference, digest }) => {
    const tag = tagLookup(reference);
    const fact = tag && tags.get(tag.key);
    const to =
      fact?.state === 'yes' && fact.value.digest !== digest ? digestLookup(reference, fact.value.digest) : undefined;
    return tag === undefined || to === undefined ? [] : [{ reference, to, tagKey: tag.key }];
  });
}

interface WaitingMoves {
  readonly kept: KeptDigests;
  /** The keys of the tags whose digest waits. */
  readonly tags: ReadonlySet<string>;
}

/** Returns the updates to images that are younger than `--min-age`, or of unknown age. */
export function waitingMoves(moves: readonly Move[], input: AgeInput): WaitingMoves {
  const waiting = moves.flatMap(({ reference, to, tagKey }) => {
    const why = waitReason(input.facts.get(to.key), input);
    const message = why && `the update to ${to.reference.digest} waits, because ${why} (--min-age ${input.limit.text})`;
    return message === undefined ? [] : [{ key: keptKey(reference), message, tagKey }];
  });
  return {
    kept: new Map(waiting.map(({ key, message }) => [key, message])),
    tags: new Set(waiting.map(({ tagKey }) => tagKey)),
  };
}

function waitReason(fact: RegistryFact<RegistryDetails> | undefined, { limit, now }: AgeInput): string | undefined {
  if (fact === undefined) return 'its age was not looked up';
  if (fact.state !== 'yes') return `its age is unknown: ${failureText(fact.failure)}`;
  const { createdMs } = fact.value;
  const ageMs = ageOf(createdMs, now);
  if (createdMs === undefined || ageMs === undefined) return 'it states no valid build date';
  return ageMs < limit.ms ? `it was built on ${dayOf(createdMs)}` : undefined;
}
