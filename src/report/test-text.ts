/** Formats the result of `test` as text. */
import { source } from '../admission/message.ts';
import { fileText, locationText } from '../files/location-text.ts';
import type { SuiteFinding } from '../files/suite-faults.ts';
import { quoteValue } from '../image/quote.ts';
import type { ErrorRow } from './check.ts';
import { noticeLines, type Paint } from './paint.ts';
import { type FindingRow, rowLabel } from './rows.ts';
import type { TestCaseRow, TestReport, TestSuiteRow } from './test.ts';

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

/** Escapes line breaks and control characters in a name. */
function shown(name: string): string {
  const quoted = quoteValue(name);
  return quoted === `"${name}"` ? name : quoted;
}

/** Lists the problems of a case other than errors, for the text and JUnit formats. */
export function problemTexts(row: TestCaseRow): readonly { readonly place: string; readonly text: string }[] {
  return [
    ...(row.reason === null ? [] : [{ place: locationText(row), text: row.reason }]),
    ...row.missing.map((one) => ({ place: locationText(one), text: `missing     ${expectationText(one.finding)}` })),
    ...row.unexpected.map((one) => ({ place: locationText(one), text: `unexpected  ${foundText(one)}` })),
  ];
}

function problemLines(row: TestCaseRow, ink: Paint): readonly string[] {
  const problems = problemTexts(row);
  const width = problems.reduce((widest, { place }) => Math.max(widest, place.length), 0);
  return problems.map(({ place, text }) => `${ink.dim(place.padEnd(width))}  ${text}`);
}

/** `{rule: "image-registry", container: "web"}` */
function expectationText(finding: SuiteFinding): string {
  const parts = Object.entries(finding).map(([key, value]) => `${key}: ${quoteValue(String(value))}`);
  return `{${parts.join(', ')}}`;
}

function foundText(row: FindingRow): string {
  return `${row.action}  ${rowLabel(row)}: ${row.message} ${source(row)}`;
}

function errorLine(row: ErrorRow, ink: Paint): string {
  return `${ink.dim(locationText(row))}  ${ink.red('error')}  ${row.message}`;
}
