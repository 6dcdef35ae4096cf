/** The images that files run, each with the place of its name. A kustomization can take the name from an entry in its `images`. */
import { type ImageReference, parseReference } from '../../image/reference.ts';
import type { ImageLocation } from '../image-location.ts';
import type { BuiltName } from '../kustomize/builds.ts';

export interface NamedImage {
  /** Where the name is written. */
  readonly place: ImageLocation;
  /** The field that runs the image; policies select its object. */
  readonly origin: ImageLocation;
  readonly reference: ImageReference;
  /** The kustomization that runs the image. */
  readonly runBy: string | undefined;
}

interface Builds {
  readonly builtNames: readonly BuiltName[];
  /** Images that are not changed here, but by kustomizations. */
  readonly hidden: ReadonlySet<ImageLocation>;
}

/** What is deployed; a base that a kustomization includes is not. */
export function namedImages(
  locations: readonly ImageLocation[],
  { builtNames, hidden }: Builds,
): readonly NamedImage[] {
  const built = new Set(
    builtNames.flatMap(({ origin, entries }) => [origin, ...entries.map(({ location }) => location)]),
  );
  const deployed = builtNames.filter((one) => one.deployed && !hidden.has(placeOf(one)));
  return [
    ...locations.flatMap((location) => (built.has(location) ? [] : plainImage(location))),
    ...deployed.flatMap(builtImage),
  ];
}

function plainImage(location: ImageLocation): readonly NamedImage[] {
  const { content } = location;
  return content.state === 'image'
    ? [{ place: location, origin: location, reference: content.reference, runBy: undefined }]
    : [];
}

function builtImage(built: BuiltName): readonly NamedImage[] {
  const parsed = parseReference(built.image);
  if (!parsed.ok) return [];
  return [{ place: placeOf(built), origin: built.origin, reference: parsed.reference, runBy: built.file }];
}

/** An entry selects images by their names, so the last entry that matches an image has to write the new name. */
export function placeOf({ origin, entries }: BuiltName): ImageLocation {
  return entries.at(-1)?.location ?? origin;
}

/** The places whose names a later entry of some build selects, so that it would not find another name. */
export function selectedPlaces(builtNames: readonly BuiltName[]): ReadonlyMap<ImageLocation, BuiltName> {
  return new Map(
    builtNames.flatMap((built) =>
      [built.origin, ...built.entries.map(({ location }) => location)]
        .slice(0, -1)
        .map((place): [ImageLocation, BuiltName] => [place, built]),
    ),
  );
}
