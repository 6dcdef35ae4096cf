/** Decides about the images of all files, with the lock and lookups at registries. Each image is looked up once. */
import type { Lock, LockEntry } from '../../pinning/lock.ts';
import { type KustomizeIndex, tagLookupsAt } from '../../pinning/kustomize/plan-location.ts';
import {
  decideOffline,
  type KeptDigests,
  type PinDecision,
  type PinMode,
  type PlatformFacts,
  platformLookup,
  type TagFacts,
  withPlatforms,
} from '../../pinning/decide.ts';
import { type AgeLimit, keptAsYoung, movesOf, pinnedLookups, waitingMoves } from '../../pinning/ages.ts';
import { pinnedAt, type PinnedReference } from '../../pinning/drift.ts';
import type { ReferenceLookup } from '../../pinning/reference-lookup.ts';
import { planPins, decisionAt } from '../../pinning/plan.ts';
import type { ImageReference } from '../../image/reference.ts';
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
  readonly mode: Omit<PinMode, 'kept'>;
  readonly maxAge?: AgeLimit | undefined;
  readonly minAge?: AgeLimit | undefined;
  readonly lock: Lock;
  readonly kustomize: KustomizeIndex;
  /** Why an image is neither looked up nor changed; undefined: it is. */
  readonly leavesOut: (reference: ImageReference) => string | undefined;
  readonly now: () => number;
}

export async function lookUpPins(locations: readonly ImageLocation[], options: PinLookupOptions): Promise<PinLookup> {
  const { lookups, lock, kustomize, leavesOut } = options;
  const selects = (reference: ImageReference): boolean => leavesOut(reference) === undefined;
  const now = options.now();
  const pinned = locations
    .flatMap((location) => pinnedAt(location, kustomize))
    .filter(({ reference }) => selects(reference));
  const young = await youngDigests(pinned, options, now);
  const found = await lookUpTags(locations, { ...options.mode, kept: young }, options);
  const waiting = await waitingUpdates(movesOf(pinned, found.tags), options, now);
  const mode = { ...options.mode, kept: new Map([...young, ...waiting.kept]) };
  const plan = planPins(locations, { kustomize, mode, tags: found.tags, blocked: new Set() });
  const platformFacts = await detailsOf(
    [...plan.values()].map(({ decision, reference }) =>
      reference && selects(reference) ? platformLookup(reference, decision, mode) : undefined,
    ),
    lookups,
  );
  return {
    decide(location) {
      const { decision, reference } = decisionAt(plan, location);
      const about = reference ?? writtenAt(location);
      const why = about && leavesOut(about);
      if (why !== undefined) return leftOut(location, why);
      if (reference === undefined) return decision;
      return withPlatforms({ image: location.image, reference }, decision, {
        platforms: mode.platforms,
        facts: platformFacts,
      });
    },
    lock: new Map([...lock, ...entriesOf(found.fetched, waiting.tags, new Date(now).toISOString())]),
  };
}

interface FoundTags {
  readonly tags: TagFacts;
  /** Those that are not from the lock. */
  readonly fetched: TagFacts;
}

async function lookUpTags(
  locations: readonly ImageLocation[],
  mode: PinMode,
  { lookups, lock, kustomize, leavesOut }: PinLookupOptions,
): Promise<FoundTags> {
  const { registry, signal } = lookups;
  const wanted = byKey(
    locations
      .flatMap((location) => tagLookupsAt(location, { kustomize, mode }))
      .filter((lookup) => lookup !== undefined && leavesOut(lookup.reference) === undefined),
  );
  // With --update, the lock is not read.
  const known = new Map(mode.update ? [] : [...lock].filter(([key]) => wanted.has(key)));
  const fetched = await lookUpAll(
    new Map([...wanted].filter(([key]) => !known.has(key))),
    ({ reference }) => registry().resolve(reference, signal),
    lookups,
  );
  return { tags: new Map([...lockedTags(known), ...fetched]), fetched };
}

async function youngDigests(
  pinned: readonly PinnedReference[],
  { maxAge: limit, lookups }: PinLookupOptions,
  now: number,
): Promise<KeptDigests> {
  if (limit === undefined) return new Map();
  return keptAsYoung(pinned, { facts: await detailsOf(pinnedLookups(pinned), lookups), limit, now });
}

async function waitingUpdates(
  moves: ReturnType<typeof movesOf>,
  { minAge: limit, lookups }: PinLookupOptions,
  now: number,
): Promise<ReturnType<typeof waitingMoves>> {
  if (limit === undefined) return { kept: new Map(), tags: new Set() };
  const facts = await detailsOf(
    moves.map(({ to }) => to),
    lookups,
  );
  return waitingMoves(moves, { facts, limit, now });
}

function detailsOf(wanted: readonly (ReferenceLookup | undefined)[], lookups: RegistryLookups): Promise<PlatformFacts> {
  const { registry, signal } = lookups;
  return lookUpAll(byKey(wanted), ({ reference }) => registry().platformsOf(reference, signal), lookups);
}

function writtenAt({ content }: ImageLocation): ImageReference | undefined {
  return content.state === 'image' ? content.reference : undefined;
}

/** The image stays as it is. */
function leftOut(location: ImageLocation, message: string): PinDecision {
  const decision = decideOffline(location);
  return decision.state === 'unpinned' ? { ...decision, state: 'skipped', message } : decision;
}

/** The facts of the lock file. */
export function lockedTags(lock: Lock): TagFacts {
  return new Map([...lock].map(([key, entry]) => [key, locked(entry)]));
}

function locked({ digest, mediaType }: LockEntry): RegistryFact<RegistryImage> {
  return {
    state: 'yes',
    value: { digest, mediaType, credential: 'the lock', mirror: undefined, provesPull: false, stale: undefined },
  };
}

/** A stale digest, served during an outage, is not written to the lock, and neither is the digest of an update that waits. */
function entriesOf(
  found: TagFacts,
  waiting: ReadonlySet<string>,
  time: string,
): readonly (readonly [string, LockEntry])[] {
  return [...found].flatMap(([key, fact]) =>
    fact.state === 'yes' && fact.value.stale === undefined && !waiting.has(key)
      ? [[key, { digest: fact.value.digest, mediaType: fact.value.mediaType, time }] as const]
      : [],
  );
}
