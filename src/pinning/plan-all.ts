/** The decisions about all images, those of kustomizations together: an entry of `images` decides for several of them. */
import type { ImageReference } from '../image/reference.ts';
import {
  decideKustomizedOffline,
  type Kustomized,
  planFor,
  type Plan,
  RENAMED,
  skipped,
  type PlanInput,
} from './kustomize-pins.ts';
import { decide, decideOffline, type PinDecision } from './pin.ts';
import type { ImagePlace } from './image-location.ts';

export interface Decided {
  readonly decision: PinDecision;
  /** The image that runs; undefined where there is none. */
  readonly reference: ImageReference | undefined;
}

export type DecidedAll = ReadonlyMap<ImagePlace, Decided>;

export function decisionAt(all: DecidedAll, place: ImagePlace): Decided {
  const decided = all.get(place);
  if (decided === undefined) throw new RangeError(`no decision about ${place.image}`);
  return decided;
}

/** `places` without the entries that rename images. */
export function decideAll(places: readonly ImagePlace[], input: PlanInput): DecidedAll {
  const { kustomized } = input;
  const barred = new Set<ImagePlace>();
  let settled = settleAll(places, { ...input, barred });
  for (;;) {
    const wrong = wrongEntries(settled, kustomized);
    if (wrong.length === 0) break;
    for (const entry of wrong) barred.add(entry);
    settled = settleAll(places, { ...input, barred });
  }
  const { plans, placed } = settled;
  const failures = failuresOf(plans, kustomized);
  const decisionOf = (entry: ImagePlace): PinDecision =>
    placed.has(entry) ? decide(entry, input.mode, input.tags) : (failures.get(entry) ?? unplaced(entry));
  const entries = [...kustomized.renames].map((entry): [ImagePlace, Decided] => [
    entry,
    { decision: decisionOf(entry), reference: referenceOf(entry) },
  ]);
  return new Map<ImagePlace, Decided>([...plans, ...entries]);
}

interface Settled {
  readonly plans: ReadonlyMap<ImagePlace, Plan>;
  /** Entries that get a digest. */
  readonly placed: ReadonlySet<ImagePlace>;
}

/** An entry that gets a digest makes others that come after it need one. */
function settleAll(places: readonly ImagePlace[], input: PlanInput): Settled {
  const placed = new Set<ImagePlace>();
  for (;;) {
    const before = placed.size;
    const plans = new Map(places.map((place) => [place, planFor(place, input, placed)]));
    for (const { entries } of plans.values()) for (const entry of entries) placed.add(entry);
    if (placed.size === before) return { plans, placed };
  }
}

/** Entries whose digest would reach an image that is renamed once more, and cannot have its own. */
function wrongEntries({ plans, placed }: Settled, { runsOf, entriesOf }: Kustomized): readonly ImagePlace[] {
  return [...plans]
    .filter(([, { decision, entries }]) => decision.state === 'failed' && entries.length === 0)
    .flatMap(([place]) => runsOf(place) ?? [])
    .flatMap((run) => entriesOf(run).slice(0, -1))
    .filter((entry) => placed.has(entry));
}

export function decideAllOffline(places: readonly ImagePlace[], kustomized: Kustomized): DecidedAll {
  const open = new Set(
    places
      .filter((place) => !kustomized.isGiven(place) && decideOffline(place).state === 'unpinned')
      .flatMap((place) => kustomized.runsOf(place) ?? [])
      .filter(({ deployed }) => deployed)
      .map((run) => kustomized.entriesOf(run).at(-1)),
  );
  const of = (place: ImagePlace): PinDecision => {
    if (!kustomized.renames.has(place)) return decideKustomizedOffline(place, kustomized);
    return open.has(place) ? unpinned(place) : unplaced(place);
  };
  return new Map(
    [...places, ...kustomized.renames].map((place) => [place, { decision: of(place), reference: referenceOf(place) }]),
  );
}

function referenceOf({ reading }: ImagePlace): ImageReference | undefined {
  return reading.state === 'image' ? reading.reference : undefined;
}

/** What a file that was not given names can only be pinned at an entry that was. */
function failuresOf(
  plans: ReadonlyMap<ImagePlace, Plan>,
  { isGiven, runsOf, entriesOf }: Kustomized,
): ReadonlyMap<ImagePlace | undefined, PinDecision> {
  return new Map(
    [...plans].flatMap(([place, { decision }]) =>
      isGiven(place) || decision.state !== 'failed'
        ? []
        : (runsOf(place) ?? []).map((run) => [entriesOf(run).at(-1), decision] as const),
    ),
  );
}

function unplaced(entry: ImagePlace): PinDecision {
  return entry.reading.state === 'image' ? skipped(RENAMED) : decideOffline(entry);
}

function unpinned(entry: ImagePlace): PinDecision {
  const { reading, image } = entry;
  return decideOffline(
    reading.state === 'image'
      ? entry
      : { ...entry, reading: { state: 'problem', problem: `${image === '' ? 'it' : 'what it names'} has no digest` } },
  );
}
