/** Formats the result of `doctor` as text. */
import type { DoctorFindingRow, DoctorProbeRow, DoctorReport } from './doctor.ts';
import { count, type Paint } from './paint.ts';

export function prettyDoctor(report: DoctorReport, ink: Paint): string {
  const { server, namespace, probes, findings, summary } = report;
  const title = server === null ? '' : `${ink.underline(`${server}, namespace ${namespace}`)}\n`;
  const width = findings.reduce((widest, { check }) => Math.max(widest, check.length), 0);
  const blocks = grouped(findings).map((row) => block(row, width, ink));
  const counts = [
    `${summary.ok} ok`,
    summary.problems === 0 ? '0 problems' : ink.red(count(summary.problems, 'problem')),
    summary.unknown === 0 ? '0 unknown' : ink.yellow(`${summary.unknown} unknown`),
  ];
  const lines = probes.map((probe) => `  ${ink.dim(probeText(probe))}\n`).join('');
  const head = title + lines;
  const gap = head === '' || blocks.length === 0 ? '' : '\n';
  const end = head === '' && blocks.length === 0 ? '' : '\n';
  return `${head}${gap}${blocks.join('')}${end}${count(summary.checks, 'check')}: ${counts.join(', ')}\n`;
}

/** Unknown results with one reason are one line, such as those of an outage. */
function grouped(findings: readonly DoctorFindingRow[]): readonly DoctorFindingRow[] {
  const groups = Map.groupBy(findings, (row) => row.reason ?? row);
  return [...groups.values()].flatMap((rows) => {
    const [first] = rows;
    if (first === undefined || rows.length === 1) return rows;
    const checks = rows.map(({ check }) => check).join(', ');
    const message = `cannot determine ${rows.length} checks: ${first.reason}`;
    return [{ ...first, message, why: checks }];
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
  const first = `  ${level}  ${ink.cyan(check.padEnd(width))}  ${subject === null ? '' : `${subject}: `}${message}`;
  const indent = ' '.repeat(width + 13);
  const more = [why, ...(remedy === null ? [] : [`fix: ${remedy}`])];
  return `${[first, ...more.map((line) => indent + ink.dim(line))].join('\n')}\n`;
}
