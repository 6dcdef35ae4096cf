/** Counts rows, in their order. The result does not depend on the threads or machines that evaluated them. */
import { REPLAY_CHANGES, type ReplayChange } from '../../recording/comparison.ts';
import type { CountableRow } from '../../recording/replay-row.ts';
import type { ErrorRow } from '../check.ts';
import type { NoticeRow } from '../rows.ts';
import { countAgreement } from './agreement.ts';
import { countGroups, extend } from './groups.ts';
import type { ReplayReport, ReplaySummary } from './report.ts';

export interface ReplayTotals {
  readonly add: (row: CountableRow) => void;
  readonly addFile: () => void;
  readonly addDropped: (count: number) => void;
  readonly addError: (error: ErrorRow) => void;
  readonly addNotice: (notice: NoticeRow) => void;
  readonly hasErrors: () => boolean;
  readonly report: (partial: boolean) => ReplayReport;
}

/** A webhook that does not respond causes an error for each review. */
const MAX_ERRORS = 1000;
/** The most frequent missing facts; the memory for the others is bounded. */
const MAX_FACTS = 50;
const MAX_KNOWN_FACTS = 10_000;

export function replayTotals(): ReplayTotals {
  const groups = countGroups();
  const agreement = countAgreement();
  const missing = new Map<string, number>();
  const errors = boundedErrors();
  const notices: NoticeRow[] = [];
  const changes = Object.fromEntries(REPLAY_CHANGES.map((change) => [change, 0])) as Record<ReplayChange, number>;
  const counts = { files: 0, reviews: 0, distinct: 0, allowed: 0, compared: 0, missingFacts: 0, dropped: 0 };
  const times: Pick<ReplaySummary, 'first' | 'last'> = { first: null, last: null };
  return {
    add(row) {
      const { count, change } = row;
      counts.reviews += count;
      if (row.again !== true) counts.distinct += 1;
      if (row.allowed) counts.allowed += count;
      if (change !== null) {
        counts.compared += count;
        changes[change] += count;
        if (row.change !== 'same') groups.add(row);
      }
      agreement.add(row);
      extend(times, row);
      if (row.missing === undefined) return;
      counts.missingFacts += count;
      addMissing(missing, row.missing, count);
    },
    addFile: () => void (counts.files += 1),
    addDropped: (count) => void (counts.dropped += count),
    addError: errors.add,
    addNotice: (notice) => void notices.push(notice),
    hasErrors: () => errors.count() > 0,
    report: (partial) => ({
      version: 2,
      partial,
      summary: {
        ...counts,
        denied: counts.reviews - counts.allowed,
        different: counts.compared - changes.same,
        changes,
        ...times,
        errors: errors.count(),
      },
      ...groups.result(),
      ...agreementIn(agreement.result()),
      missing: mostFrequent(missing),
      errors: errors.list,
      notices,
    }),
  };
}

interface Errors {
  readonly list: readonly ErrorRow[];
  readonly add: (error: ErrorRow) => void;
  readonly count: () => number;
}

function boundedErrors(): Errors {
  const list: ErrorRow[] = [];
  let count = 0;
  return {
    list,
    add(error) {
      count += 1;
      if (list.length < MAX_ERRORS) list.push(error);
    },
    count: () => count,
  };
}

function addMissing(known: Map<string, number>, facts: readonly string[], count: number): void {
  for (const fact of facts) {
    if (known.has(fact) || known.size < MAX_KNOWN_FACTS) known.set(fact, (known.get(fact) ?? 0) + count);
  }
}

function agreementIn(agreement: ReplayReport['agreement']): Pick<ReplayReport, 'agreement'> {
  return agreement === undefined ? {} : { agreement };
}

function mostFrequent(missing: ReadonlyMap<string, number>): ReplayReport['missing'] {
  return [...missing]
    .map(([fact, reviews]) => ({ fact, reviews }))
    .toSorted((one, other) => other.reviews - one.reviews || (one.fact < other.fact ? -1 : 1))
    .slice(0, MAX_FACTS);
}
