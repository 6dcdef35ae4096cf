/** The result of `replay`: the object that `-o json` prints, and its exit code. */
import type { Difference } from '../recording/compare.ts';
import type { ErrorRow } from './check.ts';
import type { NoticeRow } from './rows.ts';

export interface ReplayRow {
  readonly file: string;
  readonly line: number;
  readonly document: number;
  readonly uid: string;
  readonly operation: string;
  readonly kind: string;
  readonly namespace: string | null;
  readonly name: string;
  readonly allowed: boolean;
  /** The exact response bytes of `serve`. */
  readonly answers: { readonly validate: string; readonly mutate: string };
  /** The other side of the comparison; null: the recording has no expected decision. */
  readonly comparedWith: 'expected' | 'against' | null;
  readonly differences: readonly Difference[];
}

export interface ReplayReport {
  readonly version: 1;
  readonly summary: {
    readonly files: number;
    readonly reviews: number;
    readonly allowed: number;
    readonly denied: number;
    /** Reviews with a comparison. */
    readonly compared: number;
    readonly different: number;
    readonly newlyDenied: number;
    readonly newlyAllowed: number;
    readonly otherFindings: number;
    readonly errors: number;
  };
  readonly reviews: readonly ReplayRow[];
  readonly errors: readonly ErrorRow[];
  /** Notices about policies. They never change the exit code. */
  readonly notices: readonly NoticeRow[];
}

export function replayReport(
  files: number,
  reviews: readonly ReplayRow[],
  { errors, notices }: Pick<ReplayReport, 'errors' | 'notices'>,
): ReplayReport {
  const having = (test: (row: ReplayRow) => boolean): number => reviews.filter(test).length;
  const changed = (kind: Difference['kind']) => (row: ReplayRow) =>
    row.differences.some((difference) => difference.kind === kind);
  const decisionChanged = (row: ReplayRow): boolean => changed('newly-denied')(row) || changed('newly-allowed')(row);
  return {
    version: 1,
    summary: {
      files,
      reviews: reviews.length,
      allowed: having(({ allowed }) => allowed),
      denied: having(({ allowed }) => !allowed),
      compared: having(({ comparedWith }) => comparedWith !== null),
      different: having(({ differences }) => differences.length > 0),
      newlyDenied: having(changed('newly-denied')),
      newlyAllowed: having(changed('newly-allowed')),
      otherFindings: having((row) => row.differences.length > 0 && !decisionChanged(row)),
      errors: errors.length,
    },
    reviews,
    errors,
    notices,
  };
}

export function replayExitCode({ summary }: ReplayReport): 0 | 1 | 2 {
  if (summary.errors > 0) return 2;
  return summary.different > 0 ? 1 : 0;
}
