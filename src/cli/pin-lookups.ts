/** What the lock and the registry say about the images of all files, each image once. */
import type { Lock, LockEntry } from '../pinning/lock.ts';
import {
  decide,
  digestToAsk,
  type PinDecision,
  type PinMode,
  type Replaced,
  type TagAnswers,
  tagToAsk,
  unlessReplaced,
  withPlatforms,
} from '../pinning/pin.ts';
import type { ImagePlace } from '../pinning/place.ts';
import type { RegistryFact, RegistryImage } from '../policy/registry-fact.ts';
import { answersTo, type Ask, byKey } from './asking.ts';

export interface Lookup {
  readonly decide: (place: ImagePlace) => PinDecision;
  /** The lock that was given, with what the registry said. */
  readonly lock: Lock;
}

export interface LookupOptions {
  readonly ask: Ask;
  readonly mode: PinMode;
  readonly lock: Lock;
  readonly replaced: Replaced;
  readonly now: () => number;
}

export async function lookUp(
  places: readonly ImagePlace[],
  { ask, mode, lock, replaced, now }: LookupOptions,
): Promise<Lookup> {
  const { registry, signal } = ask;
  const questions = byKey(places.map((place) => tagToAsk(place, mode)));
  // To update is to ask again.
  const known = new Map(mode.update ? [] : [...lock].filter(([key]) => questions.has(key)));
  const asked = await answersTo(
    new Map([...questions].filter(([key]) => !known.has(key))),
    ({ reference }) => registry().resolve(reference, signal),
    ask,
  );
  const tags: TagAnswers = new Map([...[...known].map(([key, entry]) => [key, locked(entry)] as const), ...asked]);
  const answers = await answersTo(
    byKey(places.map((place) => digestToAsk(place, mode, tags))),
    ({ reference }) => registry().platformsOf(reference, signal),
    ask,
  );
  return {
    decide(place) {
      const decision = unlessReplaced(place, decide(place, mode, tags), { replaced, tags });
      return withPlatforms(place, decision, { platforms: mode.platforms, answers });
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
