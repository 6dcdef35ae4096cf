/** `check --baseline` and `--write-baseline`: known findings are counted and do not fail. */
import {
  type Baseline,
  type KnownFinding,
  loadBaseline,
  replacedBaseline,
  saveBaseline,
} from '../files/baseline-file.ts';
import { type InputNotice, namedFew } from '../files/skipped-files.ts';
import { quoteValue } from '../image/quote.ts';
import { count } from '../report/paint.ts';
import { type FindingRow, inputNoticeRow, type NoticeRow, rowLabel } from '../report/rows.ts';

export interface BaselineFlags {
  readonly baseline?: string | undefined;
  readonly writeBaseline?: string | undefined;
}

export interface ComparedFindings {
  readonly findings: readonly FindingRow[];
  readonly notices: readonly NoticeRow[];
}

/** Marks the findings that are known. */
export type Compare = (findings: readonly FindingRow[]) => ComparedFindings;

/** Reads the baseline, or the file that it replaces, at once, so that a fault in it is reported before anything is evaluated. */
export function baselineFor({ baseline, writeBaseline }: BaselineFlags): Compare {
  if (writeBaseline !== undefined) {
    replacedBaseline(writeBaseline);
    return (findings) => written(writeBaseline, findings);
  }
  if (baseline === undefined) return (findings) => ({ findings, notices: [] });
  const loaded = loadBaseline(baseline);
  return (findings) => comparedWith(loaded, findings);
}

function comparedWith(loaded: Baseline, findings: readonly FindingRow[]): ComparedFindings {
  const known = new Set(loaded.findings.map(({ fingerprint }) => fingerprint));
  const found = new Set(findings.filter(canBeKnown).map(({ fingerprint }) => fingerprint));
  const gone = loaded.findings.filter(({ fingerprint }) => !found.has(fingerprint));
  return {
    findings: findings.map((row) => (canBeKnown(row) && known.has(row.fingerprint) ? { ...row, known: true } : row)),
    notices: gone.length === 0 ? [] : [inputNoticeRow(goneNotice(loaded, gone))],
  };
}

/** A rule that failed has not checked the object, so its result says nothing about it. */
function canBeKnown({ outcome }: FindingRow): boolean {
  return outcome !== 'error';
}

function goneNotice({ file }: Baseline, gone: readonly KnownFinding[]): InputNotice {
  const labels = gone.map(({ workload, container }) => (container === null ? workload : `${workload} > ${container}`));
  const [is, them] = gone.length === 1 ? ['is', 'it'] : ['are', 'them'];
  const message = `${count(gone.length, 'finding')} of the baseline ${is} gone: ${namedFew([...new Set(labels)])}; to remove ${them}, run check with --write-baseline`;
  return { file, line: null, column: null, message };
}

/** An exception already records an excused finding. */
function written(file: string, findings: readonly FindingRow[]): ComparedFindings {
  const isWritten = (row: FindingRow): boolean => row.action !== 'excused' && canBeKnown(row);
  const failed = findings.filter((row) => !canBeKnown(row));
  const rows = findings.filter(isWritten);
  saveBaseline(file, rows.map(knownFinding));
  return {
    findings: findings.map((row) => (isWritten(row) ? { ...row, known: true } : row)),
    notices: [
      `${count(rows.length, 'finding')} written to ${quoteValue(file)}`,
      ...(failed.length === 0 ? [] : [failedText(failed)]),
    ].map((message) => inputNoticeRow({ file, line: null, column: null, message })),
  };
}

function failedText(failed: readonly FindingRow[]): string {
  const rules = [...new Set(failed.map(({ rule }) => quoteValue(rule)))];
  const [is, them] = failed.length === 1 ? ['is', 'it'] : ['are', 'them'];
  return `${count(failed.length, 'finding')} ${is} not written because rules failed (${namedFew(rules)}), so check reports ${them} again`;
}

function knownFinding(row: FindingRow): KnownFinding {
  const { fingerprint, rule, container, image } = row;
  return { fingerprint, rule, workload: rowLabel({ ...row, container: null }), container, image };
}
