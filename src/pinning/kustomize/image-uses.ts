/** The images in the resources of a build, with the locations of their versions and the entries that changed them. */
import type { ImageLocation } from '../image-location.ts';
import { isReached } from './field-specs.ts';
import type { ImagesEntry } from './images-entry.ts';

export interface ImageUse {
  /** The location of the version. */
  readonly location: ImageLocation;
  /** The location of the field that runs the image. */
  readonly origin: ImageLocation;
  readonly image: string;
  readonly renames: readonly ImagesEntry[];
  /** The entries that matched the image, in order. */
  readonly entries: readonly ImagesEntry[];
}

export function itemsOf(locations: readonly ImageLocation[]): readonly ImageUse[] {
  return locations
    .filter(isImage)
    .map((location) => ({ location, origin: location, image: imageAt(location), renames: [], entries: [] }));
}

/** Reports whether a location has an image, or an invalid value that an entry can replace. */
export function isImage(location: ImageLocation): boolean {
  const { state } = location.content;
  return state === 'image' || (state === 'problem' && isReached(location, []));
}

function imageAt({ content, image }: ImageLocation): string {
  return content.state === 'image' ? content.reference.text : image;
}

/** Returns each image once, independent of the fields that run it. */
export function runsIn(items: readonly ImageUse[]): readonly Omit<ImageUse, 'origin' | 'entries'>[] {
  const uses = items.map(({ location, image, renames }) => ({
    location,
    origin: location,
    image,
    renames,
    entries: [],
  }));
  return unique(uses).map(({ location, image, renames }) => ({ location, image, renames }));
}

export function unique(items: readonly ImageUse[]): readonly ImageUse[] {
  const kept: ImageUse[] = [];
  const seen = new Map<ImageLocation, Set<string>>();
  const origins = new Map<ImageLocation, number>();
  for (const item of items) {
    const known = seen.get(item.location) ?? new Set();
    seen.set(item.location, known);
    const origin = origins.get(item.origin) ?? origins.size;
    origins.set(item.origin, origin);
    const [renames, entries] = [item.renames, item.entries].map((list) =>
      list.map(({ name, location: { offset } }) => [name, offset]),
    );
    const key = JSON.stringify([item.image, renames, entries, origin]);
    if (known.has(key)) continue;
    known.add(key);
    kept.push(item);
  }
  return kept;
}
