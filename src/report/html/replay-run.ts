/** The result of `replay` as a run of the HTML report. */
import { isShown, type ReplayRow } from '../../recording/replay-row.ts';
import { agreementCounts } from '../replay/agreement-text.ts';
import type { ReplayReport } from '../replay/report.ts';
import { type AlikeRows, alikeRows } from './alike-rows.ts';
import { remarkOf } from './check-run.ts';
import { replayFindings, replayReview } from './replay-findings.ts';
import {
  denialVerdict,
  leftOutReason,
  type NewlyDenied,
  newlyDeniedIn,
  replayReasons,
  replayVerdict,
} from './replay-verdict.ts';
import type { AgreementTable, ChangedLine, ReportFinding, Review, Run, Totals } from './report-data.ts';
import { type TimeSteps, timeSteps } from './time-steps.ts';

export interface CollectedRows {
  readonly add: (row: ReplayRow) => void;
  /** After all rows. */
  runs(about: ReplayAbout): readonly Run[];
  readonly close: () => void;
}

export interface ReplayAbout {
  readonly report: ReplayReport;
  readonly paths: readonly string[];
  /** What was compared: `policy: a`, `from policy a to b`. */
  readonly policies: string;
  /** Of the policies, line by line. */
  readonly policyChange?: readonly ChangedLine[] | undefined;
}

/** Keeps the rows that the report shows: those that differ, and those that are denied. */
export function collectRows(): CollectedRows {
  const shown = alikeRows();
  const steps = timeSteps();
  const shares = { owner: new Map<string, number>(), namespace: new Map<string, number>() };
  return {
    add(row) {
      steps.add(row);
      count(shares.owner, row.team ?? '', row.count);
      count(shares.namespace, row.namespace ?? '', row.count);
      if (isShown(row)) shown.add(row);
    },
    runs(about) {
      const timeline = steps.timeline();
      const owner = Object.fromEntries(shares.owner);
      const namespace = Object.fromEntries(shares.namespace);
      return runsOf(shown, steps, about).map((run) => ({ ...run, timeline, share: { owner, namespace } }));
    },
    close: shown.close,
  };
}

/** Of more teams and namespaces, the page does not say which share of the reviews they have. */
const MAX_SHARES = 20_000;

function count(counts: Map<string, number>, key: string, number: number): void {
  if (counts.size < MAX_SHARES || counts.has(key)) counts.set(key, (counts.get(key) ?? 0) + number);
}

type RunParts = Omit<Run, 'timeline' | 'share'>;

/** What changes, and, in a comparison, what is denied in the end. */
function runsOf(rows: AlikeRows, steps: TimeSteps, about: ReplayAbout): readonly RunParts[] {
  const { report } = about;
  const isCompared = report.summary.compared > 0;
  const { changes, ends, newlyDenied } = partsOf(rows, steps, isCompared);
  const leftOut = rows.leftOut();
  const listed = leftOut.newlyDenied > 0 ? [] : newlyDenied;
  const run = {
    ...commonParts(about),
    ...changes,
    id: 'replay',
    title: ends.reviews.length > 0 ? 'Changes' : 'Replay',
    verdict: replayVerdict(report, listed),
    because: replayReasons(report, { newlyDenied: listed, leftOut }),
    totals: totalsOf(report),
  };
  if (ends.reviews.length === 0) return [run];
  const decisions = {
    ...commonParts(about),
    ...ends,
    id: 'denials',
    title: 'All denials',
    verdict: denialVerdict(report),
    because: leftOutReason(leftOut.denied, 0),
    totals: { ...totalsOf(report), changes: null },
  };
  return [run, decisions];
}

/** The row without its other side. */
function asDenial(row: ReplayRow): ReplayRow {
  const { findings = [], denials = [] } = row;
  const changed = findings
    .filter(({ after }) => after === 'deny')
    .map((each) => ({ ...each, action: 'deny' as const }));
  return { ...row, change: null, findings: [], denials: [...changed, ...denials] };
}

function commonParts({ report, paths, policies, policyChange = [] }: ReplayAbout): CommonParts {
  return {
    kind: 'replay',
    subject: paths.map((path) => (path === '-' ? 'stdin' : path)).join(', '),
    policies,
    policyChange,
    helps: [],
    agreement: agreementTable(report),
    errors: report.errors.map(remarkOf),
    notices: report.notices.map(remarkOf),
  };
}

function agreementTable({ agreement }: ReplayReport): AgreementTable | null {
  return agreement === undefined ? null : { counts: agreementCounts(agreement), pairs: agreement.pairs };
}

type CommonParts = Pick<
  RunParts,
  'kind' | 'subject' | 'policies' | 'policyChange' | 'helps' | 'agreement' | 'errors' | 'notices'
>;

interface RunRows {
  readonly reviews: Review[];
  readonly findings: ReportFinding[];
}

interface Parts {
  readonly changes: RunRows;
  /** Only in a comparison. */
  readonly ends: RunRows;
  readonly newlyDenied: readonly NewlyDenied[];
}

/** In one pass, because the rows can be in a file. */
function partsOf(rows: AlikeRows, steps: TimeSteps, isCompared: boolean): Parts {
  const changes: RunRows = { reviews: [], findings: [] };
  const ends: RunRows = { reviews: [], findings: [] };
  const newlyDenied: NewlyDenied[] = [];
  for (const { row, minutes } of rows.rows()) {
    const times = steps.timesOf(minutes);
    addRow(changes, row, times);
    if (isCompared && !row.allowed) addRow(ends, asDenial(row), times);
    if (row.change === 'newly-denied') newlyDenied.push(newlyDeniedIn(row));
  }
  return { changes, ends, newlyDenied };
}

function addRow({ reviews, findings }: RunRows, row: ReplayRow, times: Review['times']): void {
  for (const finding of replayFindings(row, reviews.length)) findings.push(finding);
  reviews.push(replayReview(row, times));
}

/** Without a comparison, the decisions are counted instead of changes. */
function totalsOf({ summary }: ReplayReport): Totals {
  const { files, reviews, distinct, compared, changes } = summary;
  return {
    files,
    objects: reviews,
    distinct,
    images: null,
    changes:
      compared === 0
        ? null
        : {
            'newly-denied': changes['newly-denied'],
            'newly-allowed': changes['newly-allowed'],
            changed: changes.patch + changes.message,
            unknown: changes.unknown,
            same: changes.same,
          },
  };
}
