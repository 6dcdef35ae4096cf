/** What becomes of each image: left, pinned, or not, and why. Pure: the answers of registry and lock are given. */
import { quoteValue } from '../image/quote.ts';
import type { ImageReference } from '../image/reference.ts';
import type {
  Platform,
  RegistryCause,
  RegistryDetails,
  RegistryFact,
  RegistryFailure,
  RegistryImage,
} from '../policy/registry-fact.ts';
import { type ImagePlace, pinnedText } from './place.ts';
import { hasPlatform, platformText } from './platform.ts';
import { digestQuestion, failureText, type Question, tagQuestion } from './questions.ts';

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
export function tagToAsk({ reading, slot }: ImagePlace, { update }: PinMode): Question | undefined {
  if (reading.state !== 'image' || !slot.ok) return undefined;
  const { reference } = reading;
  return reference.digest === undefined || update ? tagQuestion(reference) : undefined;
}

export type TagAnswers = ReadonlyMap<string, RegistryFact<RegistryImage>>;
export type PlatformAnswers = ReadonlyMap<string, RegistryFact<RegistryDetails>>;

/** The digest whose platforms must be asked for. */
export function digestToAsk(place: ImagePlace, mode: PinMode, tags: TagAnswers): Question | undefined {
  const { reading } = place;
  const { digest } = decide(place, mode, tags);
  return reading.state === 'image' && digest !== undefined && mode.platforms.length > 0
    ? digestQuestion(reading.reference, digest)
    : undefined;
}

/** Without asking anybody. */
export function decideOffline({ reading, image }: ImagePlace): PinDecision {
  if (reading.state === 'none') return { ...BARE, state: 'skipped', message: reading.reason };
  if (reading.state === 'problem') return failed(image, reading.problem);
  const { digest, text } = reading.reference;
  if (digest !== undefined) return { ...BARE, state: 'pinned', digest, pinned: text };
  return { ...BARE, state: 'unpinned', message: `image ${quoteValue(image)} has no digest` };
}

export function decide(place: ImagePlace, mode: PinMode, tags: TagAnswers): PinDecision {
  const offline = decideOffline(place);
  const { reading, image, slot } = place;
  if (reading.state !== 'image' || (offline.state === 'pinned' && !mode.update)) return offline;
  const question = tagQuestion(reading.reference);
  if (question === undefined) return { ...offline, message: 'it has no tag that could be asked for' };
  if (!slot.ok) return failed(image, slot.refused);
  const fact = tags.get(question.key);
  if (fact === undefined) return failed(image, 'stopped before it was asked for');
  return fact.state === 'yes' ? resolved(reading.reference, fact.value) : failed(image, failureText(fact.failure));
}

function resolved(reference: ImageReference, { digest, stale }: RegistryImage): PinDecision {
  const { digest: previous, text } = reference;
  const message = stale === undefined ? undefined : `an older answer, since ${failureText(stale.failure)}`;
  if (previous === digest) return { ...BARE, state: 'pinned', digest, pinned: text, message };
  const pinned = pinnedText(reference, digest);
  return { state: previous === undefined ? 'resolved' : 'drifted', digest, previous, pinned, message };
}

/**
 * Manifests that are made for a kustomization may name images that are nowhere, and that it replaces: what no registry has,
 * and a kustomization has a name for, is no failure.
 */
export function unlessReplaced(
  place: ImagePlace,
  decision: PinDecision,
  { replaced, tags }: Replacements,
): PinDecision {
  const { reading } = place;
  if (decision.state !== 'failed' || reading.state !== 'image' || !isReplaced(place, replaced(place))) return decision;
  const failure = failureOf(reading.reference, tags);
  if (failure === undefined || !NOWHERE.has(failure.cause)) return decision;
  return { ...BARE, state: 'skipped', message: `${REPLACED} (${failureText(failure)})` };
}

/** Without asking: whether such an image is anywhere is not known, and what runs is the other one. */
export function offlineUnlessReplaced(place: ImagePlace, replaced: Replaced): PinDecision {
  const decision = decideOffline(place);
  return decision.state === 'unpinned' && isReplaced(place, replaced(place))
    ? { ...BARE, state: 'skipped', message: REPLACED }
    : decision;
}

const REPLACED = 'a kustomization puts another in its place';

function isReplaced({ reading, format }: ImagePlace, replaced: ReadonlySet<string>): boolean {
  if (format !== 'manifest' || reading.state !== 'image') return false;
  const { text, tag } = reading.reference;
  return replaced.has(tag === undefined ? text : text.slice(0, -tag.length - 1));
}

function failureOf(reference: ImageReference, tags: TagAnswers): RegistryFailure | undefined {
  const fact = tags.get(tagQuestion(reference)?.key ?? '');
  return fact === undefined || fact.state === 'yes' ? undefined : fact.failure;
}

/** Names that kustomizations replace where the image stands. */
export type Replaced = (place: ImagePlace) => ReadonlySet<string>;

export interface Replacements {
  readonly replaced: Replaced;
  readonly tags: TagAnswers;
}

/** How registries say that there is no such repository. */
const NOWHERE: ReadonlySet<RegistryCause> = new Set(['notFound', 'denied', 'unauthenticated']);

/** What `platforms` says against a decision. */
export function withPlatforms(
  place: ImagePlace,
  decision: PinDecision,
  { platforms, answers }: PlatformCheck,
): PinDecision {
  const { reading, image } = place;
  if (platforms.length === 0 || decision.digest === undefined || reading.state !== 'image') return decision;
  const fact = answers.get(digestQuestion(reading.reference, decision.digest)?.key ?? '');
  if (fact === undefined) return failed(image, 'stopped before its platforms were asked for');
  if (fact.state !== 'yes') return failed(image, failureText(fact.failure));
  const missing = platforms.filter((wanted) => !hasPlatform(fact.value.platforms, wanted));
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
