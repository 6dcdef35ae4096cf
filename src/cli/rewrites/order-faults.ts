/** Entries of one file that would follow each other in another way than in the tool that they are from. */
import { canOverlap } from '../../image/overlap.ts';
import type { ImagePattern } from '../../image/pattern.ts';
import type { Rewriting } from '../../image/rewriting.ts';
import type { ConvertedEntry, PlacedPolicy } from './converted.ts';

export interface ReadEntry {
  readonly policy: PlacedPolicy;
  readonly entry: ConvertedEntry;
  readonly rewriting: Rewriting;
}

/** Why the entry at `index` is left out: its new names would change again, and do not in that tool. */
export function changedAgain(index: number, entries: readonly ReadEntry[]): string | undefined {
  const one = entries[index];
  if (one === undefined) return undefined;
  const { from, to } = one.rewriting;
  const result: ImagePattern = { ...to, tag: from.tag, digest: from.digest };
  const next = entries.find(
    (other, at) =>
      isSameFile(one, other) &&
      other !== one &&
      !(one.policy.isSequential && at > index) &&
      other.rewriting.to.text !== to.text &&
      canOverlap(result, other.rewriting.from),
  );
  return next && `its new names would match ${next.entry.from} (line ${next.entry.line}) and change again`;
}

/** Why the entry at `index` does not get all images: an earlier one keeps those that its registry lacks. */
export function keptBefore(index: number, entries: readonly ReadEntry[]): string | undefined {
  const one = entries[index];
  if (one === undefined || one.policy.isSequential) return undefined;
  const earlier = entries
    .slice(0, index)
    .find(
      (other) =>
        isSameFile(one, other) &&
        other.entry.when === 'available' &&
        other.policy.exclude.images?.includes(one.entry.from) !== true &&
        canOverlap(one.rewriting.from, other.rewriting.from),
    );
  return (
    earlier &&
    `it does not get images that ${earlier.entry.from} (line ${earlier.entry.line}) matches and whose new name its registry lacks: the first entry that matches decides`
  );
}

function isSameFile(one: ReadEntry, other: ReadEntry): boolean {
  return one.policy.file === other.policy.file;
}
