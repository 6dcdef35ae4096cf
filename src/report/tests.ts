/** The result of `test`: the object that `-o json` prints, and the same for people. Keys are stable; `version` counts incompatible changes. */
import { source } from '../admission/message.ts';
import { fileText, placeText } from '../files/location-text.ts';
import type { SuiteFinding } from '../files/suites.ts';
import { quoteValue } from '../image/quote.ts';
import type { ErrorRow } from './check.ts';
import { noticeLines, type Paint } from './pretty.ts';
import { type FindingRow, type NoticeRow, rowLabel } from './rows.ts';

interface Spot {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** A finding that the suite expects, and its place there. */
export interface ExpectedRow extends Spot {
  readonly finding: SuiteFinding;
}

/** `error`: it could not be run. */
export type TestOutcome = 'passed' | 'failed' | 'error';

export interface TestCaseRow extends Spot {
  readonly name: string;
  readonly outcome: TestOutcome;
  readonly workloads: number;
  /** All that was found. */
  readonly findings: readonly FindingRow[];
  /** Expected, and not found. */
  readonly missing: readonly ExpectedRow[];
  /** Found, and not expected. */
  readonly unexpected: readonly FindingRow[];
  /** Why it failed when it is not for its findings: `no workload in …`. */
  readonly reason: string | null;
  readonly errors: readonly ErrorRow[];
}

export interface TestSuiteRow extends Spot {
  readonly name: string;
  /** `built-in`, or files and folders. */
  readonly policies: string;
  readonly cases: readonly TestCaseRow[];
  /** About its text and its policies: they never change the outcome. */
  readonly notices: readonly NoticeRow[];
}

export interface TestReport {
  readonly version: 1;
  readonly summary: {
    readonly suites: number;
    readonly cases: number;
    readonly passed: number;
    readonly failed: number;
    /** Cases, suites and files that could not be run or read. */
    readonly errors: number;
  };
  readonly suites: readonly TestSuiteRow[];
  /** What is wrong with suites and their policies. */
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

/** 0 all passed, 1 something failed, 2 something could not be run. */
export function testExitCode({ summary: { errors, failed } }: TestReport): 0 | 1 | 2 {
  if (errors > 0) return 2;
  return failed > 0 ? 1 : 0;
}

export function prettyTests({ suites, errors, summary }: TestReport, ink: Paint): string {
  const blocks = suites.map((suite) => suiteBlock(suite, ink));
  const faults = errors.map((row) => `${errorLine(row, ink)}\n`).join('');
  const counts = [
    summary.passed === 0 ? '0 passed' : ink.green(`${summary.passed} passed`),
    summary.failed === 0 ? '0 failed' : ink.red(`${summary.failed} failed`),
    ...(summary.errors === 0 ? [] : [ink.red(`${summary.errors} error${summary.errors === 1 ? '' : 's'}`)]),
  ];
  return `${blocks.join('')}${faults}${faults === '' ? '' : '\n'}${counts.join(', ')}\n`;
}

function suiteBlock({ file, name, policies, cases, notices }: TestSuiteRow, ink: Paint): string {
  const title = `${ink.underline(fileText(file))}  ${name}  ${ink.dim(`(policy: ${policies})`)}`;
  const lines = cases.flatMap((one) => caseLines(one, ink));
  return `${title}\n${lines.map((line) => `  ${line}\n`).join('')}\n${noticeLines(notices, ink)}`;
}

function caseLines(row: TestCaseRow, ink: Paint): readonly string[] {
  if (row.outcome === 'passed') return [`${ink.green('✓')} ${shown(row.name)}`];
  const more = [...row.errors.map((error) => errorLine(error, ink)), ...problemLines(row, ink)];
  return [`${ink.red('✗')} ${shown(row.name)}`, ...more.map((line) => `    ${line}`)];
}

/** Whatever stands in a name, it stays on its line. */
function shown(name: string): string {
  const quoted = quoteValue(name);
  return quoted === `"${name}"` ? name : quoted;
}

/** What went wrong besides errors, the same for people and for CI systems. */
export function problemTexts(row: TestCaseRow): readonly { readonly place: string; readonly text: string }[] {
  return [
    ...(row.reason === null ? [] : [{ place: placeText(row), text: row.reason }]),
    ...row.missing.map((one) => ({ place: placeText(one), text: `expected  ${expectationText(one.finding)}` })),
    ...row.unexpected.map((one) => ({ place: placeText(one), text: `found     ${foundText(one)}` })),
  ];
}

function problemLines(row: TestCaseRow, ink: Paint): readonly string[] {
  const problems = problemTexts(row);
  const width = problems.reduce((widest, { place }) => Math.max(widest, place.length), 0);
  return problems.map(({ place, text }) => `${ink.dim(place.padEnd(width))}  ${text}`);
}

/** `{rule: "image-registry", container: "web"}, which was not found` */
function expectationText(finding: SuiteFinding): string {
  const parts = Object.entries(finding).map(([key, value]) => `${key}: ${quoteValue(String(value))}`);
  return `{${parts.join(', ')}}, which was not found`;
}

function foundText(row: FindingRow): string {
  return `${row.action}  ${rowLabel(row)}: ${row.message} ${source(row)}, which was not expected`;
}

function errorLine(row: ErrorRow, ink: Paint): string {
  return `${ink.dim(placeText(row))}  ${ink.red('error')}  ${row.message}`;
}
