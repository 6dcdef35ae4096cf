/** Decides about the images of all files, with the lock and lookups at registries. Each image is looked up once. */
import type { Lock, LockEntry } from '../../pinning/lock.ts';
import { type KustomizeIndex, tagLookupsAt } from '../../pinning/kustomize/plan-location.ts';
import { type PinDecision, type PinMode, platformLookup, type TagFacts, withPlatforms } from '../../pinning/decide.ts';
import { planPins, decisionAt } from '../../pinning/plan.ts';
import type { ImageLocation } from '../../pinning/image-location.ts';
import type { RegistryFact, RegistryImage } from '../../policy/registry-fact.ts';
import { byKey, lookUpAll, type RegistryLookups } from './registry-lookups.ts';

export interface PinLookup {
  readonly decide: (location: ImageLocation) => PinDecision;
  /** The given lock with the digests that were looked up. */
  readonly lock: Lock;
}

export interface PinLookupOptions {
  readonly lookups: RegistryLookups;
  readonly mode: PinMode;
  readonly lock: Lock;
  readonly kustomize: KustomizeIndex;
  readonly now: () => number;
}

export async function lookUpPins(
  locations: readonly ImageLocation[],
  { lookups, mode, lock, kustomize, now }: PinLookupOptions,
): Promise<PinLookup> {
  const { registry, signal } = lookups;
  const wanted = byKey(locations.flatMap((location) => tagLookupsAt(location, { kustomize, mode })));
  // With --update, the lock is not read.
  const known = new Map(mode.update ? [] : [...lock].filter(([key]) => wanted.has(key)));
  const found = await lookUpAll(
    new Map([...wanted].filter(([key]) => !known.has(key))),
    ({ reference }) => registry().resolve(reference, signal),
    lookups,
  );
  const tags: TagFacts = new Map([...[...known].map(([key, entry]) => [key, locked(entry)] as const), ...found]);
  const plan = planPins(locations, { kustomize, mode, tags, blocked: new Set() });
  const platformFacts = await lookUpAll(
    byKey([...plan.values()].map(({ decision, reference }) => reference && platformLookup(reference, decision, mode))),
    ({ reference }) => registry().platformsOf(reference, signal),
    lookups,
  );
  return {
    decide(location) {
      const { decision, reference } = decisionAt(plan, location);
      if (reference === undefined) return decision;
      return withPlatforms({ image: location.image, reference }, decision, {
        platforms: mode.platforms,
        facts: platformFacts,
      });
    },
    lock: new Map([...lock, ...entriesOf(found, new Date(now()).toISOString())]),
  };
}

function locked({ digest, mediaType }: LockEntry): RegistryFact<RegistryImage> {
  return {
    state: 'yes',
    value: { digest, mediaType, credential: 'the lock', mirror: undefined, provesPull: false, stale: undefined },
  };
}

/** A stale digest, served during an outage, is not written to the lock. */
function entriesOf(found: TagFacts, time: string): readonly (readonly [string, LockEntry])[] {
  return [...found].flatMap(([key, fact]) =>
    fact.state === 'yes' && fact.value.stale === undefined
      ? [[key, { digest: fact.value.digest, mediaType: fact.value.mediaType, time }] as const]
      : [],
  );
}
