/** Gives each review of a recording the number of its occurrences, which lines of type `repeats` count. */
import type { RecordedRepeats } from '../../recording/format.ts';
import { type CountableRow, type Occurrence, withOccurrences } from '../../recording/replay-row.ts';
import { countedLines, newDropped } from '../../recording/seen-lines.ts';
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
  /** Occurrences in lines that are in the file twice. */
  twice(): number;
}

/** For one file: lines of type `repeats` are in the file of their review. */
export function weightsIn(window: TimeWindow): Weights {
  const repeats = new Map<string, KnownOccurrences>();
  let twice = 0;
  const take = (id: string | null): readonly Occurrence[] => {
    const found = id === null ? undefined : repeats.get(id);
    if (id !== null && found !== undefined) repeats.delete(id);
    return found?.all ?? [];
  };
  return {
    add({ of, count, first, last }) {
      const known = repeats.get(of) ?? { all: [], keys: undefined };
      repeats.set(of, known);
      if (!addNew({ count, first, last }, known)) twice += count;
    },
    weighted(item) {
      if ('repeats' in item) return undefined;
      if ('row' in item) return within(item.row, take(item.row.id), window);
      if (!('skipped' in item)) return item;
      return { leftOut: 'filtered', count: 1 + sumOf(take(item.skipped)) };
    },
    unmatched: () => sumOf([...repeats.values()].flatMap(({ all }) => all)),
    twice: () => twice,
  };
}

interface KnownOccurrences {
  readonly all: Occurrence[];
  /** undefined: all came in the order of their times. */
  keys: Set<string> | undefined;
}

/** Returns false if the occurrence is known. Most follow each other in time, and are compared with no other. */
function addNew(one: Occurrence, known: KnownOccurrences): boolean {
  const latest = known.all.at(-1);
  if (latest !== undefined && one.first <= latest.last) known.keys ??= new Set(known.all.map(keyOf));
  const { keys } = known;
  if (keys?.has(keyOf(one)) === true) return false;
  keys?.add(keyOf(one));
  known.all.push(one);
  return true;
}

function keyOf({ count, first, last }: Occurrence): string {
  return `${count} ${first} ${last}`;
}

function sumOf(occurrences: readonly Occurrence[]): number {
  return occurrences.reduce((sum, { count }) => sum + count, 0);
}

function within(row: CountableRow, others: readonly Occurrence[], window: TimeWindow): WeightedItem {
  const { first, last } = row;
  if (first === null || last === null) return hasBounds(window) ? { leftOut: 'timeless', count: row.count } : { row };
  if (others.length === 0 && !hasBounds(window)) return { row };
  const all = [{ count: 1, first, last }, ...others].filter((one) => isWithin(one, window));
  const weighted = withOccurrences(row, all);
  return weighted === undefined ? { leftOut: 'filtered', count: row.count + sumOf(others) } : { row: weighted };
}

/** Leaves out what came before: the reviews of lines, and what lines say about dropped reviews. */
export function withoutTwins(): (item: WeightedItem) => readonly WeightedItem[] {
  const counted = countedLines();
  const isNewDropped = newDropped();
  return (item) => {
    if ('dropped' in item) return item.at === undefined || isNewDropped(item.at) ? [item] : [];
    if (!('row' in item) || item.row.id === null) return [item];
    const { id, count } = item.row;
    const before = counted.before(id);
    counted.raise(id, count);
    if (before === 0) return [item];
    const row = rowAfter(before, item.row);
    const twin: WeightedItem = { leftOut: 'twice', count: Math.min(before, count) };
    return row === undefined ? [twin] : [{ row }, twin];
  };
}

/** In a file, later occurrences follow earlier ones. */
function rowAfter(counted: number, { occurrences = [], ...row }: CountableRow): CountableRow | undefined {
  let left = counted;
  const others = occurrences.flatMap((one) => {
    const count = Math.max(0, one.count - left);
    left = Math.max(0, left - one.count);
    return count === 0 ? [] : { ...one, count };
  });
  return withOccurrences({ ...row, again: true }, others);
}
