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
import type { ImageLocation } from './image-location.ts';

export interface Decided {
  readonly decision: PinDecision;
  /** The image that runs; undefined where there is none. */
  readonly reference: ImageReference | undefined;
}

export type DecidedAll = ReadonlyMap<ImageLocation, Decided>;

export function decisionAt(all: DecidedAll, location: ImageLocation): Decided {
  const decided = all.get(location);
  if (decided === undefined) throw new RangeError(`no decision about ${location.image}`);
  return decided;
}

/** `places` without the entries that rename images. */
export function decideAll(locations: readonly ImageLocation[], input: PlanInput): DecidedAll {
  const { kustomized } = input;
  const barred = new Set<ImageLocation>();
  let settled = settleAll(locations, { ...input, barred });
  for (;;) {
    const wrong = wrongEntries(settled, kustomized);
    if (wrong.length === 0) break;
    for (const entry of wrong) barred.add(entry);
    settled = settleAll(locations, { ...input, barred });
  }
  const { plans, placed } = settled;
  const failures = failuresOf(plans, kustomized);
  const decisionOf = (entry: ImageLocation): PinDecision =>
    placed.has(entry) ? decide(entry, input.mode, input.tags) : (failures.get(entry) ?? unplaced(entry));
  const entries = [...kustomized.renames].map((entry): [ImageLocation, Decided] => [
    entry,
    { decision: decisionOf(entry), reference: referenceOf(entry) },
  ]);
  return new Map<ImageLocation, Decided>([...plans, ...entries]);
}

interface Settled {
  readonly plans: ReadonlyMap<ImageLocation, Plan>;
  /** Entries that get a digest. */
  readonly placed: ReadonlySet<ImageLocation>;
}

/** An entry that gets a digest makes others that come after it need one. */
function settleAll(locations: readonly ImageLocation[], input: PlanInput): Settled {
  const placed = new Set<ImageLocation>();
  for (;;) {
    const before = placed.size;
    const plans = new Map(locations.map((location) => [location, planFor(location, input, placed)]));
    for (const { entries } of plans.values()) for (const entry of entries) placed.add(entry);
    if (placed.size === before) return { plans, placed };
  }
}

/** Entries whose digest would reach an image that is renamed once more, and cannot have its own. */
function wrongEntries({ plans, placed }: Settled, { runsOf, entriesOf }: Kustomized): readonly ImageLocation[] {
  return [...plans]
    .filter(([, { decision, entries }]) => decision.state === 'failed' && entries.length === 0)
    .flatMap(([location]) => runsOf(location) ?? [])
    .flatMap((run) => entriesOf(run).slice(0, -1))
    .filter((entry) => placed.has(entry));
}

export function decideAllOffline(locations: readonly ImageLocation[], kustomized: Kustomized): DecidedAll {
  const open = new Set(
    locations
      .filter((location) => !kustomized.isGiven(location) && decideOffline(location).state === 'unpinned')
      .flatMap((location) => kustomized.runsOf(location) ?? [])
      .filter(({ deployed }) => deployed)
      .map((run) => kustomized.entriesOf(run).at(-1)),
  );
  const of = (location: ImageLocation): PinDecision => {
    if (!kustomized.renames.has(location)) return decideKustomizedOffline(location, kustomized);
    return open.has(location) ? unpinned(location) : unplaced(location);
  };
  return new Map(
    [...locations, ...kustomized.renames].map((location) => [
      location,
      { decision: of(location), reference: referenceOf(location) },
    ]),
  );
}

function referenceOf({ content }: ImageLocation): ImageReference | undefined {
  return content.state === 'image' ? content.reference : undefined;
}

/** What a file that was not given names can only be pinned at an entry that was. */
function failuresOf(
  plans: ReadonlyMap<ImageLocation, Plan>,
  { isGiven, runsOf, entriesOf }: Kustomized,
): ReadonlyMap<ImageLocation | undefined, PinDecision> {
  return new Map(
    [...plans].flatMap(([location, { decision }]) =>
      isGiven(location) || decision.state !== 'failed'
        ? []
        : (runsOf(location) ?? []).map((run) => [entriesOf(run).at(-1), decision] as const),
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
