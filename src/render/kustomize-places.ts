/** Which file wrote a value in the output of a kustomization. */
import { isDeepStrictEqual } from 'node:util';
import { buildsIn, type KnownFiles } from '../files/kustomize-files.ts';
import type { Manifest } from '../files/manifest-objects.ts';
import type { Place } from '../files/place.ts';
import type { ImageLocation } from '../pinning/image-location.ts';
import { valueAt } from '../pod/pointer.ts';
import type { Origin } from './rendered-objects.ts';

/** Returns the places of a build. `file`: the kustomization that is built; `parts`: the objects in its files. */
export type WrittenPlaces = (file: string, parts: readonly Manifest[]) => Origin['placeOf'];

export function writtenPlaces(known: KnownFiles): WrittenPlaces {
  const locationsOf = locationsByBuild(known);
  const files = filesOf(known);
  return (file, parts) => placesOf(locationsOf.get(file) ?? new Map(), files, partFinder(parts));
}

function placesOf(
  locations: ReadonlyMap<string, readonly ImageLocation[]>,
  files: ReadonlyMap<ImageLocation, string>,
  partOf: (manifest: Manifest) => Manifest | undefined,
): Origin['placeOf'] {
  return (manifest, pointer) => {
    const value = valueAt(manifest.request.object, pointer);
    const images = typeof value === 'string' ? (locations.get(value) ?? []) : [];
    const [location, ...others] = images.length > 1 ? images.filter((one) => canBeOf(one, manifest, pointer)) : images;
    const at = location === undefined || others.length > 0 ? undefined : files.get(location);
    if (location !== undefined && at !== undefined) return { file: at, line: location.line, column: location.column };
    return placeInPart(manifest, pointer, partOf(manifest));
  };
}

function kindOf({ request: { type } }: Manifest): string {
  return `${type.group}/${type.kind}`;
}

/** By the kustomization and the image that it runs. */
function locationsByBuild(known: KnownFiles): ReadonlyMap<string, ReadonlyMap<string, readonly ImageLocation[]>> {
  const builds = new Map<string, Map<string, ImageLocation[]>>();
  for (const [location, all] of buildsIn(known).builtImages) {
    for (const { file, image } of all) {
      const images = builds.get(file) ?? new Map<string, ImageLocation[]>();
      builds.set(file, images);
      const same = images.get(image) ?? [];
      images.set(image, same);
      if (same.at(-1) !== location) same.push(location);
    }
  }
  return builds;
}

function filesOf(known: KnownFiles): ReadonlyMap<ImageLocation, string> {
  return new Map(
    [...known.values()].flatMap(({ file, found: { locations, hidden } }) =>
      [...locations, ...hidden].map((location) => [location, file] as const),
    ),
  );
}

/** A build adds prefixes and suffixes to names. */
function canBeOf({ object, field }: ImageLocation, { request: { type, name } }: Manifest, pointer: string): boolean {
  if (object === undefined) return true;
  return object.kind === type.kind && name.includes(object.name) && (field === undefined || field === pointer);
}

/** Returns the object in a file, if only one can have become the built object. */
function partFinder(parts: readonly Manifest[]): (manifest: Manifest) => Manifest | undefined {
  const kinds = Map.groupBy(parts, kindOf);
  const names = Map.groupBy(parts, (part) => `${kindOf(part)} ${part.request.name}`);
  const known = new Map<Manifest['request'], Manifest | undefined>();
  return (manifest) => {
    const { request } = manifest;
    if (known.has(request)) return known.get(request);
    const kind = kindOf(manifest);
    const found = names.get(`${kind} ${request.name}`) ?? similarTo(request.name, kinds.get(kind) ?? []);
    const part = found.length === 1 ? found[0] : undefined;
    known.set(request, part);
    return part;
  };
}

function similarTo(built: string, parts: readonly Manifest[]): readonly Manifest[] {
  return parts.filter(({ request: { name } }) => name !== '' && built.includes(name));
}

function placeInPart({ request }: Manifest, pointer: string, part: Manifest | undefined): Place | undefined {
  if (part === undefined) return undefined;
  const isSame = isDeepStrictEqual(valueAt(part.request.object, pointer), valueAt(request.object, pointer));
  return isSame ? part.placeOf(pointer) : { file: part.file, line: null, column: null };
}
