/** Entries of `images` that rename images and keep their versions: the resulting image, and the place for a digest. */
import { parseReference } from '../../image/reference.ts';
import type { EntryEffect } from './builds.ts';
import { type ImagesEntry, setsVersion, splitImage } from './images-entry.ts';
import { RENAMED } from './plan-location.ts';
import type { ImageLocation, LocationContent } from '../image-location.ts';

export function isRename(entry: ImagesEntry): boolean {
  return !setsVersion(entry) && entry.newName !== '';
}

/** Returns the location of the entry with the resulting image, if there is exactly one. */
export function renamePlace(entry: ImagesEntry, effects: EntryEffect): ImageLocation {
  const { location } = entry;
  const { images, unread } = effects;
  const untaggeds = new Set([...images].map((image) => image.split('@')[0] ?? image));
  const [image] = untaggeds;
  if (image === undefined) return unread.length === 0 ? location : { ...location, content: unknown(unread) };
  const reason = obstacle(entry, effects);
  const parsed = parseReference(image);
  if (reason !== undefined || !parsed.ok) return { ...location, content: { state: 'none', reason: reason ?? RENAMED } };
  const { reference } = parsed;
  return {
    ...location,
    image,
    content: { state: 'image', reference },
    target: entry.targetFor(reference.effectiveTag ?? ''),
  };
}

function unknown(unread: readonly string[]): LocationContent {
  const problem = `cannot determine its tag: ${unread.join(', ')}; add "newTag" to the entry`;
  return { state: 'problem', problem };
}

function obstacle({ newName }: ImagesEntry, { images, unread, unseen }: EntryEffect): string | undefined {
  const versions = [...new Set([...images].map(versionOf))];
  if (versions.length > 1) return `it renames images with different tags (${versions.join(', ')})`;
  if (splitImage(newName).tag !== '') return 'its "newName" contains a tag';
  if (versions[0]?.startsWith('@')) return RENAMED;
  const hidden = [...unread, ...unseen];
  return hidden.length === 0 ? undefined : hidden.join(', ');
}

function versionOf(image: string): string {
  const { tag, digest } = splitImage(image);
  return tag === '' ? (digest === '' ? 'latest' : `@${digest}`) : tag;
}
