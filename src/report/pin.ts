/** The results of `pin` and `drift`: the objects that `-o json` prints, and their exit codes. */
import type { DriftDecision } from '../pinning/drift.ts';
import type { PinDecision } from '../pinning/decide.ts';
import type { ImageLocation } from '../pinning/image-location.ts';

export interface LocationRow {
  readonly file: string;
  readonly line: number;
  readonly column: number;
  readonly format: ImageLocation['format'];
  /** As it was written. */
  readonly image: string;
  /** How many images are written here: an anchor or a merge key uses the same text again. */
  readonly uses: number;
}

export interface PinRow extends LocationRow {
  readonly state: PinDecision['state'];
  /** The whole reference with its digest. */
  readonly pinned: string | null;
  readonly digest: string | null;
  /** The digest before, of what has drifted. */
  readonly previous: string | null;
  readonly message: string | null;
}

export interface DriftRow extends LocationRow {
  readonly state: DriftDecision['state'];
  readonly digest: string;
  /** What the tag means now. */
  readonly current: string | null;
  readonly message: string | null;
}

export interface PinFileRow {
  readonly file: string;
  /** null: nothing in it is known. */
  readonly format: ImageLocation['format'] | null;
  /** `changed` is written, `change` would be with --write. */
  readonly state: 'changed' | 'change' | 'unchanged' | 'skipped' | 'failed';
  readonly message: string | null;
}

export interface PinErrorRow {
  readonly file: string;
  /** null where the fault is the file's as a whole. */
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

export interface PinReport {
  readonly version: 1;
  readonly files: readonly PinFileRow[];
  readonly images: readonly PinRow[];
  readonly errors: readonly PinErrorRow[];
  /** What is not wrong, and good to know. */
  readonly notices: readonly PinErrorRow[];
}

export interface DriftReport {
  readonly version: 1;
  readonly files: readonly PinFileRow[];
  readonly images: readonly DriftRow[];
  readonly errors: readonly PinErrorRow[];
  readonly notices: readonly PinErrorRow[];
}

/** What `pin` does with the digests: shows them as a diff, writes them, or only checks that there are some. */
export type PinAction = 'diff' | 'write' | 'check';

function locationRow(file: string, { line, column, format, image }: ImageLocation): LocationRow {
  return { file, line, column, format, image, uses: 1 };
}

/** One row for a text that several images have through an anchor, as there is one text to change. */
export function mergeUses<R extends LocationRow>(rows: readonly R[]): readonly R[] {
  const merged = new Map<string, R>();
  for (const row of rows) {
    const key = JSON.stringify(row);
    const before = merged.get(key);
    merged.set(key, before === undefined ? row : { ...before, uses: before.uses + 1 });
  }
  return [...merged.values()];
}

export function pinRow(file: string, location: ImageLocation, decision: PinDecision): PinRow {
  const { state, pinned = null, digest = null, previous = null, message = null } = decision;
  return { ...locationRow(file, location), state, pinned, digest, previous, message };
}

export function driftRow(
  file: string,
  location: ImageLocation,
  { digest, decision }: { readonly digest: string; readonly decision: DriftDecision },
): DriftRow {
  const { state, current = null, message = null } = decision;
  return { ...locationRow(file, location), state, digest, current, message };
}

/** 0 nothing to do, or done; 1 something is unpinned, or has drifted and was not written; 2 something could not be done. */
export function pinExitCode({ images, errors }: PinReport, action: PinAction): 0 | 1 | 2 {
  const has = (state: PinRow['state']): boolean => images.some((row) => row.state === state);
  if (errors.length > 0 || has('failed')) return 2;
  return has('unpinned') || (has('drifted') && action !== 'write') ? 1 : 0;
}

export function driftExitCode({ images, errors }: DriftReport): 0 | 1 | 2 {
  if (errors.length > 0 || images.some(({ state }) => state === 'unknown')) return 2;
  return images.some(({ state }) => state !== 'current') ? 1 : 0;
}
