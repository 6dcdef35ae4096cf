/**
 * The result of `test`: the object that `-o json` prints, and its exit code. Keys are stable; `version` counts incompatible
 * changes.
 */
import type { ErrorRow } from './check.ts';
import type { FindingRow, NoticeRow } from './rows.ts';
import type { SuiteFinding } from '../files/suite-faults.ts';

interface Spot {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A finding that the suite expects, and its place there. */
export interface ExpectedRow extends Spot {
  readonly finding: SuiteFinding;
}

/** `error`: the case cannot run. */
export type TestOutcome = 'passed' | 'failed' | 'error';

export interface TestCaseRow extends Spot {
  readonly name: string;
  readonly outcome: TestOutcome;
  readonly workloads: number;
  /** All findings. */
  readonly findings: readonly FindingRow[];
  /** Expected findings that are missing. */
  readonly missing: readonly ExpectedRow[];
  /** Findings that are not expected. */
  readonly unexpected: readonly FindingRow[];
  /** The reason for a failure that is not about findings: `no workload in …`. */
  readonly reason: string | null;
  readonly errors: readonly ErrorRow[];
}

export interface TestSuiteRow extends Spot {
  readonly name: string;
  /** `built-in`, or files and directories. */
  readonly policies: string;
  readonly cases: readonly TestCaseRow[];
  /** Notices about the suite and its policies. They never change the outcome. */
  readonly notices: readonly NoticeRow[];
}

export interface TestReport {
  readonly version: 1;
  readonly summary: {
    readonly suites: number;
    readonly cases: number;
    readonly passed: number;
    readonly failed: number;
    /** Cases, suites, and files that cannot be run or read. */
    readonly errors: number;
  };
  readonly suites: readonly TestSuiteRow[];
  /** Errors in suites and their policies. */
  readonly errors: readonly ErrorRow[];
}

export function testReport(suites: readonly TestSuiteRow[], errors: readonly ErrorRow[]): TestReport {
  const cases = suites.flatMap((suite) => suite.cases);
  const having = (outcome: TestOutcome): number => cases.filter((one) => one.outcome === outcome).length;
  return {
    version: 1,
    summary: {
      suites: suites.length,
      cases: cases.length,
      passed: having('passed'),
      failed: having('failed'),
      errors: having('error') + errors.length,
    },
    suites,
    errors,
  };
}

/** Returns 0 if all cases passed, 1 if a case failed, and 2 if a case cannot run. */
export function testExitCode({ summary: { errors, failed } }: TestReport): 0 | 1 | 2 {
  if (errors > 0) return 2;
  return failed > 0 ? 1 : 0;
}
