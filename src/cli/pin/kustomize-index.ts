/** Indexes the images of files, and how kustomizations among these files change them. */
import type { FileImages } from '../../files/image-locations/format.ts';
import type { BuiltImage, BuiltName } from '../../pinning/kustomize/builds.ts';
import type { ImagesEntry } from '../../pinning/kustomize/images-entry.ts';
import type { KustomizeIndex } from '../../pinning/kustomize/plan-location.ts';
import { decideOffline, type PinDecision } from '../../pinning/decide.ts';
import type { ImageLocation } from '../../pinning/image-location.ts';
import { isRename, renamePlace } from '../../pinning/kustomize/rename-entries.ts';
import type { PinErrorRow } from '../../report/pin.ts';
import { buildsIn, type KnownFile, type KnownFiles, unreadIn } from '../../files/kustomize-files.ts';

export interface KustomizeFiles extends KustomizeIndex {
  /** Returns the images of a file by its real path. */
  at(id: string): { readonly found: FileImages; readonly locations: readonly ImageLocation[] };
  /** Images in files that the user did not name, and that an entry in a named file renames. */
  readonly others: readonly ImageLocation[];
  readonly notices: readonly PinErrorRow[];
  readonly builtNames: readonly BuiltName[];
  readonly unnamed: readonly UnnamedLocation[];
}

/** An image that runs and cannot be pinned, because the user did not name its file. */
export interface UnnamedLocation {
  readonly file: string;
  readonly location: ImageLocation;
  readonly decision: PinDecision;
  /** The kustomization that runs the image, if it is known. */
  readonly runBy: string | undefined;
}

export function indexKustomizations(known: KnownFiles): KustomizeFiles {
  const { builtImages, builtNames, effects, obstacles } = buildsIn(known);
  const renamed = new Map<ImageLocation, ImageLocation>();
  const pinnedRenames = new Set<ImageLocation>();
  for (const entry of [...known.values()].flatMap(({ found }) => found.kustomization?.entries ?? [])) {
    const came = effects.get(entry.location);
    if (came === undefined || !isRename(entry)) continue;
    const location = renamePlace(entry, came);
    renamed.set(entry.location, location);
    if ([...came.images].some((image) => image.includes('@'))) pinnedRenames.add(location);
  }
  const placesOf = ({ found }: KnownFile): readonly ImageLocation[] =>
    found.locations.map((one) => renamed.get(one) ?? one);
  const given = new Set([...known.values()].flatMap((file) => (file.isGiven ? placesOf(file) : [])));
  const locationOf = ({ location }: ImagesEntry): ImageLocation => renamed.get(location) ?? location;
  const kustomize: KustomizeIndex = {
    builtImagesOf: (location) => builtImages.get(location),
    entriesOf: ({ renames }) => renames.map(locationOf),
    renames: new Set([...renamed.values()].filter((location) => given.has(location))),
    pinnedRenames,
    obstacleTo: (location) => obstacles.get(location),
    isGiven: (location) => given.has(location),
  };
  const hidden = new Set([...known.values()].flatMap(({ found }) => found.hidden));
  const others = [...builtImages].filter(
    ([location, all]) =>
      !given.has(location) && !hidden.has(location) && all.some((built) => isRenamedIn(built, kustomize)),
  );
  return {
    ...kustomize,
    at(id) {
      const file = known.get(id);
      if (file === undefined) throw new RangeError(`unknown file ${id}`);
      return { found: file.found, locations: placesOf(file) };
    },
    others: others.map(([location]) => location),
    notices: unreadIn(known),
    builtNames,
    unnamed: unnamedIn(known, kustomize),
  };
}

function isRenamedIn(built: BuiltImage, { entriesOf, isGiven }: KustomizeIndex): boolean {
  const entry = entriesOf(built).at(-1);
  return entry !== undefined && isGiven(entry);
}

function unnamedIn(known: KnownFiles, { builtImagesOf }: KustomizeIndex): readonly UnnamedLocation[] {
  return [...known.values()].flatMap(({ file, found, isGiven }) =>
    (isGiven ? [] : found.locations).flatMap((location) => {
      const decision = decideOffline(location);
      const built = builtImagesOf(location)?.find((one) => one.deployed && one.renames.length === 0);
      const isOpen = decision.state === 'unpinned' && built !== undefined;
      const isUnknown = decision.state === 'failed' && location.format === 'patch';
      return isOpen || isUnknown ? [{ file, location, decision, runBy: built?.file }] : [];
    }),
  );
}
