/** What becomes of each image: left, pinned, or not, and why. Pure: the answers of registry and lock are given. */
import { quoteValue } from '../image/quote.ts';
import type { ImageReference } from '../image/reference.ts';
import type { Platform, RegistryDetails, RegistryFact, RegistryImage } from '../policy/registry-fact.ts';
import { type ImageLocation, pinnedText } from './image-location.ts';
import { platformsIn, platformText } from '../policy/rules/platforms.ts';
import { digestQuestion, failureText, type Question, STOPPED, tagQuestion } from './pinned-references.ts';

export const PIN_STATES = ['pinned', 'resolved', 'drifted', 'unpinned', 'skipped', 'failed'] as const;

export interface PinDecision {
  /**
   * `pinned`: has its digest already. `resolved`: has none, and here it is. `drifted`: has one, and its tag another by now.
   * `unpinned`: has none, and nobody was asked. `skipped`: nothing to pin. `failed`: see the message.
   */
  readonly state: (typeof PIN_STATES)[number];
  /** The digest that it has, or gets. */
  readonly digest: string | undefined;
  /** The one that it had, of `drifted`. */
  readonly previous: string | undefined;
  /** The whole reference with the digest. */
  readonly pinned: string | undefined;
  readonly message: string | undefined;
}

const BARE = { digest: undefined, previous: undefined, pinned: undefined, message: undefined };

export interface PinMode {
  /** Whether pinned tags are asked for again. */
  readonly update: boolean;
  readonly platforms: readonly Platform[];
}

/** What must be asked about a place; undefined: nothing. */
export function tagToAsk({ content, target }: ImageLocation, mode: PinMode): Question | undefined {
  return content.state === 'image' && target.ok ? tagToAskOf(content.reference, mode) : undefined;
}

export function tagToAskOf(reference: ImageReference, { update }: PinMode): Question | undefined {
  return reference.digest === undefined || update ? tagQuestion(reference) : undefined;
}

export type TagAnswers = ReadonlyMap<string, RegistryFact<RegistryImage>>;
export type PlatformAnswers = ReadonlyMap<string, RegistryFact<RegistryDetails>>;

/** `reference` is what runs, and the digest that it will have. */
export function platformsToAsk(
  reference: ImageReference,
  { digest }: PinDecision,
  { platforms }: PinMode,
): Question | undefined {
  return digest !== undefined && platforms.length > 0 ? digestQuestion(reference, digest) : undefined;
}

/** Without asking anybody. */
export function decideOffline({ content, image }: ImageLocation): PinDecision {
  if (content.state === 'none') return { ...BARE, state: 'skipped', message: content.reason };
  if (content.state === 'problem') return failed(image, content.problem);
  const { digest, text } = content.reference;
  if (digest !== undefined) return { ...BARE, state: 'pinned', digest, pinned: text };
  return { ...BARE, state: 'unpinned', message: `image ${quoteValue(image)} has no digest` };
}

export function decide(location: ImageLocation, mode: PinMode, tags: TagAnswers): PinDecision {
  const offline = decideOffline(location);
  const { content, image, target } = location;
  if (content.state !== 'image' || (offline.state === 'pinned' && !mode.update)) return offline;
  const question = tagQuestion(content.reference);
  if (question === undefined) return { ...offline, message: 'it has no tag that could be asked for' };
  if (!target.ok) return failed(image, target.reason);
  const fact = tags.get(question.key);
  if (fact === undefined) return failed(image, STOPPED);
  return fact.state === 'yes' ? resolved(content.reference, fact.value) : failed(image, failureText(fact.failure));
}

export function resolved(
  reference: ImageReference,
  { digest, stale }: Pick<RegistryImage, 'digest' | 'stale'>,
): PinDecision {
  const { digest: previous, text } = reference;
  const message = stale === undefined ? undefined : `an older answer, since ${failureText(stale.failure)}`;
  if (previous === digest) return { ...BARE, state: 'pinned', digest, pinned: text, message };
  const pinned = pinnedText(reference, digest);
  return { state: previous === undefined ? 'resolved' : 'drifted', digest, previous, pinned, message };
}

/** What `platforms` says against a decision. */
export function withPlatforms(
  { image, reference }: { readonly image: string; readonly reference: ImageReference },
  decision: PinDecision,
  { platforms, answers }: PlatformCheck,
): PinDecision {
  if (platforms.length === 0 || decision.digest === undefined) return decision;
  const fact = answers.get(digestQuestion(reference, decision.digest)?.key ?? '');
  if (fact === undefined) return failed(image, 'stopped before its platforms were asked for');
  if (fact.state !== 'yes') return failed(image, failureText(fact.failure));
  const has = platformsIn(fact.value.platforms);
  const missing = platforms.filter((wanted) => !has(wanted));
  if (missing.length === 0) return decision;
  const there = fact.value.platforms.map(platformText).join(', ');
  return failed(
    image,
    `it is not built for ${missing.map(platformText).join(' and ')}, only for ${there === '' ? 'none that it names' : there}`,
  );
}

export interface PlatformCheck {
  readonly platforms: readonly Platform[];
  readonly answers: PlatformAnswers;
}

export function failed(image: string, why: string): PinDecision {
  return { ...BARE, state: 'failed', message: `image ${quoteValue(image)} cannot be pinned: ${why}` };
}
