/** Gives each review of a recording the number of its occurrences, which lines of type `repeats` count. */
import type { RecordedRepeats } from '../../recording/format.ts';
import { type Occurrence, type ReplayRow, withOccurrences } from '../../recording/replay-row.ts';
import { seenLines } from '../../recording/seen-lines.ts';
import { hasBounds, isWithin, type TimeWindow } from '../../recording/time-window.ts';
import type { ReplayItem } from './items.ts';

export type WeightedItem =
  | Exclude<ReplayItem, { readonly repeats: unknown } | { readonly skipped: string }>
  /** Occurrences of a review that is not in the file. */
  | { readonly unmatched: number }
  /** Reviews that do not count, as often as they occurred. */
  | { readonly leftOut: LeftOut; readonly count: number };

/** `filtered`: by --namespace, --user, --since, and --until. `timeless`: by the last two. `twice`: a line that came before. */
export type LeftOut = 'filtered' | 'timeless' | 'twice';

export interface Weights {
  /** Counts a line of type `repeats`, before its review is weighted. */
  add(repeats: Pick<RecordedRepeats, 'of' | 'count' | 'first' | 'last'>): void;
  /** None for a line of type `repeats`. */
  weighted(item: ReplayItem): WeightedItem | undefined;
  /** Occurrences that are left over when all items of a file are weighted. */
  unmatched(): number;
}

/** For one file: lines of type `repeats` are in the file of their review. */
export function weightsIn(window: TimeWindow): Weights {
  const repeats = new Map<string, Occurrence[]>();
  const take = (id: string | null): readonly Occurrence[] => {
    const found = id === null ? undefined : repeats.get(id);
    if (id !== null && found !== undefined) repeats.delete(id);
    return found ?? [];
  };
  return {
    add({ of, count, first, last }) {
      const known = repeats.get(of);
      if (known === undefined) repeats.set(of, [{ count, first, last }]);
      else known.push({ count, first, last });
    },
    weighted(item) {
      if ('repeats' in item) return undefined;
      if ('row' in item) return within(item.row, take(item.row.id), window);
      if (!('skipped' in item)) return item;
      return { leftOut: 'filtered', count: 1 + sumOf(take(item.skipped)) };
    },
    unmatched: () => sumOf([...repeats.values()].flat()),
  };
}

function sumOf(occurrences: readonly Occurrence[]): number {
  return occurrences.reduce((sum, { count }) => sum + count, 0);
}

function within(row: ReplayRow, others: readonly Occurrence[], window: TimeWindow): WeightedItem {
  const { first, last } = row;
  if (first === null || last === null) return hasBounds(window) ? { leftOut: 'timeless', count: row.count } : { row };
  if (others.length === 0 && !hasBounds(window)) return { row };
  const all = [{ count: 1, first, last }, ...others].filter((one) => isWithin(one, window));
  const weighted = withOccurrences(row, all);
  return weighted === undefined ? { leftOut: 'filtered', count: row.count + sumOf(others) } : { row: weighted };
}

/** Leaves out the reviews of lines that came before. A copy of a file that a server still wrote has fewer occurrences than the file. */
export function withoutTwins(): (item: WeightedItem) => WeightedItem {
  const seen = seenLines();
  const counts = lineCounts();
  return (item) => {
    if (!('row' in item) || item.row.id === null) return item;
    const { id, count } = item.row;
    const before = seen.isNew(id) ? 0 : counts.of(id, count);
    if (count > before) counts.set(id, count);
    if (before === 0) return item;
    const row = rowAfter(before, item.row);
    return row === undefined ? { leftOut: 'twice', count } : { row };
  };
}

interface LineCounts {
  set(id: string, count: number): void;
  /** `most`: the count if it is not known. */
  of(id: string, most: number): number;
}

const MAX_COUNTS = 200_000;

/** How often the reviews of lines occurred. */
function lineCounts(): LineCounts {
  // Others occurred once.
  const counts = new Map<string, number>();
  return {
    set(id, count) {
      if (count > 1 && (counts.size < MAX_COUNTS || counts.has(id))) counts.set(id, count);
    },
    of: (id, most) => counts.get(id) ?? (counts.size < MAX_COUNTS ? 1 : most),
  };
}

/** In a file, later occurrences follow earlier ones. */
function rowAfter(counted: number, { occurrences = [], ...row }: ReplayRow): ReplayRow | undefined {
  let left = counted;
  const others = occurrences.flatMap((one) => {
    const count = Math.max(0, one.count - left);
    left = Math.max(0, left - one.count);
    return count === 0 ? [] : { ...one, count };
  });
  return withOccurrences(row, others);
}
