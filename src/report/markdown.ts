/** Formats findings as GitHub Flavored Markdown, for job summaries and comments. */
import { summaryLine } from './check-text.ts';
import type { CheckReport } from './check.ts';
import { count, paint } from './paint.ts';
import { placeIn } from './report-path.ts';
import { type FindingRow, type NoticeRow, rowLabel } from './rows.ts';

export interface MarkdownOptions {
  readonly policySource: string;
  /** The base directory of paths. */
  readonly folder: string;
}

/** GitHub rejects a job summary of more than 1024 KiB as a whole. The rest is for what else a step writes. */
const MAX_BYTES = 900 * 1024;

/** Audited, excused, and known findings are only counted. */
export function markdownCheck(report: CheckReport, { policySource, folder }: MarkdownOptions): string {
  const errors = report.errors.map((row) => ['error', place(row, folder), '', 'not evaluated', escaped(row.message)]);
  const findings = report.findings
    .filter(({ action, known }) => action !== 'audit' && action !== 'excused' && !known)
    .map((row) => [row.action, place(row, folder), escaped(rowLabel(row)), ruleOf(row), messageOf(row)]);
  const head = `### tidewaiter: ${escaped(summaryLine(report, policySource, paint(false)))}\n`;
  return `${head}${table([...errors, ...findings])}${noticeList(report.notices)}`;
}

function ruleOf({ rule, outcome }: FindingRow): string {
  return outcome === 'violation' ? escaped(rule) : `${escaped(rule)}, unknown`;
}

function messageOf({ message, remedy }: FindingRow): string {
  return remedy === null ? escaped(message) : `${escaped(message)}<br>${escaped(remedy)}`;
}

interface Placed {
  readonly file: string;
  readonly line: number | null;
}

function place({ file, line }: Placed, folder: string): string {
  const at = placeIn(folder, file);
  return escaped(`${at.at === 'stdin' ? 'stdin' : at.path}${line === null ? '' : `:${line}`}`);
}

function table(rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const lines = rows.map((cells) => `| ${cells.join(' | ')} |\n`);
  const shown = within(lines, MAX_BYTES);
  const rest = rows.length - shown.length;
  const more = rest === 0 ? '' : `\n${count(rest, 'more row')}, which this report has no space for.\n`;
  return `\n| Result | File | Object | Rule | Message |\n|---|---|---|---|---|\n${shown.join('')}${more}`;
}

const NOTICES = 20;

function noticeList(notices: readonly NoticeRow[]): string {
  if (notices.length === 0) return '';
  const rest = notices.length - NOTICES;
  const lines = notices.slice(0, NOTICES).map(({ message }) => `- ${escaped(message)}\n`);
  return `\n${count(notices.length, 'notice')}:\n\n${lines.join('')}${rest > 0 ? `- ${rest} more\n` : ''}`;
}

/** Returns the first lines, up to a total size. */
export function within(lines: readonly string[], maxBytes: number): readonly string[] {
  let bytes = 0;
  const end = lines.findIndex((line) => (bytes += Buffer.byteLength(line)) > maxBytes);
  return end < 0 ? lines : lines.slice(0, end);
}

/**
 * Everything that can be syntax becomes a character reference, which is always text, in tables as well. Colons and dots begin
 * links and emoji; the characters at the start begin lists.
 */
const SYNTAX = /[\\`*_[\]<>&#~@|$^{}!]|:(?![\s\d]|$)|(?<=www)\.|^[-+=]|^\d(?=\d*[.)](?:\s|$))/gi;

export function escaped(text: string): string {
  const line = text
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ')
    .toWellFormed()
    .trim();
  return line.replaceAll(SYNTAX, (character) => `&#${character.codePointAt(0)};`);
}
