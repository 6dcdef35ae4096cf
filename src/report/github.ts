/**
 * Formats findings as annotations for GitHub Actions: one workflow command per line, then the summary.
 * The grammar and the escapes are those of the runner: actions/runner, ActionCommand.cs (the first `::` ends the properties).
 */
import type { CheckReport, ErrorRow } from './check.ts';
import { placeIn } from './report-path.ts';
import { count, paint } from './paint.ts';
import { summaryLine } from './check-text.ts';
import { type FindingRow, findingText } from './rows.ts';

export interface GithubOptions {
  readonly policySource: string;
  /** The directory of the checkout. */
  readonly folder: string;
}

/** Audited, excused, and known findings get no annotation; the summary counts them. */
export function githubCheck(report: CheckReport, { policySource, folder }: GithubOptions): string {
  const errors = report.errors.map((row) =>
    command('error', { ...row, title: 'not evaluated', text: row.message, folder }),
  );
  const findings = report.findings
    .filter(({ action, known }) => action !== 'audit' && action !== 'excused' && !known)
    .map((row) => command(levelOf(row), { ...row, title: row.rule, text: findingText(row), folder }));
  const commands = [...errors, ...findings];
  const summary = oneLine(summaryLine(report, policySource, paint(false)));
  return [...commands, ...unseen(commands), summary].map((line) => `${line}\n`).join('');
}

/** GitHub shows so many errors, warnings, and notices of a step, and silently leaves out the others. Its limit for a job is 50. */
const SHOWN = 10;

/** Returns an annotation about those that GitHub leaves out. */
function unseen(commands: readonly string[]): readonly string[] {
  const errors = commands.filter((line) => line.startsWith('::error ')).length;
  const rest = Math.max(0, errors - SHOWN) + Math.max(0, commands.length - errors - SHOWN);
  if (rest === 0) return [];
  const limit = `GitHub shows at most ${SHOWN} errors and ${SHOWN} warnings of a step`;
  return [`::notice title=tidewaiter::${count(rest, 'more finding')} in the log of this step: ${limit}`];
}

function levelOf({ action }: FindingRow): 'error' | 'warning' {
  return action === 'deny' ? 'error' : 'warning';
}

interface Annotation extends Pick<ErrorRow, 'file' | 'line' | 'column'> {
  readonly title: string;
  readonly text: string;
  readonly folder: string;
}

function command(level: 'error' | 'warning', { file, line, column, title, text, folder }: Annotation): string {
  const place = placeIn(folder, file);
  const properties = [
    ...(place.at === 'stdin' ? [] : [`file=${escapeProperty(place.path)}`]),
    ...(place.at === 'stdin' || line === null ? [] : [`line=${line}`, `col=${column ?? 1}`]),
    `title=${escapeProperty(title)}`,
  ];
  return `::${level} ${properties.join(',')}::${escapeData(text)}`;
}

function escapeData(text: string): string {
  return text.replaceAll('%', '%25').replaceAll('\r', '%0D').replaceAll('\n', '%0A');
}

function escapeProperty(text: string): string {
  return escapeData(text).replaceAll(':', '%3A').replaceAll(',', '%2C');
}

/** Removes line breaks, because the next line could be a workflow command. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}
