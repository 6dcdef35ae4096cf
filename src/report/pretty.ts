/** Findings for people: one block per file, aligned; colours only where the caller says so. */
import colours from 'picocolors';
import type { CheckReport, ErrorRow } from './check.ts';
import { type FindingRow, rowLabel } from './rows.ts';

export type Paint = ReturnType<typeof colours.createColors>;

export function paint(enabled: boolean): Paint {
  return colours.createColors(enabled);
}

export function prettyCheck(report: CheckReport, policySource: string, ink: Paint): string {
  const files = [...new Set([...report.findings, ...report.errors].map(({ file }) => file))];
  const blocks = files.map((file) => {
    const errors = report.errors.filter((error) => error.file === file);
    return fileBlock(file, { findings: report.findings.filter((finding) => finding.file === file), errors }, ink);
  });
  return `${blocks.map((block) => `${block}\n`).join('')}${summaryLine(report, policySource, ink)}\n`;
}

interface Block {
  readonly findings: readonly FindingRow[];
  readonly errors: readonly ErrorRow[];
}

const MAX_MESSAGE = 72;

function fileBlock(file: string, { findings, errors }: Block, ink: Paint): string {
  const shown = findings.filter(({ action }) => action !== 'audit');
  const placeWidth = widest([...shown, ...errors].map(placeOf));
  const messageWidth = Math.min(MAX_MESSAGE, widest(shown.map(({ message }) => message)));
  const whereWidth = widest(shown.map((row) => rowLabel(row)));
  const lines = errors.map((row) => `  ${placeOf(row).padStart(placeWidth)}  ${ink.red('error')}  ${row.message}`);
  for (const row of shown) {
    const rule = row.outcome === 'violation' ? row.rule : `${row.rule}, unknown`;
    const place = ink.dim(placeOf(row).padStart(placeWidth));
    const where = ink.dim(rowLabel(row).padEnd(whereWidth));
    lines.push(`  ${place}  ${level(row, ink)}  ${row.message.padEnd(messageWidth)}  ${where}  ${ink.cyan(rule)}`);
    if (row.remedy !== null) lines.push(`  ${' '.repeat(placeWidth)}         ${ink.dim(row.remedy)}`);
  }
  return lines.length === 0 ? '' : `${ink.underline(file)}\n${lines.join('\n')}\n`;
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, { length }) => Math.max(width, length), 0);
}

function placeOf({ line, column }: { readonly line: number | null; readonly column: number | null }): string {
  return line === null ? '' : `${line}:${column}`;
}

function level({ action }: FindingRow, ink: Paint): string {
  if (action === 'deny') return ink.red('deny ');
  return action === 'warn' ? ink.yellow('warn ') : ink.dim('audit');
}

export function summaryLine({ summary, findings }: CheckReport, policySource: string, ink: Paint): string {
  const { files, workloads, images, denied, warned, unknown, errors } = summary;
  const verdicts = [
    denied === 0 ? '0 denied' : ink.red(`${denied} denied`),
    warned === 0 ? '0 warned' : ink.yellow(`${warned} warned`),
    `${unknown} unknown`,
    ...(errors === 0 ? [] : [ink.red(count(errors, 'error'))]),
  ];
  const audited = findings.filter(({ action }) => action === 'audit').length;
  const more = audited === 0 ? '' : ink.dim(`, ${audited} audited: see -o json`);
  return `${count(files, 'file')}, ${count(workloads, 'workload')}, ${count(images, 'image')}: ${verdicts.join(', ')} (policy: ${policySource})${more}`;
}

function count(number: number, word: string): string {
  return `${number} ${word}${number === 1 ? '' : 's'}`;
}
