/** What a decision says, without the object that it is about: reviews of one class test the same of a policy. */
import type { AdmissionRequest } from '../admission/request.ts';
import type { Decision } from '../admission/validate.ts';
import type { Finding } from '../policy/finding.ts';

export interface DecisionClass {
  readonly group: string;
  readonly kind: string;
  readonly operation: AdmissionRequest['operation'];
  /** `''`: the object itself. */
  readonly subResource: string;
  readonly allowed: boolean;
  /** Each combination once, in order. */
  readonly findings: readonly ClassFinding[];
}

export type ClassFinding = Pick<Finding, 'policy' | 'rule' | 'outcome' | 'action'>;

export function decisionClassOf({ type, operation, subResource }: AdmissionRequest, decision: Decision): DecisionClass {
  const { allowed, findings } = decision;
  const byText = new Map(findings.map((finding) => [textOf(finding), finding]));
  const { group, kind } = type;
  return {
    group,
    kind,
    operation,
    subResource,
    allowed,
    findings: [...byText]
      .toSorted(([one], [other]) => (one < other ? -1 : 1))
      .map(([, { policy, rule, outcome, action }]) => ({ policy, rule, outcome, action })),
  };
}

function textOf({ policy, rule, outcome, action }: Finding): string {
  return JSON.stringify([policy, rule, outcome, action]);
}
