/** The result of `check`: the object that `-o json` prints. Keys are stable; `version` counts incompatible changes. */
import type { FindingRow, ImageRow, NoticeRow } from './rows.ts';

export interface CheckReport {
  readonly version: 1;
  readonly summary: {
    readonly files: number;
    readonly documents: number;
    /** Objects of kinds that run or pull images. */
    readonly workloads: number;
    /** Those of them that at least one policy applied to. */
    readonly evaluated: number;
    readonly images: number;
    /** Findings with the action deny. */
    readonly denied: number;
    readonly warned: number;
    /** Findings, of whatever action, that could not be decided; excused ones are not among them. */
    readonly unknown: number;
    /** Findings that an exception excuses: they are listed, and do nothing. */
    readonly excused: number;
    readonly errors: number;
  };
  readonly images: readonly ImageRow[];
  readonly findings: readonly FindingRow[];
  readonly errors: readonly ErrorRow[];
  /** About policies and input, not about what was found: they never change the exit code. */
  readonly notices: readonly NoticeRow[];
}

export interface ErrorRow {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly document: number | null;
  readonly message: string;
}

export const FAIL_ON = ['deny', 'warn', 'unknown', 'nothing'] as const;
export type FailOn = (typeof FAIL_ON)[number];

/** What makes the answer "no": a denial, and what `failOn` adds. */
export function fails({ action, outcome }: Pick<FindingRow, 'action' | 'outcome'>, failOn: readonly FailOn[]): boolean {
  if (action === 'deny') return true;
  if (action === 'excused') return false;
  return (failOn.includes('warn') && action === 'warn') || (failOn.includes('unknown') && outcome !== 'violation');
}

type Outcome = Pick<CheckReport, 'findings' | 'errors'> & {
  readonly summary: Pick<CheckReport['summary'], 'evaluated'>;
};

/** 0 nothing denied, 1 denied (or what `failOn` adds), 2 something could not be judged. */
export function exitCode({ findings, errors, summary }: Outcome, failOn: readonly FailOn[]): 0 | 1 | 2 {
  if (errors.length > 0) return 2;
  if (failOn.includes('nothing') && summary.evaluated === 0) return 1;
  return findings.some((finding) => fails(finding, failOn)) ? 1 : 0;
}
