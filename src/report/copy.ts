/**
 * The result of `copy --list`: images and their names at mirrors, and which of them the mirrors lack. `-o json` prints it. Keys are
 * stable; `version` counts incompatible changes.
 */
import type { ErrorRow } from './check.ts';

export interface CopyReport {
  readonly version: 1;
  /** One for each image and each of its names at mirrors. */
  readonly images: readonly CopyRow[];
  /** There are names that are not listed, because there are too many. */
  readonly moreImages: boolean;
  /** Objects with images that were read. */
  readonly objects: number;
  readonly errors: readonly ErrorRow[];
  readonly moreErrors: number;
}

/**
 * `missing`: the mirror lacks the image. `mirror-differs`: the tag has another digest at the mirror. `invalid-name`: the name at the
 * mirror is not possible, so the image stays. `unknown`: a registry did not tell. `present`: the mirror has the image.
 */
export const COPY_STATES = ['missing', 'mirror-differs', 'invalid-name', 'unknown', 'present'] as const;

export interface CopyRow {
  readonly state: (typeof COPY_STATES)[number];
  /** What container runtimes pull: with the registry, and without the tag if there is a digest. */
  readonly from: string;
  /** null: the name is invalid. */
  readonly to: string | null;
  /** The policies that give the image this name. */
  readonly policies: readonly string[];
  /** Why it is unknown whether the image gets this name; null: it does. */
  readonly assumed: string | null;
  /** What the registries have; null: nothing, or unknown. */
  readonly fromDigest: string | null;
  readonly toDigest: string | null;
  /** Why the name is invalid, or the state unknown, or how the mirror differs. */
  readonly message: string | null;
}

export function copyExitCode({ images, moreImages, errors, moreErrors }: CopyReport): number {
  if (errors.length + moreErrors > 0 || moreImages || images.some(({ state }) => state === 'unknown')) return 2;
  return images.some(({ state }) => state !== 'present') ? 1 : 0;
}

export function missingImages({ images }: CopyReport): readonly CopyRow[] {
  return images.filter(({ state }) => state === 'missing');
}
