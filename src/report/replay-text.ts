/** Formats the result of `replay` as text. */
import { objectLabel } from '../admission/message.ts';
import { fileText, locationText } from '../files/location-text.ts';
import type { Difference } from '../recording/compare.ts';
import { noticeLines, type Paint } from './paint.ts';
import type { ReplayReport, ReplayRow } from './replay.ts';

const SIGNS: Readonly<Record<Difference['kind'], string>> = {
  'newly-denied': 'newly denied ',
  'newly-allowed': 'newly allowed',
  'finding-added': '+ finding    ',
  'finding-removed': '- finding    ',
  patch: 'patch        ',
};

export function prettyReplay(report: ReplayReport, compared: string, ink: Paint): string {
  const errors = report.errors.map((row) => `${locationText(row)}  ${ink.red('error')}  ${row.message}`);
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
      (difference) => `  ${colorOf(difference.kind, ink)(SIGNS[difference.kind])}  ${difference.text}`,
    ),
  ];
}

/** The summary counts reviews without an expected decision, because they would otherwise look like matches. */
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

function colorOf(kind: Difference['kind'], ink: Paint): (text: string) => string {
  if (kind === 'newly-denied') return ink.red;
  return kind === 'newly-allowed' ? ink.green : ink.yellow;
}
