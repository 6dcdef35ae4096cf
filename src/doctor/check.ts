/** One check of an installation: a pure function from values that were read to problems. */
import type { DoctorCheckRow, DoctorFindingRow } from '../report/doctor.ts';
import { type Known, permissionText, type Unknown } from './known.ts';
import type { Values } from './values.ts';

export interface Problem {
  /** The object, file, or setting that has the problem. */
  readonly subject: string;
  readonly message: string;
  /** A command, or a change. */
  readonly remedy: string;
}

export interface Check {
  /** Stable: part of `-o json`. */
  readonly id: string;
  /** What it looks at, a noun phrase. */
  readonly title: string;
  /** What happens in a cluster with the problem. */
  readonly why: string;
  /** Checked only with a cluster. */
  readonly needsCluster: boolean;
  /** Checked only if the user asks for it. */
  readonly onlyWith?: 'registries';
  /** Checks whose problems explain all problems of this check, which are then not repeated. */
  readonly explainedBy?: readonly string[];
  readonly run: (values: KnownValues) => CheckResult;
}

export type KnownValues = { readonly [K in keyof Values]: Known<Values[K]> };

type CheckResult = { readonly state: 'known'; readonly problems: readonly Problem[] } | Unknown;

interface Definition<K extends keyof Values> extends Omit<Check, 'run' | 'needsCluster'> {
  readonly needsCluster?: boolean;
  /** The values that `find` reads. If one of them is unknown, the result of the check is unknown. */
  readonly needs: readonly K[];
  /** What the values do not tell is unknown. */
  readonly find: (values: Pick<Values, K>) => readonly Problem[] | Unknown;
}

export function defineCheck<K extends keyof Values>({ needs, find, ...rest }: Definition<K>): Check {
  return {
    needsCluster: true,
    ...rest,
    run(values) {
      const given: Partial<Values> = {};
      for (const key of needs) {
        const value = values[key];
        if (value.state === 'unknown') return value;
        given[key] = value.value;
      }
      const problems = find(given as Pick<Values, K>);
      return 'state' in problems ? problems : { state: 'known', problems };
    },
  };
}

export interface Diagnosis {
  readonly checks: readonly DoctorCheckRow[];
  readonly findings: readonly DoctorFindingRow[];
}

export function diagnose(checks: readonly Check[], values: KnownValues): Diagnosis {
  const results = checks.map((check) => ({ check, findings: findingsOf(check, values) }));
  const withProblems = new Set(results.flatMap(({ check: { id }, findings }) => (hasProblem(findings) ? [id] : [])));
  return {
    checks: results.map(({ check: { id, title }, findings }) => ({ id, title, status: findings[0]?.status ?? 'ok' })),
    findings: results.flatMap(({ check: { explainedBy = [] }, findings }) =>
      hasProblem(findings) && explainedBy.some((id) => withProblems.has(id)) ? [] : findings,
    ),
  };
}

function hasProblem(findings: readonly DoctorFindingRow[]): boolean {
  return findings.some(({ status }) => status === 'problem');
}

function findingsOf({ id: check, title, why, run }: Check, values: KnownValues): readonly DoctorFindingRow[] {
  const result = run(values);
  if (result.state === 'known')
    return result.problems.map((problem) => ({
      check,
      status: 'problem',
      ...problem,
      reason: null,
      why,
      permission: null,
    }));
  const { reason, permission } = result;
  const message = `cannot determine ${title}: ${reason}`;
  const remedy = permission === null ? null : `allow your user to ${permissionText(permission)}`;
  return [{ check, status: 'unknown', subject: null, message, reason, why, remedy, permission }];
}
