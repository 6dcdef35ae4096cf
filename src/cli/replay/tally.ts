/** Counts what the reviews of a replay result in, whether they were evaluated here or by shards. */
import { unreadable } from '../../files/manifest-objects.ts';
import { NO_REVIEW } from '../../files/recorded-documents.ts';
import { isWhole, type ReplayRow } from '../../recording/replay-row.ts';
import { twiceText } from '../../recording/seen-lines.ts';
import { count } from '../../report/paint.ts';
import type { ReplayReport } from '../../report/replay/report.ts';
import { replayTotals } from '../../report/replay/totals.ts';
import type { NoticeRow } from '../../report/rows.ts';
import type { LeftOut, WeightedItem } from './weights.ts';

export interface ReplayTally {
  take(item: WeightedItem): void;
  addFile(): void;
  addNotice(notice: NoticeRow): void;
  report(paths: readonly string[], extent: Extent): ReplayReport;
}

/** `unread`: the reader of the output has seen enough, which is not an error. */
export type Extent = 'whole' | 'interrupted' | 'unread';

export function replayTally(onRow: (row: ReplayRow) => void): ReplayTally {
  const totals = replayTotals();
  const counts: Counts = { unmatched: 0, timeless: 0, filtered: 0, twice: 0, others: 0, rows: 0 };
  return {
    addFile: totals.addFile,
    addNotice: totals.addNotice,
    take(item) {
      if ('row' in item) {
        counts.rows += 1;
        totals.add(item.row);
        if (isWhole(item.row)) onRow(item.row);
      } else if ('error' in item) totals.addError(item.error);
      else if ('dropped' in item) totals.addDropped(item.dropped);
      else if ('unmatched' in item) counts.unmatched += item.unmatched;
      else if ('others' in item) counts.others += item.others;
      else counts[item.leftOut] += item.count;
    },
    report(paths, extent) {
      countNotices(counts).forEach(totals.addNotice);
      const isSilent = extent === 'unread' || totals.hasErrors();
      const problem = extent === 'interrupted' ? INTERRUPTED : isSilent ? undefined : nothingEvaluated(counts);
      if (problem !== undefined) totals.addError(unreadable(paths.join(', '), problem));
      return totals.report(extent !== 'whole');
    },
  };
}

interface Counts extends Record<LeftOut, number> {
  unmatched: number;
  /** Lines of other shards. */
  others: number;
  rows: number;
}

const INTERRUPTED = 'interrupted; the other reviews are not evaluated';

/** Reviews that were all left out must not look like reviews that are all the same. */
function nothingEvaluated({ rows, filtered, timeless, others }: Counts): string | undefined {
  if (rows + others > 0) return undefined;
  if (filtered + timeless === 0) return NO_REVIEW;
  return `no review matches --namespace, --user, --since, and --until (${count(filtered + timeless, 'review')} left out)`;
}

function countNotices({ unmatched, timeless, twice }: Counts): readonly NoticeRow[] {
  const texts = [
    ...(unmatched === 0 ? [] : [`${count(unmatched, 'review')} of which the recording has no line`]),
    ...(timeless === 0
      ? []
      : [`${count(timeless, 'review')} without a time; --since and --until leave out such reviews`]),
    ...(twice === 0 ? [] : [twiceText(twice)]),
  ];
  return texts.map((message) => ({
    file: '',
    line: null,
    column: null,
    kind: null,
    name: null,
    rule: null,
    message,
  }));
}
