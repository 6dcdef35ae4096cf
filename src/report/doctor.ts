/** The result of `doctor`. Its keys are stable. */

export interface DoctorReport {
  readonly version: 1;
  /** The URL of the API server; null: only local checks. */
  readonly server: string | null;
  /** The namespace of the installation; null: only local checks. */
  readonly namespace: string | null;
  readonly summary: DoctorSummary;
  readonly probes: readonly DoctorProbeRow[];
  readonly checks: readonly DoctorCheckRow[];
  readonly findings: readonly DoctorFindingRow[];
}

interface DoctorSummary {
  readonly checks: number;
  readonly ok: number;
  readonly problems: number;
  readonly unknown: number;
}

/** A dry run of an object that the webhook denies. */
export interface DoctorProbeRow {
  readonly webhook: string;
  readonly namespace: string;
  readonly failurePolicy: string;
  /** `answered`: the webhook denied it; `not-called`: the API server accepted it; `failed`: the API server got no answer. */
  readonly outcome: 'answered' | 'not-called' | 'failed';
  readonly latencyMs: number;
  /** The message of the API server. */
  readonly message: string;
  /** Whether the mutating webhook answered as well; null: it does not select the namespace, or the answer is unknown. */
  readonly mutated: boolean | null;
}

export interface DoctorCheckRow {
  readonly id: string;
  readonly title: string;
  readonly status: 'ok' | 'problem' | 'unknown';
}

export interface DoctorFindingRow {
  /** The id of the check. */
  readonly check: string;
  readonly status: 'problem' | 'unknown';
  readonly subject: string | null;
  readonly message: string;
  /** Of an unknown result; otherwise null. */
  readonly reason: string | null;
  readonly why: string;
  readonly remedy: string | null;
  /** The missing permission of the user of the command; null: another reason. */
  readonly permission: {
    readonly verb: string;
    readonly group: string;
    readonly resource: string;
    readonly namespace: string | null;
  } | null;
}

export function doctorReport(report: Omit<DoctorReport, 'version' | 'summary'>): DoctorReport {
  const { server, namespace, probes, checks, findings } = report;
  const count = (status: DoctorCheckRow['status']): number => checks.filter((check) => check.status === status).length;
  const problems = findings.filter(({ status }) => status === 'problem').length;
  const summary = { checks: checks.length, ok: count('ok'), problems, unknown: count('unknown') };
  return { version: 1, server, namespace, summary, probes, checks, findings };
}

/** A problem is reported by 1 even if another check is unknown. */
export function doctorExitCode({ summary }: DoctorReport): number {
  if (summary.problems > 0) return 1;
  return summary.unknown > 0 ? 2 : 0;
}
