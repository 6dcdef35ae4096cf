/** Compares what kustomizations run before and after names are written. */
import { withName } from '../../../files/splice.ts';
import type { ImageReference } from '../../../image/reference.ts';
import type { ImageLocation } from '../../../pinning/image-location.ts';
import type { BuiltName } from '../../../pinning/kustomize/builds.ts';
import { placeOf } from '../../../pinning/rewrite/named-images.ts';
import type { OpenFiles } from '../open-files.ts';

type Applied = ReadonlyMap<ImageLocation, ImageReference>;

/** Returns the places of names with which a kustomization would run something else than planned, with the reason. */
export function changedOtherwise(
  before: OpenFiles,
  after: OpenFiles,
  applied: Applied,
): ReadonlyMap<ImageLocation, string> {
  const wanted = imagesByField(before, (built) => {
    const to = applied.get(placeOf(built));
    return to === undefined ? built.image : withName(built.image, to);
  });
  const found = imagesByField(after, ({ image }) => image);
  const wrong = new Set(
    [...wanted.keys(), ...found.keys()].flatMap((key) => {
      const isSame = sameImages(wanted.get(key)?.images, found.get(key)?.images);
      return isSame ? [] : [(wanted.get(key) ?? found.get(key))?.file];
    }),
  );
  if (wrong.size === 0) return new Map();
  const { builtNames } = before.kustomize;
  const places = builtNames.filter(({ file }) => wrong.has(file)).map((built) => [placeOf(built), built.file] as const);
  const involved = places.filter(([place]) => applied.has(place));
  // Never without an end: if no place is involved, all are.
  const all =
    involved.length > 0 ? involved : [...applied.keys()].map((place) => [place, [...wrong].join(', ')] as const);
  return new Map(all.map(([place, file]) => [place, `with it, ${file} would run other images; change it by hand`]));
}

interface FieldImages {
  /** The kustomization. */
  readonly file: string;
  readonly images: Set<string>;
}

/** By the kustomization and the field that runs the images. */
function imagesByField(
  { known, kustomize }: OpenFiles,
  imageOf: (built: BuiltName) => string,
): ReadonlyMap<string, FieldImages> {
  const fields = new Map<ImageLocation, string>();
  for (const [id, { found }] of known) {
    for (const list of ['locations', 'hidden'] as const)
      for (const [index, location] of found[list].entries()) fields.set(location, JSON.stringify([id, list, index]));
  }
  const result = new Map<string, FieldImages>();
  for (const built of kustomize.builtNames) {
    const key = JSON.stringify([built.file, fields.get(built.origin)]);
    const images = result.get(key)?.images ?? new Set();
    result.set(key, { file: built.file, images: images.add(imageOf(built)) });
  }
  return result;
}

function sameImages(one: ReadonlySet<string> | undefined, other: ReadonlySet<string> | undefined): boolean {
  if (one === undefined || other === undefined) return false;
  return one.size === other.size && [...one].every((image) => other.has(image));
}
