/** The images of files, with what kustomizations among these files make of them. */
import type { FoundImages } from '../files/image-locations/find.ts';
import type { Run } from '../pinning/builds.ts';
import type { ImagesEntry } from '../pinning/kustomization.ts';
import type { Kustomized } from '../pinning/kustomize-pins.ts';
import { decideOffline, type PinDecision } from '../pinning/pin.ts';
import type { ImagePlace } from '../pinning/image-location.ts';
import { isRename, renamePlace } from '../pinning/rename-entries.ts';
import type { PinErrorRow } from '../report/pin.ts';
import { buildsIn, type KnownFile, type KnownFiles, unreadIn } from './pin-builds.ts';

export interface KustomizedFiles extends Kustomized {
  /** By real path. */
  at(id: string): { readonly found: FoundImages; readonly places: readonly ImagePlace[] };
  /** Of files that were not given, and that an entry among the given ones renames. */
  readonly others: readonly ImagePlace[];
  readonly notices: readonly PinErrorRow[];
  readonly elsewhere: readonly Elsewhere[];
}

/** An image that runs and cannot be pinned, as its file was not given. */
export interface Elsewhere {
  readonly file: string;
  readonly place: ImagePlace;
  readonly decision: PinDecision;
  /** The kustomization that runs it, where that is known. */
  readonly runBy: string | undefined;
}

export function kustomizedOf(known: KnownFiles): KustomizedFiles {
  const { runs, passed, barred } = buildsIn(known);
  const renamed = new Map<ImagePlace, ImagePlace>();
  const pinnedRenames = new Set<ImagePlace>();
  for (const entry of [...known.values()].flatMap(({ found }) => found.kustomization?.entries ?? [])) {
    const came = passed.get(entry.place);
    if (came === undefined || !isRename(entry)) continue;
    const place = renamePlace(entry, came);
    renamed.set(entry.place, place);
    if ([...came.images].some((image) => image.includes('@'))) pinnedRenames.add(place);
  }
  const placesOf = ({ found }: KnownFile): readonly ImagePlace[] => found.places.map((one) => renamed.get(one) ?? one);
  const given = new Set([...known.values()].flatMap((file) => (file.isGiven ? placesOf(file) : [])));
  const placeOf = ({ place }: ImagesEntry): ImagePlace => renamed.get(place) ?? place;
  const kustomized: Kustomized = {
    runsOf: (place) => runs.get(place),
    entriesOf: ({ renames }) => renames.map(placeOf),
    renames: new Set([...renamed.values()].filter((place) => given.has(place))),
    pinnedRenames,
    obstacleTo: (place) => barred.get(place),
    isGiven: (place) => given.has(place),
  };
  const hidden = new Set([...known.values()].flatMap(({ found }) => found.hidden));
  const others = [...runs].filter(
    ([place, all]) => !given.has(place) && !hidden.has(place) && all.some((run) => isRenamedIn(run, kustomized)),
  );
  return {
    ...kustomized,
    at(id) {
      const file = known.get(id);
      if (file === undefined) throw new RangeError(`unknown file ${id}`);
      return { found: file.found, places: placesOf(file) };
    },
    others: others.map(([place]) => place),
    notices: unreadIn(known),
    elsewhere: elsewhereIn(known, kustomized),
  };
}

function isRenamedIn(run: Run, { entriesOf, isGiven }: Kustomized): boolean {
  const entry = entriesOf(run).at(-1);
  return entry !== undefined && isGiven(entry);
}

function elsewhereIn(known: KnownFiles, { runsOf }: Kustomized): readonly Elsewhere[] {
  return [...known.values()].flatMap(({ file, found, isGiven }) =>
    (isGiven ? [] : found.places).flatMap((place) => {
      const decision = decideOffline(place);
      const run = runsOf(place)?.find((one) => one.deployed && one.renames.length === 0);
      const isOpen = decision.state === 'unpinned' && run !== undefined;
      const isUnknown = decision.state === 'failed' && place.format === 'patch';
      return isOpen || isUnknown ? [{ file, place, decision, runBy: run?.file }] : [];
    }),
  );
}
