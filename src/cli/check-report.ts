/** The report of `check` from an evaluation. */
import type { CheckReport, ClusterSummary } from '../report/check.ts';
import { inLineOrder } from '../report/line-order.ts';
import type { FileEvaluation } from './evaluate-files.ts';

export interface Summarized {
  readonly evaluated: number;
  readonly notices: CheckReport['notices'];
  readonly cluster: ClusterSummary | undefined;
}

export function reportOf(evaluation: FileEvaluation, { evaluated, notices, cluster }: Summarized): CheckReport {
  const { files, documents, workloads, unchanged, images, findings, changes, errors } = evaluation;
  const fresh = findings.filter(({ known }) => !known);
  return {
    version: 1,
    summary: {
      files,
      documents,
      workloads,
      ...(unchanged === undefined ? {} : { unchanged }),
      evaluated,
      images: images.length,
      denied: fresh.filter(({ action }) => action === 'deny').length,
      warned: fresh.filter(({ action }) => action === 'warn').length,
      unknown: fresh.filter(({ outcome, action }) => outcome !== 'violation' && action !== 'excused').length,
      excused: fresh.filter(({ action }) => action === 'excused').length,
      known: findings.length - fresh.length,
      errors: errors.length,
    },
    images,
    findings: inLineOrder(findings),
    ...(changes === undefined ? {} : { changes }),
    errors: inLineOrder(errors),
    notices: [...notices, ...evaluation.notices],
    ...(cluster === undefined ? {} : { cluster }),
  };
}
