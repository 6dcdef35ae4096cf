/** Formats the result of `replay` as text: the result in a sentence, then what differs, by group. */
import { fileText, locationText } from '../../files/location-text.ts';
import type { ReplayChange } from '../../recording/comparison.ts';
import { padTo, widest } from '../display-width.ts';
import { numberText } from '../number-text.ts';
import { noticeLines, type Paint } from '../paint.ts';
import { wrapPainted } from '../wrap.ts';
import { agreementText } from './agreement-text.ts';
import {
  type DetailedGroup,
  detailGroups,
  type GroupDetails,
  type GroupProblem,
  type Grouping,
  type ListedGroups,
} from './groups.ts';
import type { DifferentChange, ReplayReport } from './report.ts';
import type { ReplayRun } from './run.ts';
import { amount, othersLabel, otherCounts, resultSentence, RULE_COLUMNS, ruleTable, timeText } from './sentence.ts';

export interface ReplayView {
  readonly ink: Paint;
  /** undefined: not a terminal. */
  readonly columns: number | undefined;
  readonly groupBy: Grouping;
  readonly verbose: boolean;
  /** What was compared: `policy: a`, `from policy a to b`. */
  readonly policies: string;
}

export const CHANGE_TITLES: readonly (readonly [DifferentChange, string])[] = [
  ['newly-denied', 'newly denied'],
  ['newly-allowed', 'newly allowed'],
  ['unknown', 'unknown'],
  ['patch', 'another patch'],
  ['message', 'other findings or messages'],
];

interface Limits {
  readonly groups: number;
  readonly problems: number;
}

const SHORT: Limits = { groups: 10, problems: 3 };
const ALL: Limits = { groups: Number.POSITIVE_INFINITY, problems: Number.POSITIVE_INFINITY };

/** Places for each group. */
const EXAMPLES = { short: 1, verbose: 10 };

export async function prettyReplay({ run, ...view }: ReplayView & { readonly run: ReplayRun }): Promise<string> {
  const details = detailGroups(view.groupBy, view.verbose ? EXAMPLES.verbose : EXAMPLES.short);
  return replayText(await run(details.add), details, view);
}

function replayText(report: ReplayReport, details: GroupDetails, view: ReplayView): string {
  const { ink, columns, groupBy, verbose, policies } = view;
  const limits = verbose ? ALL : SHORT;
  const sections = CHANGE_TITLES.map(([change, title]) =>
    section(details.of(change), { change, title, limits, groupBy }, ink),
  );
  const parts = [
    headText(report, view),
    errorsText(report, view),
    ...sections,
    agreementText(report.agreement, ink, verbose),
    tableText(report, ink),
    missingText(report, ink),
    noticeLines(report.notices, ink, columns).replace(/\n$/, ''),
    `${ink.dim(policies)}\n`,
    hintsText(report, view),
  ];
  return parts.filter((part) => part !== '').join('\n');
}

/** What to run next, in a terminal. */
function hintsText({ summary, missing }: ReplayReport, { ink, columns }: ReplayView): string {
  if (columns === undefined) return '';
  const hints = [
    ...(summary.different > 0 ? ['for a report to share, add -o html > report.html'] : []),
    ...(missing.length > 0 ? ['to look up facts that are not in the recording today, add --live'] : []),
  ];
  return hints.map((line) => `${ink.dim(line)}\n`).join('');
}

/** How many errors with the same message are listed. */
const ALIKE = 3;

function errorsText({ errors, summary }: ReplayReport, { ink, verbose }: ReplayView): string {
  const shown = verbose ? Number.POSITIVE_INFINITY : ALIKE;
  const lines = [...Map.groupBy(errors, ({ message }) => message).values()].flatMap((alike) => [
    ...alike.slice(0, shown).map((row) => `${ink.dim(locationText(row))}  ${ink.red('error')}  ${row.message}\n`),
    ...(alike.length > shown
      ? [ink.dim(`  and ${alike.length - shown} more with this message; --verbose lists them\n`)]
      : []),
  ]);
  const rest = summary.errors - errors.length;
  return [...lines, ...(rest > 0 ? [ink.dim(`  and ${amount(rest, 'more error')}\n`)] : [])].join('');
}

/** Numbers come first, because some of a result can be read as the whole. */
function headText(report: ReplayReport, { ink, columns }: ReplayView): string {
  const { summary, partial } = report;
  const others = [...otherCounts(summary), ...(summary.errors > 0 ? [amount(summary.errors, 'error')] : [])];
  const sentence = `${resultSentence(report)}.`;
  const lines = [
    ...(partial ? [ink.red('Interrupted: this is the result of a part of the reviews.')] : []),
    ink.bold(summary.changes['newly-denied'] > 0 ? ink.red(sentence) : sentence),
    ...(others.length === 0 ? [] : [`${others.join(', ')}.`]),
  ];
  return lines
    .flatMap((line) => wrapPainted(line, columns))
    .map((line) => `${line}\n`)
    .join('');
}

