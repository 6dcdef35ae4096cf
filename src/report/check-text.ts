/** Formats the result of `check` as text: blocks of findings, what concerns many files, totals, and the summary. */
import { quoteValue } from '../image/quote.ts';
import { CHANGE_RULES } from '../policy/change-rules.ts';
import type { CheckReport, FactNumbers } from './check.ts';
import { type CheckView, isLong, isTerminal } from './check-view.ts';
import { blocksOf, groupingOf, remediesOf } from './finding-groups.ts';
import { type Entry, levelInk } from './finding-lines.ts';
import { changeLines } from './change-lines.ts';
import { type MessageGroup, groupAlike } from './grouped-lines.ts';
import { NAME, withName } from './command-lines.ts';
import { count, noticeLines, type Paint } from './paint.ts';
import type { FindingRow } from './rows.ts';
import { createSources } from './finding-sources.ts';
import { mostFrequentRule, totalsText } from './totals.ts';
import { wrapPainted } from './wrap.ts';

const PIPE: CheckView = {};

export function prettyCheck(unnamed: CheckReport, policySource: string, ink: Paint, view: CheckView = PIPE): string {
  const report = namedReport(unnamed, view.name);
  const fresh = report.findings.filter(({ known }) => !known);
  const outages = groupAlike(fresh.filter(isUndecided), kindOf);
  const grouped = new Set(outages.flatMap(({ rows }) => rows));
  const shown = fresh.filter(({ action }) => action !== 'audit');
  const findings = shown.filter((finding) => !grouped.has(finding));
  const sources = createSources(findings.length, view, ink);
  const entries = [...findings, ...report.errors];
  const isLonger = isLong(findings.length, view) || isLong(linesOf(entries, { view, ink }), view);
  const blocks = blocksOf(entries, {
    groupBy: groupingOf(isLonger, view),
    columns: view.columns,
    ink,
    link: view.link,
    isNew: remediesOf(isLonger, view),
    sourceOf: sources.of,
  });
  return [
    ...blocks.map((block) => `${block}\n`),
    sources.note(),
    ...outages.map((outage) => outageLines(outage, ink)),
    changeLines(report.changes ?? [], ink, view.columns),
    noticeLines(report.notices, ink, view.columns),
    isLonger ? totalsText(shown, ink, view.link) : '',
    `${wrapPainted(summaryLine(report, policySource, ink), view.columns).join('\n')}\n`,
    clusterLine(report, ink),
    isTerminal(view) || isLonger ? hintLines(shown, report, { view, ink }) : '',
  ].join('');
}

/** The report with command lines as the user types them; the text has source lines, which stay as they are. */
function namedReport(report: CheckReport, name = NAME): CheckReport {
  if (name === NAME) return report;
  const withMessage = <R extends { readonly message: string }>(row: R): R => ({
    ...row,
    message: withName(row.message, name),
  });
  return {
    ...report,
    findings: report.findings.map((row) => ({ ...row, remedy: row.remedy && withName(row.remedy, name) })),
    errors: report.errors.map(withMessage),
    notices: report.notices.map(withMessage),
  };
}

/** The lines of a text by file with all remedies and without source lines, which is printed if it fits on a screen. */
function linesOf(entries: readonly Entry[], { view, ink }: Look): number {
  const { columns, link } = view;
  const isNew = remediesOf(false, view);
  const blocks = blocksOf(entries, { groupBy: groupingOf(false, view), columns, ink, link, isNew, sourceOf: () => [] });
  return blocks.reduce((lines, block) => lines + block.split('\n').length, 0);
}

function isUndecided({ outcome, action, exception }: FindingRow): boolean {
  return outcome === 'unknown' && action !== 'audit' && exception === null;
}

function kindOf({ policy, rule, action, remedy }: FindingRow): string {
  return JSON.stringify([policy, rule, action, remedy]);
}

/** Formats a message about many files; it follows the blocks of the files. */
function outageLines({ rows: [row], message }: MessageGroup<FindingRow>, ink: Paint): string {
  const remedy = row.remedy === null ? '' : `  ${ink.dim(row.remedy)}\n`;
  return `${levelInk(row, ink)(row.action)}  ${message}  ${ink.cyan(`${row.rule}, unknown`)}\n${remedy}\n`;
}

interface Look {
  readonly view: CheckView;
  readonly ink: Paint;
}

/** What to run next; a policy needs workloads. */
function hintLines(shown: readonly FindingRow[], { summary: { workloads } }: CheckReport, { view, ink }: Look): string {
  const explained = shown.filter(({ action, rule }) => action !== 'excused' && !CHANGE_RULES.includes(rule));
  const rule = mostFrequentRule(explained);
  const about = rule === undefined ? [] : [`for ${rule}, see tidewaiter explain rule ${rule}`];
  const lines = [...about, ...(workloads === 0 ? [] : (view.hints ?? []))];
  return lines.length === 0 ? '' : `\n${lines.map((line) => `${ink.dim(withName(line, view.name))}\n`).join('')}`;
}

/** Empty without a cluster. */
function clusterLine({ cluster }: CheckReport, ink: Paint): string {
  if (cluster === undefined) return '';
  const { server, fromCluster, fromInput, unknown } = cluster;
  const parts = [
    numbersText(fromCluster, `from ${quoteValue(server)}`),
    numbersText(fromInput, 'from the input files'),
    ...(unknown === 0 ? [] : [`${unknown} unknown`]),
  ].filter((part) => part !== '');
  return ink.dim(`cluster objects: ${parts.length === 0 ? 'none needed' : parts.join('; ')}\n`);
}

function numbersText({ secrets, serviceAccounts, namespaces }: FactNumbers, from: string): string {
  const kinds = [
    [secrets, 'Secret'],
    [serviceAccounts, 'ServiceAccount'],
    [namespaces, 'Namespace'],
  ] as const;
  const texts = kinds.flatMap(([number, kind]) => (number === 0 ? [] : [count(number, kind)]));
  return texts.length === 0 ? '' : `${texts.join(', ')} ${from}`;
}

export function summaryLine({ summary, findings }: CheckReport, policySource: string, ink: Paint): string {
  const { files, workloads, unchanged, images, denied, warned, unknown, excused, known, errors } = summary;
  const counts = [
    denied === 0 ? '0 denied' : ink.red(`${denied} denied`),
    warned === 0 ? '0 warned' : ink.yellow(`${warned} warned`),
    `${unknown} unknown`,
    ...(excused === 0 ? [] : [`${excused} excused`]),
    ...(known === 0 ? [] : [`${known} known`]),
    ...(errors === 0 ? [] : [ink.red(count(errors, 'error'))]),
  ];
  const audited = findings.filter(({ action, known: isKnown }) => action === 'audit' && !isKnown).length;
  const more = audited === 0 ? '' : ink.dim(`, ${audited} audited: see -o json`);
  const evaluated = unchanged === undefined ? 'workload' : 'changed workload';
  const same = unchanged === undefined ? '' : `${unchanged} unchanged, `;
  return `${count(files, 'file')}, ${count(workloads, evaluated)}, ${same}${count(images, 'image')}: ${counts.join(', ')} (policy: ${policySource})${more}`;
}
