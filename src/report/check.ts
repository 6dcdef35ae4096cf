/** The result of `check`: the object that `-o json` prints. Keys are stable; `version` counts incompatible changes. */
import type { ChangeRow, FindingRow, ImageRow, NoticeRow } from './rows.ts';

export interface CheckReport {
  readonly version: 1;
  readonly summary: {
    readonly files: number;
    readonly documents: number;
    /** Objects of kinds that run or pull images. */
    readonly workloads: number;
    /** Only with `--since`: workloads that are equal at the revision. They are not evaluated and in no other count. */
    readonly unchanged?: number | undefined;
    /** Workloads that at least one policy applies to. */
    readonly evaluated: number;
    readonly images: number;
    /** Findings with the action deny. */
    readonly denied: number;
    readonly warned: number;
    /** Unknown results and errors with any action except `excused`. */
    readonly unknown: number;
    /** Findings that an exception excuses. They are listed and never change the exit code. */
    readonly excused: number;
    /** Findings that the baseline contains; they are in none of the other counts. */
    readonly known: number;
    readonly errors: number;
  };
  readonly images: readonly ImageRow[];
  readonly findings: readonly FindingRow[];
  /** Only if a policy changes objects. */
  readonly changes?: readonly ChangeRow[] | undefined;
  readonly errors: readonly ErrorRow[];
  /** Notices about policies and input. They never change the exit code. */
  readonly notices: readonly NoticeRow[];
  /** Only with `--cluster`. */
  readonly cluster?: ClusterSummary | undefined;
}

/** The cluster of `--cluster`, and the number of objects that decisions used, by their source. */
export interface ClusterSummary {
  /** The URL of the API server. */
  readonly server: string;
  /** The namespace of objects that do not specify one. */
  readonly namespace: string;
  readonly fromCluster: FactNumbers;
  readonly fromInput: FactNumbers;
  /** Objects that could not be read, for example because a permission is missing. */
  readonly unknown: number;
}

/** An object that does not exist counts as well. */
export interface FactNumbers {
  readonly secrets: number;
  readonly serviceAccounts: number;
  readonly namespaces: number;
}

export interface ErrorRow {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly document: number | null;
  readonly message: string;
}

export const FAIL_ON = ['deny', 'warn', 'unknown', 'nothing', 'never'] as const;
export type FailOn = (typeof FAIL_ON)[number];

type Failing = Pick<FindingRow, 'action' | 'outcome' | 'known'>;

/** Reports whether a finding makes the command fail: a denial, or a finding that `failOn` adds; none with `never`. */
export function fails({ action, outcome, known }: Failing, failOn: readonly FailOn[]): boolean {
  if (known || action === 'excused' || failOn.includes('never')) return false;
  if (action === 'deny') return true;
  return (failOn.includes('warn') && action === 'warn') || (failOn.includes('unknown') && outcome !== 'violation');
}

type Outcome = Pick<CheckReport, 'findings' | 'errors'> & {
  readonly summary: Pick<CheckReport['summary'], 'evaluated' | 'unchanged'>;
};

/** Returns 0 for success, 1 for a denial or a finding that `failOn` adds, and 2 for an input that cannot be evaluated. */
export function exitCode({ findings, errors, summary }: Outcome, failOn: readonly FailOn[]): 0 | 1 | 2 {
  if (errors.length > 0) return 2;
  if (failOn.includes('nothing') && summary.evaluated + (summary.unchanged ?? 0) === 0) return 1;
  return findings.some((finding) => fails(finding, failOn)) ? 1 : 0;
}
