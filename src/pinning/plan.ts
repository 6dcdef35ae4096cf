/** Plans the digests of all images together, because an entry in `images` of a kustomization can change several images. */
import type { ImageReference } from '../image/reference.ts';
import {
  decideOfflineWithBuilds,
  type KustomizeIndex,
  planLocation,
  type LocationPlan,
  RENAMED,
  skipped,
  type PlanInput,
} from './kustomize/plan-location.ts';
import { decide, decideOffline, type PinDecision } from './decide.ts';
import type { ImageLocation } from './image-location.ts';

export interface LocationDecision {
  readonly decision: PinDecision;
  /** The image that runs, if there is one. */
  readonly reference: ImageReference | undefined;
}

export type PinPlan = ReadonlyMap<ImageLocation, LocationDecision>;

export function decisionAt(all: PinPlan, location: ImageLocation): LocationDecision {
  const decided = all.get(location);
  if (decided === undefined) throw new RangeError(`no decision about ${location.image}`);
  return decided;
}

/** `locations` does not include entries that rename images. */
export function planPins(locations: readonly ImageLocation[], input: PlanInput): PinPlan {
  const { kustomize } = input;
  const blocked = new Set<ImageLocation>();
  let placement = placeDigests(locations, { ...input, blocked });
  for (;;) {
    const wrong = wrongEntries(placement, kustomize);
    if (wrong.length === 0) break;
    for (const entry of wrong) blocked.add(entry);
    placement = placeDigests(locations, { ...input, blocked });
  }
  const { plans, placed } = placement;
  const failures = failuresOf(plans, kustomize);
  const decisionOf = (entry: ImageLocation): PinDecision =>
    placed.has(entry) ? decide(entry, input.mode, input.tags) : (failures.get(entry) ?? unplaced(entry));
  const entries = [...kustomize.renames].map((entry): [ImageLocation, LocationDecision] => [
    entry,
    { decision: decisionOf(entry), reference: referenceOf(entry) },
  ]);
  return new Map<ImageLocation, LocationDecision>([...plans, ...entries]);
}

interface Placement {
  readonly plans: ReadonlyMap<ImageLocation, LocationPlan>;
  /** Entries that get a digest. */
  readonly placed: ReadonlySet<ImageLocation>;
}

/** Repeats the plan, because an entry with a digest can require digests in later entries. */
function placeDigests(locations: readonly ImageLocation[], input: PlanInput): Placement {
  const placed = new Set<ImageLocation>();
  for (;;) {
    const before = placed.size;
    const plans = new Map(locations.map((location) => [location, planLocation(location, input, placed)]));
    for (const { entries } of plans.values()) for (const entry of entries) placed.add(entry);
    if (placed.size === before) return { plans, placed };
  }
}

/** Returns entries whose digest would reach an image that a later entry renames and that cannot have its own digest. */
function wrongEntries(
  { plans, placed }: Placement,
  { builtImagesOf, entriesOf }: KustomizeIndex,
): readonly ImageLocation[] {
  return [...plans]
    .filter(([, { decision, entries }]) => decision.state === 'failed' && entries.length === 0)
    .flatMap(([location]) => builtImagesOf(location) ?? [])
    .flatMap((built) => entriesOf(built).slice(0, -1))
    .filter((entry) => placed.has(entry));
}

export function planOffline(locations: readonly ImageLocation[], kustomize: KustomizeIndex): PinPlan {
  const open = new Set(
    locations
      .filter((location) => !kustomize.isGiven(location) && decideOffline(location).state === 'unpinned')
      .flatMap((location) => kustomize.builtImagesOf(location) ?? [])
      .filter(({ deployed }) => deployed)
      .map((built) => kustomize.entriesOf(built).at(-1)),
  );
  const of = (location: ImageLocation): PinDecision => {
    if (!kustomize.renames.has(location)) return decideOfflineWithBuilds(location, kustomize);
    return open.has(location) ? unpinned(location) : unplaced(location);
  };
  return new Map(
    [...locations, ...kustomize.renames].map((location) => [
      location,
      { decision: of(location), reference: referenceOf(location) },
    ]),
  );
}

function referenceOf({ content }: ImageLocation): ImageReference | undefined {
  return content.state === 'image' ? content.reference : undefined;
}

/** An image in a file that the user did not name can only be pinned at an entry in a named file, so its failure is reported there. */
function failuresOf(
  plans: ReadonlyMap<ImageLocation, LocationPlan>,
  { isGiven, builtImagesOf, entriesOf }: KustomizeIndex,
): ReadonlyMap<ImageLocation | undefined, PinDecision> {
  return new Map(
    [...plans].flatMap(([location, { decision }]) =>
      isGiven(location) || decision.state !== 'failed'
        ? []
        : (builtImagesOf(location) ?? []).map((built) => [entriesOf(built).at(-1), decision] as const),
    ),
  );
}

function unplaced(entry: ImageLocation): PinDecision {
  return entry.content.state === 'image' ? skipped(RENAMED) : decideOffline(entry);
}

function unpinned(entry: ImageLocation): PinDecision {
  const { content, image } = entry;
  return decideOffline(
    content.state === 'image'
      ? entry
      : { ...entry, content: { state: 'problem', problem: `${image === '' ? 'it' : 'what it names'} has no digest` } },
  );
}
