/** Says in lines what differs in a review. */
import { printable } from '../../image/quote.ts';
import type { Difference } from '../../recording/compare.ts';
import type { FindingChange } from '../../recording/comparison.ts';
import type { OutcomeTexts, ReplayRow } from '../../recording/replay-row.ts';

export interface Problem {
  /** `POLICY/RULE`; null: the difference is not that of a finding. */
  readonly rule: string | null;
  readonly registry: string | null;
  readonly text: string;
  readonly remedy: string | null;
  /** `warn -> deny`; null: the difference is not that of a finding. */
  readonly actions: string | null;
}

/** Names and texts of recordings can come from other admission policies, and from anyone who can write a policy report. */
const MAX_LABEL = 600;
const MAX_TEXT = 4000;

export function ruleLabel({ policy, rule }: Pick<FindingChange, 'policy' | 'rule'>): string {
  return printable(`${policy}/${rule}`, MAX_LABEL);
}

/** The findings that cause the change, or all if none does. */
export function decisiveFindings({ change, findings = [] }: ReplayRow): readonly FindingChange[] {
  const decisive = findings.filter((finding) => {
    if (change === 'newly-denied') return finding.after === 'deny';
    if (change === 'newly-allowed') return finding.before === 'deny';
    return change !== 'unknown' || finding.outcome === 'unknown';
  });
  return decisive.length === 0 ? findings : decisive;
}

export function problemsOf(row: ReplayRow): readonly Problem[] {
  const { differences, change, before, after } = row;
  if (differences !== undefined) return differences.map(expectedProblem);
  const findings = decisiveFindings(row).map(findingProblem);
  if (change === 'patch' && before !== undefined && after !== undefined)
    return [...patchProblems(before, after), ...findings];
  if (findings.length > 0) return findings;
  const missing = (row.missing ?? []).map((fact) => textProblem(`the recording does not have ${fact}`));
  if (missing.length > 0) return missing;
  const messages = messageProblems(before, after);
  return messages.length > 0 ? messages : silentDenial(row);
}

/** Other webhooks can deny without a reason, and other programs can leave it out of a recording. */
function silentDenial({ change }: ReplayRow): readonly Problem[] {
  if (change === 'newly-allowed') return [textProblem('was denied without a message')];
  return change === 'newly-denied' ? [textProblem('is denied without a message')] : [];
}

function expectedProblem({ text }: Difference): Problem {
  return textProblem(text);
}

function findingProblem(finding: FindingChange): Problem {
  const { before, after, message, registry, remedy } = finding;
  return {
    rule: ruleLabel(finding),
    registry,
    text: printable(message, MAX_TEXT),
    remedy: after === null ? null : remedy,
    actions: `${before ?? 'none'} -> ${after ?? 'none'}`,
  };
}

function textProblem(text: string): Problem {
  return { rule: null, registry: null, text: printable(text, MAX_TEXT), remedy: null, actions: null };
}

/** The operations that only one side has. */
function patchProblems(before: OutcomeTexts, after: OutcomeTexts): readonly Problem[] {
  const left = new Set(before.patch.map((operation) => JSON.stringify(operation)));
  const right = new Set(after.patch.map((operation) => JSON.stringify(operation)));
  const gone = [...left].filter((text) => !right.has(text)).map((text) => textProblem(`was ${text}`));
  const added = [...right].filter((text) => !left.has(text)).map((text) => textProblem(`is ${text}`));
  return gone.length + added.length === 0 ? [textProblem('the operations have another order')] : [...gone, ...added];
}

/** Only texts differ: the response is not that of tidewaiter, or of another version. */
function messageProblems(before: OutcomeTexts | undefined, after: OutcomeTexts | undefined): readonly Problem[] {
  const was = linesOf(before);
  const now = linesOf(after);
  return [
    ...was.filter((line) => !now.includes(line)).map((line) => textProblem(`was: ${line}`)),
    ...now.filter((line) => !was.includes(line)).map((line) => textProblem(`is: ${line}`)),
  ];
}

function linesOf(texts: OutcomeTexts | undefined): readonly string[] {
  return [...(texts?.message?.split('\n') ?? []), ...(texts?.warnings ?? [])].map((line) => line.trim());
}
