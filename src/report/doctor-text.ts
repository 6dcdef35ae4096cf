/** Formats the result of `doctor` as text. */
import type { DoctorFindingRow, DoctorProbeRow, DoctorReport } from './doctor.ts';
import { count, type Paint } from './paint.ts';

export function prettyDoctor(report: DoctorReport, ink: Paint): string {
  const { server, namespace, probes, findings, summary } = report;
  const place = namespace === null ? server : `${server}, namespace ${namespace}`;
  const title = place === null ? '' : `${ink.underline(place)}\n`;
  const rows = grouped(findings);
  const width = rows.reduce((widest, { check }) => Math.max(widest, check.length), 0);
  const blocks = rows.map((row) => block(row, width, ink));
  const counts = [
    `${summary.ok} ok`,
    summary.problems === 0 ? '0 problems' : ink.red(count(summary.problems, 'problem')),
    summary.unknown === 0 ? '0 unknown' : ink.yellow(`${summary.unknown} unknown`),
  ];
  const lines = probes.map((probe) => `  ${ink.dim(probeText(probe))}\n`).join('');
  const head = title + lines;
  const gap = head === '' || blocks.length === 0 ? '' : '\n';
  const end = head === '' && blocks.length === 0 ? '' : '\n';
  const hint = server === null ? 'to check the installation in a cluster, add --cluster\n' : '';
  return `${head}${gap}${blocks.join('')}${end}${count(summary.checks, 'check')}: ${counts.join(', ')}\n${hint}`;
}

/** Unknown results with one reason are one line, such as those of an outage. */
function grouped(findings: readonly DoctorFindingRow[]): readonly DoctorFindingRow[] {
  const groups = Map.groupBy(findings, (row) => row.reason ?? row);
  return [...groups.values()].flatMap((rows) => {
    const [first] = rows;
    if (first === undefined || rows.length === 1) return rows;
    const checks = rows.map(({ check }) => check).join(', ');
    return [{ ...first, check: `${rows.length} checks`, message: first.reason ?? '', why: checks }];
  });
}

const OUTCOMES: Readonly<Record<DoctorProbeRow['outcome'], string>> = {
  answered: 'answered',
  'not-called': 'did not answer',
  failed: 'failed',
};

function probeText({ webhook, namespace, failurePolicy, outcome, latencyMs }: DoctorProbeRow): string {
  return `probe of ${webhook} in namespace ${namespace}: ${OUTCOMES[outcome]} in ${latencyMs} ms (failurePolicy: ${failurePolicy})`;
}

function block({ check, status, subject, message, why, remedy }: DoctorFindingRow, width: number, ink: Paint): string {
  const level = status === 'problem' ? ink.red('problem') : ink.yellow('unknown');
  const [first = '', ...rest] = `${subject === null ? '' : `${subject}: `}${message}`.split('\n').map(printable);
  const indent = ' '.repeat(width + 13);
  const more = [why, ...(remedy === null ? [] : [`fix: ${remedy}`])].map(printable);
  const lines = [
    `  ${level}  ${ink.cyan(check.padEnd(width))}  ${first}`,
    ...rest.map((line) => indent + line),
    ...more.map((line) => indent + ink.dim(line)),
  ];
  return `${lines.join('\n')}\n`;
}

/** Control, format, and separator characters, which a terminal can interpret. */
const UNPRINTABLE = /[\p{C}\p{Zl}\p{Zp}]/gu;

function printable(text: string): string {
  return text.replaceAll(UNPRINTABLE, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`);
}
