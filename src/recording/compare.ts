/** Compares a decision with the expected result. */
import { sentence, source } from '../admission/message.ts';
import type { Mutation } from '../admission/mutation.ts';
import type { Decision } from '../admission/validate.ts';
import type { Finding } from '../policy/finding.ts';
import type { Expected, ExpectedFinding } from './expected.ts';
import { leftover } from './pairing.ts';

export interface Decided {
  readonly decision: Pick<Decision, 'allowed' | 'findings'>;
  readonly mutation: Pick<Mutation, 'patch'>;
}

export interface Difference {
  readonly kind: 'newly-denied' | 'newly-allowed' | 'finding-added' | 'finding-removed' | 'patch';
  /** One line. */
  readonly text: string;
}

/** Returns the changes from the expected result in the recording to the current decision. */
export function compareToExpected({ allowed, findings, patch }: Expected, now: Decided): readonly Difference[] {
  return [
    ...(allowed === undefined ? [] : decisionChange(allowed, now.decision)),
    ...(findings === undefined ? [] : findingChanges(findings, now.decision.findings)),
    ...(patch === undefined ? [] : patchChange(patch, now.mutation.patch)),
  ];
}

function decisionChange(expected: boolean, { allowed, findings }: Decided['decision']): readonly Difference[] {
  if (expected === allowed) return [];
  if (allowed) return [{ kind: 'newly-allowed', text: 'expected to be denied, is allowed' }];
  const reasons = findings.filter(({ action }) => action === 'deny').map(reasonOf);
  return [
    {
      kind: 'newly-denied',
      text: `expected to be allowed, is denied: ${reasons[0] ?? ''}${reasons.length > 1 ? ` and ${reasons.length - 1} more` : ''}`,
    },
  ];
}

function findingChanges(expected: readonly ExpectedFinding[], now: readonly Finding[]): readonly Difference[] {
  const { missing, unexpected } = leftover(expected, now, fits);
  return [
    ...missing.map((expectation) => ({ kind: 'finding-removed' as const, text: JSON.stringify(expectation) })),
    ...unexpected.map((finding) => ({ kind: 'finding-added' as const, text: spelled(finding) })),
  ];
}

function fits(expected: ExpectedFinding, finding: Finding): boolean {
  const found: Readonly<Record<keyof ExpectedFinding, string | undefined>> = {
    policy: finding.policy,
    rule: finding.rule,
    action: finding.action,
    outcome: finding.outcome,
    container: finding.container?.name,
    pointer: finding.pointer,
    message: finding.message,
  };
  return Object.entries(expected).every(([key, value]) => found[key as keyof ExpectedFinding] === value);
}

function patchChange(before: readonly unknown[], after: readonly unknown[]): readonly Difference[] {
  const [left, right] = [JSON.stringify(before), JSON.stringify(after)];
  return left === right ? [] : [{ kind: 'patch', text: `patch was ${left}, is ${right}` }];
}

function spelled(finding: Finding): string {
  return `${finding.action} ${reasonOf(finding)}`;
}

function reasonOf(finding: Finding): string {
  return `${sentence(finding)} ${source(finding)}`;
}
