/** The result of `replay`: the object that `-o json` prints, and the same for people. */
import { objectLabel } from '../admission/message.ts';
import { fileText, placeText } from '../files/location-text.ts';
import type { Difference } from '../recording/compare.ts';
import type { ErrorRow } from './check.ts';
import { noticeLines, type Paint } from './pretty.ts';
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
  /** What `serve` would send to the API server, byte for byte. */
  readonly answers: { readonly validate: string; readonly mutate: string };
  /** What the decision was compared with; null when the recording expects nothing. */
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
    /** Reviews that were compared with something. */
    readonly compared: number;
    readonly different: number;
    readonly newlyDenied: number;
    readonly newlyAllowed: number;
    readonly otherFindings: number;
    readonly errors: number;
  };
  readonly reviews: readonly ReplayRow[];
  readonly errors: readonly ErrorRow[];
  /** About the policies, not about the reviews: they never change the exit code. */
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
  const verdictChanged = (row: ReplayRow): boolean => changed('newly-denied')(row) || changed('newly-allowed')(row);
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
      otherFindings: having((row) => row.differences.length > 0 && !verdictChanged(row)),
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

const SIGNS: Readonly<Record<Difference['kind'], string>> = {
  'newly-denied': 'newly denied ',
  'newly-allowed': 'newly allowed',
  'finding-added': '+ finding    ',
  'finding-removed': '- finding    ',
  patch: 'patch        ',
};

export function prettyReplay(report: ReplayReport, compared: string, ink: Paint): string {
  const errors = report.errors.map((row) => `${placeText(row)}  ${ink.red('error')}  ${row.message}`);
  const changed = report.reviews.filter(({ differences }) => differences.length > 0);
  const lines = [...errors, ...changed.flatMap((row) => differenceLines(row, ink))];
  return `${lines.map((line) => `${line}\n`).join('')}${noticeLines(report.notices, ink)}${summaryLine(report, ink)} (${compared})\n`;
}

function differenceLines(
  { file, line, operation, kind, namespace, name, differences }: ReplayRow,
  ink: Paint,
): readonly string[] {
  const title = `${ink.underline(`${fileText(file)}:${line}`)}  ${operation} ${objectLabel(kind, namespace ?? undefined, name)}`;
  return [
    title,
    ...differences.map(
      (difference) => `  ${colourOf(difference.kind, ink)(SIGNS[difference.kind])}  ${difference.text}`,
    ),
  ];
}

/** The number of reviews without anything to compare with is said: silence would look like agreement. */
function summaryLine({ summary }: ReplayReport, ink: Paint): string {
  const { reviews, allowed, denied, different, newlyDenied, newlyAllowed, otherFindings, errors, compared } = summary;
  const parts = [
    `${reviews} review${reviews === 1 ? '' : 's'}: ${allowed} allowed, ${denied} denied`,
    `${different} different (${newlyDenied} newly denied, ${newlyAllowed} newly allowed, ${otherFindings} with other findings)`,
  ];
  if (reviews > compared) parts.push(`${reviews - compared} without anything to compare with`);
  if (errors > 0) parts.push(ink.red(`${errors} error${errors === 1 ? '' : 's'}`));
  return parts.join('; ');
}

function colourOf(kind: Difference['kind'], ink: Paint): (text: string) => string {
  if (kind === 'newly-denied') return ink.red;
  return kind === 'newly-allowed' ? ink.green : ink.yellow;
}