interface Section {
  readonly change: ReplayChange;
  readonly title: string;
  readonly limits: Limits;
  readonly groupBy: Grouping;
}

function section({ groups, others }: ListedGroups, { change, title, limits, groupBy }: Section, ink: Paint): string {
  if (groups.length === 0) return '';
  const shown = groups.slice(0, limits.groups);
  const rest = groups.slice(limits.groups);
  const width = widest(shown.map(({ name }) => name));
  const lines = shown.flatMap((group) => groupLines(group, { width, limits }, ink));
  const more = rest.reduce((sum, group) => sum + group.count, 0);
  return [
    `${colorOf(change, ink)(title)}\n`,
    ...lines.map((line) => `${line}\n`),
    rest.length === 0
      ? ''
      : ink.dim(
          `  and ${numberText(rest.length)} more with ${amount(more, 'review')}; --verbose lists ${others === undefined ? 'all' : 'them'}\n`,
        ),
    others === undefined
      ? ''
      : ink.dim(`  ${othersLabel(groupBy, 0, others)}  ${amount(others.reviews, 'review')}; -o json lists each\n`),
  ].join('');
}

function groupLines(
  group: DetailedGroup,
  { width, limits }: { readonly width: number; readonly limits: Limits },
  ink: Paint,
): readonly string[] {
  const { name, count, last, problems, examples } = group;
  const when = last === null ? '' : `, last ${timeText(last)}`;
  const all = problems.toSorted((one, other) => other.count - one.count);
  const hidden = Math.max(0, all.length - limits.problems) + group.more;
  const where = all.length > limits.problems ? '--verbose lists' : '-o json lists';
  return [
    `  ${ink.underline(name)}${padTo(name, width).slice(name.length)}  ${ink.dim(`${amount(count, 'review')}${when}`)}`,
    ...all.slice(0, limits.problems).flatMap((problem) => problemLines(problem, count, ink)),
    ...(hidden === 0 ? [] : [ink.dim(`    and ${numberText(hidden)} more; ${where} them`)]),
    ...examples.map(({ file, line, label }) => ink.dim(`    ${fileText(file)}:${line}  ${label}`)),
  ];
}

/** The count is only printed if it is not that of the group. */
function problemLines(
  { actions, text, rule, remedy, count }: GroupProblem,
  all: number,
  ink: Paint,
): readonly string[] {
  const action = actions === null ? '' : `${actionsText(actions, ink)}  `;
  const source = rule === null ? '' : ` ${ink.cyan(`[${rule}]`)}`;
  const times = count === all ? '' : ink.dim(`  (${numberText(count)})`);
  const [first = '', ...more] = text.split('\n');
  return [
    `    ${action}${first}${source}${times}`,
    ...more.map((line) => `      ${line}`),
    ...(remedy === null ? [] : [ink.dim(`      ${remedy}`)]),
  ];
}

function actionsText(actions: string, ink: Paint): string {
  return actions.endsWith('deny') ? ink.red(actions) : ink.yellow(actions);
}

function colorOf(change: ReplayChange, ink: Paint): Paint['red'] {
  if (change === 'newly-denied') return ink.red;
  return change === 'newly-allowed' ? ink.green : ink.yellow;
}

/** A single rule is in the groups already. */
function tableText(report: ReplayReport, ink: Paint): string {
  const rows = ruleTable(report);
  if (rows.length < 2) return '';
  const width = widest(['by rule', ...rows.map(({ name }) => name)]);
  const titles = RULE_COLUMNS.map(([title]) => title);
  const lines = rows.map(({ name, cells }) => {
    const texts = cells.map((cell, index) => {
      const text = numberText(cell).padStart(titles[index]?.length ?? 0);
      return cell === 0 ? ink.dim(text) : text;
    });
    return `${padTo(name, width)}  ${texts.join('  ')}\n`;
  });
  return `${ink.bold('by rule')}${' '.repeat(width - 'by rule'.length)}  ${ink.dim(titles.join('  '))}\n${lines.join('')}`;
}

const MAX_FACTS = 5;

function missingText({ missing }: ReplayReport, ink: Paint): string {
  if (missing.length === 0) return '';
  const shown = missing.slice(0, MAX_FACTS);
  const rest = missing.length - shown.length;
  const lines = shown.map(({ fact, reviews }) => `  ${fact}  ${ink.dim(amount(reviews, 'review'))}\n`);
  return `${ink.yellow('not in the recording')}\n${lines.join('')}${rest > 0 ? ink.dim(`  and ${numberText(rest)} more\n`) : ''}`;
}
