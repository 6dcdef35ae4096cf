/** Formats the result of `replay` as GitHub Flavored Markdown, for job summaries and comments. */
import type { ReplayChange } from '../../recording/comparison.ts';
import { escaped, within } from '../markdown.ts';
import { numberText } from '../number-text.ts';
import { agreementCounts, namedPairs } from './agreement-text.ts';
import { type DetailedGroup, detailGroups, type GroupDetails, type Grouping } from './groups.ts';
import type { ReplayReport } from './report.ts';
import type { ReplayRun } from './run.ts';
import { otherCounts, othersLabel, resultSentence, RULE_COLUMNS, ruleTable, timeText } from './sentence.ts';
import { CHANGE_TITLES } from './text.ts';

/** GitHub rejects a job summary of more than 1024 KiB as a whole. */
const MAX_BYTES = 900 * 1024;
const MAX_PROBLEMS = 3;

interface MarkdownInput {
  readonly run: ReplayRun;
  readonly groupBy: Grouping;
  readonly policies: string;
}

export async function markdownReplay({ run, groupBy, policies }: MarkdownInput): Promise<string> {
  const details = detailGroups(groupBy, 0);
  const report = await run(details.add);
  const { summary, partial, errors, notices } = report;
  const others = otherCounts(summary);
  const parts = [
    `### tidewaiter: ${escaped(resultSentence(report))}\n`,
    partial ? '\n**Interrupted: this is the result of a part of the reviews.**\n' : '',
    others.length === 0 ? '' : `\n${escaped(others.join(', '))}.\n`,
    listOf(
      'error',
      errors.map(({ file, line, message }) => `${file}${line === null ? '' : `:${line}`}: ${message}`),
    ),
    groupTable(details, groupBy),
    agreementTable(report),
    ruleTableText(report),
    listOf(
      'missing fact',
      report.missing.map(({ fact, reviews }) => `${fact}: ${numberText(reviews)}`),
    ),
    listOf(
      'notice',
      notices.map(({ message }) => message),
    ),
    `\n${escaped(policies)}\n`,
  ];
  return parts.join('');
}

function agreementTable({ agreement }: ReplayReport): string {
  if (agreement === undefined) return '';
  const counts = agreementCounts(agreement).map(([number, title]) => `${numberText(number)} ${title}`);
  const rows = namedPairs(agreement).map(({ peer, rule, reviews }) => [
    escaped(peer),
    escaped(rule),
    numberText(reviews),
  ]);
  return `\n${escaped(counts.join(', '))}.\n${table(['Other policy', 'Rule', 'Reviews'], rows)}`;
}

/** Newly denied groups get the space first. Those that have none are one row for each change. */
function groupTable(details: GroupDetails, by: Grouping): string {
  let space = MAX_BYTES / 2;
  const lines = CHANGE_TITLES.flatMap(([change, title]) => {
    const { groups, others } = details.of(change);
    const all = groups.map((group) => rowLine(groupRow(group, change, title)));
    const shown = within(all, space);
    space -= Buffer.byteLength(shown.join(''));
    const rest = groups.slice(shown.length);
    if (rest.length === 0 && others === undefined) return shown;
    const reviews = rest.reduce((sum, { count }) => sum + count, others?.reviews ?? 0);
    const label = escaped(othersLabel(by, rest.length, others));
    return [...shown, rowLine([titleText(change, title), label, numberText(reviews), '', ''])];
  });
  return lines.length === 0 ? '' : `${tableHead(['Result', 'Who', 'Reviews', 'Last', 'What'])}${lines.join('')}`;
}

function titleText(change: ReplayChange, title: string): string {
  return change === 'newly-denied' ? `**${title}**` : title;
}

function groupRow(group: DetailedGroup, change: ReplayChange, title: string): readonly string[] {
  const { name, count, last, problems } = group;
  const all = problems.toSorted((one, other) => other.count - one.count);
  const more = Math.max(0, all.length - MAX_PROBLEMS) + group.more;
  const texts = all.slice(0, MAX_PROBLEMS).map(({ rule, text }) => escaped(rule === null ? text : `${text} [${rule}]`));
  const what = more > 0 ? [...texts, `and ${numberText(more)} more`] : texts;
  const when = last === null ? '' : escaped(timeText(last));
  return [titleText(change, title), escaped(name), numberText(count), when, what.join('<br>')];
}

function ruleTableText(report: ReplayReport): string {
  const rows = ruleTable(report).map(({ name, cells }) => [escaped(name), ...cells.map(numberText)]);
  return rows.length < 2 ? '' : table(['Rule', ...RULE_COLUMNS.map(([title]) => title)], rows);
}

function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  if (rows.length === 0) return '';
  const lines = rows.map(rowLine);
  const shown = within(lines, MAX_BYTES / 2);
  const rest = rows.length - shown.length;
  const more = rest === 0 ? '' : `\n${numberText(rest)} more rows, which this report has no space for.\n`;
  return `${tableHead(head)}${shown.join('')}${more}`;
}

function rowLine(cells: readonly string[]): string {
  return `| ${cells.join(' | ')} |\n`;
}

function tableHead(head: readonly string[]): string {
  return `\n${rowLine(head)}|${head.map(() => '---|').join('')}\n`;
}

const MAX_LISTED = 20;

function listOf(word: string, texts: readonly string[]): string {
  if (texts.length === 0) return '';
  const rest = texts.length - MAX_LISTED;
  const lines = texts.slice(0, MAX_LISTED).map((text) => `- ${escaped(text)}\n`);
  const head = `${numberText(texts.length)} ${word}${texts.length === 1 ? '' : 's'}:`;
  return `\n${head}\n\n${lines.join('')}${rest > 0 ? `- ${numberText(rest)} more\n` : ''}`;
}
