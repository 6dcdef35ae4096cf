/** The results of `pin` and `drift`: the objects that `-o json` prints, and their exit codes. */
import type { DriftDecision } from '../pinning/drift.ts';
import type { PinDecision } from '../pinning/decide.ts';
import type { ImageLocation } from '../pinning/image-location.ts';
import { type MirrorDecision, type MirroredImage, tagged } from '../pinning/rewrite/mirror-tags.ts';

export interface LocationRow {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly format: ImageLocation['format'];
  /** The image as written in the file. */
  readonly image: string;
  /** The number of images with this text; anchors and merge keys reuse it. */
  readonly uses: number;
}

export interface PinRow extends LocationRow {
  readonly state: PinDecision['state'];
  /** The image with its new name (`--rewrite`). */
  readonly rewritten: string | null;
  /** The policy that gives it the new name. */
  readonly rewrittenBy: string | null;
  /** The whole reference with its digest, and with the new name. */
  readonly pinned: string | null;
  readonly digest: string | null;
  /** The previous digest of a drifted image. */
  readonly previous: string | null;
  readonly message: string | null;
}

export interface DriftRow extends LocationRow {
  readonly state: DriftDecision['state'];
  readonly digest: string;
  /** The digest that the tag points to now. */
  readonly current: string | null;
  readonly message: string | null;
}

/** An image, and its name at a mirror. */
export interface MirrorRow extends LocationRow {
  readonly state: MirrorDecision['state'];
  /** Without the digest; null: unknown. */
  readonly original: string | null;
  /** null: the name is invalid. */
  readonly mirror: string | null;
  /** The policy that gives the name of the mirror. null: unknown, or only the file has this name. */
  readonly policy: string | null;
  /** The digests that the tag points to; null: none, or unknown. */
  readonly originalDigest: string | null;
  readonly mirrorDigest: string | null;
  readonly message: string | null;
}

export interface PinFileRow {
  readonly file: string;
  /** null: the format is unknown. */
  readonly format: ImageLocation['format'] | null;
  /** `changed`: the file was written. `change`: --write would write it. */
  readonly state: 'changed' | 'change' | 'unchanged' | 'skipped' | 'failed';
  readonly message: string | null;
}

export interface PinErrorRow {
  readonly file: string;
  /** null: the error is about the whole file. */
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

export interface PinReport {
  readonly version: 1;
  readonly files: readonly PinFileRow[];
  readonly images: readonly PinRow[];
  readonly errors: readonly PinErrorRow[];
  readonly notices: readonly PinErrorRow[];
}

export interface DriftReport {
  readonly version: 1;
  readonly files: readonly PinFileRow[];
  readonly images: readonly DriftRow[];
  /** Empty without policies that rewrite. */
  readonly mirrors: readonly MirrorRow[];
  readonly errors: readonly PinErrorRow[];
  readonly notices: readonly PinErrorRow[];
}

/** `diff`: print a diff. `write`: update the files. `check`: report images without a digest. */
export type PinAction = 'diff' | 'write' | 'check';

function locationRow(file: string, { line, column, format, image }: ImageLocation): LocationRow {
  return { file, line, column, format, image, uses: 1 };
}

/** Merges the rows of images that share a text through an anchor, because there is one text to change. */
export function mergeUses<R extends LocationRow>(rows: readonly R[]): readonly R[] {
  const merged = new Map<string, R>();
  for (const row of rows) {
    const key = JSON.stringify(row);
    const before = merged.get(key);
    merged.set(key, before === undefined ? row : { ...before, uses: before.uses + 1 });
  }
  return [...merged.values()];
}

/** The image with its new name, and the policy that gives it. */
export interface NewName {
  readonly image: string;
  readonly policy: string;
}

export function pinRow(file: string, location: ImageLocation, decision: PinDecision, name?: NewName): PinRow {
  const { state, pinned = null, digest = null, previous = null, message = null } = decision;
  const { image: rewritten = null, policy: rewrittenBy = null } = name ?? {};
  return { ...locationRow(file, location), state, rewritten, rewrittenBy, pinned, digest, previous, message };
}

export function driftRow(
  file: string,
  location: ImageLocation,
  { digest, decision }: { readonly digest: string; readonly decision: DriftDecision },
): DriftRow {
  const { state, current = null, message = null } = decision;
  return { ...locationRow(file, location), state, digest, current, message };
}

export function mirrorRow(
  file: string,
  location: ImageLocation,
  { image, decision }: { readonly image: MirroredImage; readonly decision: MirrorDecision },
): MirrorRow {
  const { original, mirror, policy = null } = image;
  const { state, originalDigest = null, mirrorDigest = null, message = null } = decision;
  const names = { original: original ? tagged(original) : null, mirror: mirror ? tagged(mirror) : null };
  return { ...locationRow(file, location), state, ...names, policy, originalDigest, mirrorDigest, message };
}

/**
 * Returns 0 for success, 1 if an image is not pinned, has drifted and was not written, or would get another name with `--check`, and
 * 2 on an error.
 */
export function pinExitCode({ images, errors }: PinReport, action: PinAction): 0 | 1 | 2 {
  const has = (state: PinRow['state']): boolean => images.some((row) => row.state === state);
  if (errors.length > 0 || has('failed')) return 2;
  if (action === 'check' && images.some(({ rewritten }) => rewritten !== null)) return 1;
  return has('unpinned') || (has('drifted') && action !== 'write') ? 1 : 0;
}

export function driftExitCode({ images, mirrors, errors }: DriftReport): 0 | 1 | 2 {
  if (errors.length > 0 || [...images, ...mirrors].some(({ state }) => state === 'unknown')) return 2;
  const differs = mirrors.some(({ state }) => state === 'mirror-differs');
  return differs || images.some(({ state }) => state !== 'current') ? 1 : 0;
}
