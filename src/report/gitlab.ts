/** Formats findings as a Code Quality report for GitLab: a JSON array with an entry per finding, which merge requests compare. */
import { createHash } from 'node:crypto';
import type { CheckReport, ErrorRow } from './check.ts';
import { placeIn } from './report-path.ts';
import { type FindingRow, findingText } from './rows.ts';

interface Issue {
  readonly description: string;
  readonly check_name: string;
  readonly fingerprint: string;
  readonly severity: 'info' | 'minor' | 'major' | 'blocker';
  readonly location: { readonly path: string; readonly lines: { readonly begin: number } };
}

/** Excused and known findings have no entry. */
export function gitlabCheck(report: CheckReport, folder: string): string {
  const errors = report.errors.map((row) => errorIssue(row, folder));
  const findings = report.findings
    .filter(({ action, known }) => action !== 'excused' && !known)
    .map((row) => findingIssue(row, folder));
  return `${JSON.stringify([...errors, ...findings], null, 2)}\n`;
}

const SEVERITIES = { deny: 'major', warn: 'minor', audit: 'info', excused: 'info' } as const;

function findingIssue(row: FindingRow, folder: string): Issue {
  return {
    description: description(findingText(row).replace('\n', '; ')),
    check_name: row.rule.toWellFormed(),
    fingerprint: row.fingerprint,
    severity: SEVERITIES[row.action],
    location: locationOf(row, folder),
  };
}

/** Without the line, so that the entry stays the same while the file changes elsewhere. */
function errorIssue(row: ErrorRow, folder: string): Issue {
  const identity = JSON.stringify([row.file, row.document, row.message]);
  return {
    description: description(`not evaluated: ${row.message}`),
    check_name: 'not-evaluated',
    fingerprint: createHash('sha256').update(identity).digest('hex').slice(0, 32),
    severity: 'blocker',
    location: locationOf(row, folder),
  };
}

/** GitLab requires a path and a line. */
function locationOf({ file, line }: Pick<ErrorRow, 'file' | 'line'>, folder: string): Issue['location'] {
  const place = placeIn(folder, file.toWellFormed());
  return { path: place.at === 'stdin' ? 'stdin' : place.path, lines: { begin: line ?? 1 } };
}

/** JSON allows lone surrogates, but strict parsers reject them. */
function description(text: string): string {
  return text.replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ').toWellFormed();
}
