/** The images of files, with what kustomizations among these files make of them. */
import type { FoundImages } from '../files/places/find.ts';
import { quoteValue } from '../image/quote.ts';
import type { Run } from '../pinning/builds.ts';
import type { ImagesEntry } from '../pinning/kustomization.ts';
import type { Kustomized } from '../pinning/kustomized.ts';
import { decideOffline } from '../pinning/pin.ts';
import type { ImagePlace } from '../pinning/place.ts';
import { isRename, renamePlace } from '../pinning/rename-entries.ts';
import type { PinErrorRow } from '../report/pins.ts';
import { buildsIn, type KnownFile, type KnownFiles, unreadIn } from './pin-builds.ts';

export interface KustomizedFiles extends Kustomized {
  /** By real path. */
  at(id: string): { readonly found: FoundImages; readonly places: readonly ImagePlace[] };
  /** Of files that were not given, and that an entry among the given ones renames. */
  readonly others: readonly ImagePlace[];
  readonly notices: readonly PinErrorRow[];
}

export function kustomizedOf(known: KnownFiles): KustomizedFiles {
  const { runs, passed } = buildsIn(known);
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
    isGiven: (place) => given.has(place),
  };
  const others = [...runs].filter(
    ([place, all]) => !given.has(place) && all.some((run) => isRenamedIn(run, kustomized)),
  );
  return {
    ...kustomized,
    at(id) {
      const file = known.get(id);
      if (file === undefined) throw new RangeError(`unknown file ${id}`);
      return { found: file.found, places: placesOf(file) };
    },
    others: others.map(([place]) => place),
    notices: [...unreadIn(known), ...elsewhere(known, kustomized)],
  };
}

function isRenamedIn(run: Run, { entriesOf, isGiven }: Kustomized): boolean {
  const entry = entriesOf(run).at(-1);
  return entry !== undefined && isGiven(entry);
}

/** Images without a digest that run, and whose file was not given. */
function elsewhere(known: KnownFiles, { runsOf }: Kustomized): readonly PinErrorRow[] {
  return [...known.values()].flatMap(({ file, found, isGiven }) =>
    isGiven
      ? []
      : found.places.flatMap((place) => {
          const run = runsOf(place)?.find((one) => one.deployed && one.renames.length === 0);
          if (run === undefined || decideOffline(place).state !== 'unpinned') return [];
          const message = `it runs image ${quoteValue(place.image)}, which has no digest, from ${file}: name this file, too`;
          return [{ file: run.file, line: null, column: null, message }];
        }),
  );
}
