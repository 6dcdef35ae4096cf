/**
 * Applies an entry of `images` to an image, as kustomize does (api/internal/image, filters/imagetag): the name is a Go regular
 * expression. `newTag` alone removes a digest, `digest` alone removes a tag, and without both the image keeps its version.
 */
import { RE2JS, RE2JSException } from 're2js';
import type { ImageLocation, EditTarget } from '../image-location.ts';

export interface ImagesEntry {
  readonly name: string;
  readonly newName: string;
  readonly newTag: string;
  readonly digest: string;
  readonly tagSuffix: string;
  readonly location: ImageLocation;
  /** Returns the place for a tag and a digest in an entry without both. */
  readonly targetFor: (tag: string) => EditTarget;
}

/** Reports whether an entry replaces the version of an image, and not only its name. */
export function setsVersion({ newTag, digest, tagSuffix }: ImagesEntry): boolean {
  return newTag !== '' || digest !== '' || tagSuffix !== '';
}

export function matcherOf({ name }: Pick<ImagesEntry, 'name'>): (image: string) => boolean {
  try {
    const pattern = RE2JS.compile(`^${name}(:[a-zA-Z0-9_.{}-]*)?(@sha256:[a-zA-Z0-9_.{}-]*)?$`);
    return (image) => pattern.matcher(image).find();
  } catch (error) {
    if (error instanceof RE2JSException) return () => false;
    throw error;
  }
}

export function changedImage(image: string, entry: ImagesEntry): string {
  const parts = splitImage(image);
  const { tag, digest } = versionBy(entry, parts);
  return joined({ name: entry.newName || parts.name, tag, digest });
}

interface Version {
  readonly tag: string;
  readonly digest: string;
}

function versionBy({ newTag, digest, tagSuffix }: ImagesEntry, before: Version): Version {
  if (newTag !== '') return { tag: newTag, digest };
  if (digest !== '') return { tag: '', digest };
  return tagSuffix === '' ? before : { tag: `${before.tag}${tagSuffix}`, digest: '' };
}

interface Parts extends Version {
  readonly name: string;
}

/** Splits an image. A colon before the first slash belongs to a port. */
export function splitImage(image: string): Parts {
  const slash = Math.max(image.indexOf('/'), 0);
  const [, rest = '', digest = ''] = /^([^@]*)(?:@(.*))?$/s.exec(image.slice(slash)) ?? [];
  const colon = rest.indexOf(':');
  const nameEnd = slash + (colon === -1 ? rest.length : colon);
  return { name: image.slice(0, nameEnd), tag: colon === -1 ? '' : rest.slice(colon + 1), digest };
}

function joined({ name, tag, digest }: Parts): string {
  return `${name}${tag && `:${tag}`}${digest && `@${digest}`}`;
}
