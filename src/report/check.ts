/** The result of `check`: the object that `-o json` prints. Keys are stable; `version` counts incompatible changes. */
import type { FindingRow, ImageRow } from './rows.ts';

export interface CheckReport {
  readonly version: 1;
  readonly summary: {
    readonly files: number;
    readonly documents: number;
    /** Objects of kinds that run or pull images. */
    readonly workloads: number;
    readonly images: number;
    /** Findings with the action deny. */
    readonly denied: number;
    readonly warned: number;
    /** Findings, of whatever action, that could not be decided. */
    readonly unknown: number;
    readonly errors: number;
  };
  readonly images: readonly ImageRow[];
  readonly findings: readonly FindingRow[];
  readonly errors: readonly ErrorRow[];
}

export interface ErrorRow {
  readonly file: string;
  readonly line: number | null;
  readonly column: number | null;
  readonly document: number | null;
  readonly message: string;
}

export const FAIL_ON = ['deny', 'warn', 'unknown'] as const;
export type FailOn = (typeof FAIL_ON)[number];

/** What makes the answer "no": a denial, and what `failOn` adds. */
export function fails({ action, outcome }: Pick<FindingRow, 'action' | 'outcome'>, failOn: FailOn): boolean {
  if (action === 'deny') return true;
  return failOn === 'warn' ? action === 'warn' : failOn === 'unknown' && outcome !== 'violation';
}

/** 0 nothing denied, 1 denied (or what `failOn` adds), 2 something could not be judged. */
export function exitCode({ findings, errors }: Pick<CheckReport, 'findings' | 'errors'>, failOn: FailOn): 0 | 1 | 2 {
  if (errors.length > 0) return 2;
  return findings.some((finding) => fails(finding, failOn)) ? 1 : 0;
}
