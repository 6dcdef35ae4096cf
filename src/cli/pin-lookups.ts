/** What the lock and the registry say about the images of all files, each image once. */
import type { Lock, LockEntry } from '../pinning/lock.ts';
import { type Kustomized, questionsAbout } from '../pinning/kustomize-pins.ts';
import { type PinDecision, type PinMode, platformsToAsk, type TagAnswers, withPlatforms } from '../pinning/pin.ts';
import { decideAll, decisionAt } from '../pinning/plan-all.ts';
import type { ImageLocation } from '../pinning/image-location.ts';
import type { RegistryFact, RegistryImage } from '../policy/registry-fact.ts';
import { answersTo, type Ask, byKey } from './registry-lookups.ts';

export interface Lookup {
  readonly decide: (location: ImageLocation) => PinDecision;
  /** The lock that was given, with what the registry said. */
  readonly lock: Lock;
}

export interface LookupOptions {
  readonly ask: Ask;
  readonly mode: PinMode;
  readonly lock: Lock;
  readonly kustomized: Kustomized;
  readonly now: () => number;
}

export async function lookUp(
  locations: readonly ImageLocation[],
  { ask, mode, lock, kustomized, now }: LookupOptions,
): Promise<Lookup> {
  const { registry, signal } = ask;
  const questions = byKey(locations.flatMap((location) => questionsAbout(location, { kustomized, mode })));
  // To update is to ask again.
  const known = new Map(mode.update ? [] : [...lock].filter(([key]) => questions.has(key)));
  const asked = await answersTo(
    new Map([...questions].filter(([key]) => !known.has(key))),
    ({ reference }) => registry().resolve(reference, signal),
    ask,
  );
  const tags: TagAnswers = new Map([...[...known].map(([key, entry]) => [key, locked(entry)] as const), ...asked]);
  const decided = decideAll(locations, { kustomized, mode, tags, barred: new Set() });
  const answers = await answersTo(
    byKey(
      [...decided.values()].map(({ decision, reference }) => reference && platformsToAsk(reference, decision, mode)),
    ),
    ({ reference }) => registry().platformsOf(reference, signal),
    ask,
  );
  return {
    decide(location) {
      const { decision, reference } = decisionAt(decided, location);
      if (reference === undefined) return decision;
      return withPlatforms({ image: location.image, reference }, decision, { platforms: mode.platforms, answers });
    },
    lock: new Map([...lock, ...entriesOf(asked, new Date(now()).toISOString())]),
  };
}

function locked({ digest, mediaType }: LockEntry): RegistryFact<RegistryImage> {
  return {
    state: 'yes',
    value: { digest, mediaType, credential: 'the lock', mirror: undefined, isProof: false, stale: undefined },
  };
}

/** An older answer, given in trouble, is nothing to hand on. */
function entriesOf(asked: TagAnswers, time: string): readonly (readonly [string, LockEntry])[] {
  return [...asked].flatMap(([key, fact]) =>
    fact.state === 'yes' && fact.value.stale === undefined
      ? [[key, { digest: fact.value.digest, mediaType: fact.value.mediaType, time }] as const]
      : [],
  );
}
