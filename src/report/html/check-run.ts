/** The findings of `check` as a run of the HTML report. */
import type { WorkloadSummary } from '../../admission/pod-summary.ts';
import { locationText } from '../../files/location-text.ts';
import { parseReference } from '../../image/reference.ts';
import type { CheckReport } from '../check.ts';
import { excuseLine } from '../finding-lines.ts';
import type { FindingRow } from '../rows.ts';
import { checkSentences, helpsOf } from './check-verdict.ts';
import { decisionOf, worstOf } from './decision.ts';
import { createExcerpts } from './excerpts.ts';
import { objectKey } from './object-key.ts';
import { podPictures } from './pod-picture.ts';
import type { PodPicture, Remark, ReportFinding, Review, Run } from './report-data.ts';

/** What the report needs of an object in addition to its findings. */
export interface ReportedObject {
  readonly owner: string | null;
  /** undefined: the object has no Pods that can be summarized. */
  readonly summary: WorkloadSummary | undefined;
}

export interface CheckInput {
  readonly report: CheckReport;
  readonly paths: readonly string[];
  readonly policySource: string;
  /** By `objectKey`. */
  readonly objects: ReadonlyMap<string, ReportedObject>;
  readonly textOf: (file: string) => string | undefined;
}

export function checkRun(input: CheckInput): Run {
  const { report, paths, policySource, objects, textOf } = input;
  const { summary } = report;
  const groups = [...Map.groupBy(report.findings, objectKey)];
  const index = new Map(groups.map(([key], at) => [key, at]));
  const reviews = groups.map(([key, rows]) => reviewOf(rows, objects.get(key)));
  const excerptOf = createExcerpts(textOf);
  const findings = report.findings.map((row) => findingOf(row, index.get(objectKey(row)) ?? 0, excerptOf(row)));
  const subject = paths.map((path) => (path === '-' ? 'stdin' : path)).join(', ');
  const helps = helpsOf(findings);
  return {
    kind: 'check',
    id: 'check',
    title: 'Check',
    subject,
    policies: policySource,
    ...checkSentences({ report, findings, reviews, subject, helps }),
    totals: {
      files: summary.files,
      objects: summary.evaluated,
      distinct: summary.evaluated,
      images: summary.images,
      changes: null,
    },
    timeline: null,
    share: null,
    policyChange: [],
    helps,
    agreement: null,
    reviews,
    findings,
    errors: report.errors.map(remarkOf),
    notices: report.notices.map(remarkOf),
  };
}

function reviewOf(rows: readonly FindingRow[], object: ReportedObject | undefined): Review {
  // A group has at least one row.
  const [{ apiVersion, kind, namespace, name } = NO_OBJECT] = rows;
  return {
    apiVersion,
    kind,
    namespace,
    name,
    owner: object?.owner ?? null,
    operation: null,
    object: null,
    user: null,
    count: 1,
    first: null,
    last: null,
    times: [],
    change: null,
    before: null,
    after: worstOf(rows.map(decisionOf)),
    pods: picturesOf(object),
  };
}

const NO_OBJECT = { apiVersion: '', kind: '', namespace: null, name: '' };

function picturesOf(object: ReportedObject | undefined): readonly PodPicture[] {
  return object?.summary === undefined ? [] : podPictures(object.summary);
}

function findingOf(row: FindingRow, review: number, excerpt: ReportFinding['excerpt']): ReportFinding {
  const { container, containerKind, image, pointer, policy, rule, outcome, message, remedy, file, line, column } = row;
  const reference = image === null ? undefined : parseReference(image);
  return {
    id: row.fingerprint,
    review,
    container,
    containerKind,
    image,
    registry: reference?.ok ? reference.reference.domain : null,
    pointer,
    policy,
    rule,
    outcome,
    message: row.existing ? `${message} (existing before this update)` : message,
    remedy,
    exception: row.exception && excuseLine(row.exception),
    before: null,
    after: decisionOf(row),
    file,
    line,
    column,
    excerpt,
  };
}

interface Placed {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly message: string;
}

export function remarkOf({ message, ...place }: Placed): Remark {
  return { place: locationText(place), message };
}
