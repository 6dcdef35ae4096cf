/** The files of locations. */
import type { ImageLocation } from '../../../pinning/image-location.ts';
import type { OpenFile, OpenFiles } from '../open-files.ts';

export interface Homes {
  /** undefined: the user did not name the file. */
  readonly given: (location: ImageLocation) => OpenFile | undefined;
  /** The path in messages. */
  readonly pathOf: (location: ImageLocation) => string;
}

export function homesOf({ files, known }: OpenFiles): Homes {
  const given = new Map(files.flatMap((file) => file.found.locations.map((location) => [location, file] as const)));
  const paths = new Map(
    [...known.values()].flatMap(({ file, found }) => found.locations.map((location) => [location, file] as const)),
  );
  return { given: (location) => given.get(location), pathOf: (location) => paths.get(location) ?? '' };
}

/** Images that only kustomizations change. */
export function hiddenIn({ known }: OpenFiles): ReadonlySet<ImageLocation> {
  return new Set([...known.values()].flatMap(({ found }) => found.hidden));
}
