/** Formats findings as text: one aligned block per file. */
import { fileText } from '../files/location-text.ts';
import { quoteValue } from '../image/quote.ts';
import type { CheckReport, ErrorRow, FactNumbers } from './check.ts';
import { type MessageGroup, groupAlike } from './grouped-lines.ts';
import { count, noticeLines, type Paint } from './paint.ts';
import { type ExceptionRow, type FindingRow, rowLabel } from './rows.ts';

export function prettyCheck(report: CheckReport, policySource: string, ink: Paint): string {
  const outages = groupAlike(report.findings.filter(isUndecided), kindOf);
  const grouped = new Set(outages.flatMap(({ rows }) => rows));
  const findings = report.findings.filter((finding) => !grouped.has(finding));
  const files = [...new Set([...findings, ...report.errors].map(({ file }) => file))];
  const blocks = files.map((file) => {
    const errors = report.errors.filter((error) => error.file === file);
    return fileBlock(file, { findings: findings.filter((finding) => finding.file === file), errors }, ink);
  });
  const notices = noticeLines(report.notices, ink);
  const together = outages.map((outage) => outageLines(outage, ink)).join('');
  return `${blocks.map((block) => `${block}\n`).join('')}${together}${notices}${summaryLine(report, policySource, ink)}\n${clusterLine(report, ink)}`;
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
  const levelWidth = widest(['error', ...shown.map(({ action }) => action)]);
  const lines = errors.map((row) => {
    return `  ${placeOf(row).padStart(placeWidth)}  ${ink.red('error'.padEnd(levelWidth))}  ${row.message}`;
  });
  for (const [index, row] of shown.entries()) {
    const rule = row.outcome === 'violation' ? row.rule : `${row.rule}, unknown`;
    const place = ink.dim(placeOf(row).padStart(placeWidth));
    const where = ink.dim(rowLabel(row).padEnd(whereWidth));
    const level = levelInk(row, ink)(row.action.padEnd(levelWidth));
    const message = row.message.padEnd(messageWidth);
    lines.push(
      `  ${place}  ${level}  ${row.exception === null ? message : ink.dim(message)}  ${where}  ${ink.cyan(rule)}`,
    );
    const more = row.exception === null ? row.remedy : excuseLine(row.exception);
    if (more !== null && !isRemedyRepeated(row, shown[index + 1]))
      lines.push(`  ${' '.repeat(placeWidth + levelWidth)}    ${ink.dim(more)}`);
  }
  return lines.length === 0 ? '' : `${ink.underline(fileText(file))}\n${lines.join('\n')}\n`;
}

/** Reports whether the next finding prints the same remedy for the same container; the remedy is then omitted here. */
function isRemedyRepeated(row: FindingRow, next: FindingRow | undefined): boolean {
  const { file, document, container, remedy, exception } = row;
  const same = next?.file === file && next.document === document && next.container === container;
  return same && exception === null && next.exception === null && next.remedy === remedy;
}

function widest(texts: readonly string[]): number {
  return texts.reduce((width, { length }) => Math.max(width, length), 0);
}

function placeOf({ line, column }: { readonly line: number | null; readonly column: number | null }): string {
  return line === null ? '' : `${line}:${column}`;
}

function levelInk({ action }: FindingRow, ink: Paint): Paint['dim'] {
  if (action === 'deny') return ink.red;
  return action === 'warn' ? ink.yellow : ink.dim;
}

/** Replaces the remedy of an excused finding. */
function excuseLine({ name, owner, reason, expires, insteadOf }: ExceptionRow): string {
  return `would ${insteadOf}; excused by exception ${name} (owner ${owner}, expires ${expires}): ${reason}`;
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
  const { files, workloads, images, denied, warned, unknown, excused, errors } = summary;
  const counts = [
    denied === 0 ? '0 denied' : ink.red(`${denied} denied`),
    warned === 0 ? '0 warned' : ink.yellow(`${warned} warned`),
    `${unknown} unknown`,
    ...(excused === 0 ? [] : [`${excused} excused`]),
    ...(errors === 0 ? [] : [ink.red(count(errors, 'error'))]),
  ];
  const audited = findings.filter(({ action }) => action === 'audit').length;
  const more = audited === 0 ? '' : ink.dim(`, ${audited} audited: see -o json`);
  return `${count(files, 'file')}, ${count(workloads, 'workload')}, ${count(images, 'image')}: ${counts.join(', ')} (policy: ${policySource})${more}`;
}
