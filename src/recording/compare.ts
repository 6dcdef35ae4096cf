/** Compares two decisions about one request. */
import { sentence, source } from '../admission/message.ts';
import type { Mutation } from '../admission/mutation.ts';
import type { Decision } from '../admission/validate.ts';
import type { Finding } from '../policy/finding.ts';
import type { Expected, ExpectedFinding } from './expected.ts';
import { leftover } from './pairing.ts';

export interface Decided {
  readonly decision: Decision;
  readonly mutation: Mutation;
}

export interface Difference {
  readonly kind: 'newly-denied' | 'newly-allowed' | 'finding-added' | 'finding-removed' | 'patch';
  /** One line. */
  readonly text: string;
}

/** Returns the changes from `before` to `after`. */
export function compareDecisions(before: Decided, after: Decided): readonly Difference[] {
  const left = findingsOf(before).map(spelled);
  const right = findingsOf(after).map(spelled);
  return [
    ...decisionChange('before', before.decision.allowed, after.decision),
    ...decisionChange('before', before.mutation.allowed, after.mutation),
    ...without(left, right).map((text) => ({ kind: 'finding-removed' as const, text })),
    ...without(right, left).map((text) => ({ kind: 'finding-added' as const, text })),
    ...patchChange(before.mutation.patch, after.mutation.patch),
  ];
}

/** Returns the changes from the expected result in the recording to the current decision. */
export function compareToExpected({ allowed, findings, patch }: Expected, now: Decided): readonly Difference[] {
  return [
    ...(allowed === undefined ? [] : decisionChange('expected', allowed, now.decision)),
    ...(findings === undefined ? [] : findingChanges(findings, now.decision.findings)),
    ...(patch === undefined ? [] : patchChange(patch, now.mutation.patch)),
  ];
}

function findingsOf({ decision, mutation }: Decided): readonly Finding[] {
  return [...decision.findings, ...mutation.findings];
}

function decisionChange(
  since: 'before' | 'expected',
  before: boolean,
  { allowed, findings }: Pick<Decision, 'allowed' | 'findings'>,
): readonly Difference[] {
  if (before === allowed) return [];
  const was = since === 'before' ? 'was' : 'expected to be';
  if (allowed) return [{ kind: 'newly-allowed', text: `${was} denied, is allowed` }];
  const reasons = findings.filter(({ action }) => action === 'deny').map(reasonOf);
  return [
    {
      kind: 'newly-denied',
      text: `${was} allowed, is denied: ${reasons[0] ?? ''}${reasons.length > 1 ? ` and ${reasons.length - 1} more` : ''}`,
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

/** Returns the multiset difference, in linear time. */
function without(list: readonly string[], taken: readonly string[]): readonly string[] {
  const left = new Map<string, number>();
  for (const text of taken) left.set(text, (left.get(text) ?? 0) + 1);
  return list.filter((text) => {
    const count = left.get(text) ?? 0;
    left.set(text, count - 1);
    return count <= 0;
  });
}
