/** Compares the answer of a webhook with what was recorded, with what a review expects, or with what the policies decide. */
import { listedFindings } from '../../../admission/message.ts';
import type { Recording } from '../../../files/recorded-documents.ts';
import { escapeUnprintable } from '../../../image/quote.ts';
import type { Difference } from '../../../recording/compare.ts';
import type { Expected } from '../../../recording/expected.ts';
import { type Outcome, outcomeOfResponse, samePatch } from '../../../recording/outcome.ts';
import type { OutcomeTexts } from '../../../recording/replay-row.ts';
import { type Evaluated, outcomeOf } from '../evaluation.ts';
import { admittedOutcome, changeOf, compared, type Compared, type RowOptions } from '../review-row.ts';

/** `decided`: what the policies decide; undefined: the answer is compared with the recording. */
export function compareAnswer(
  { recorded, expected }: Recording,
  after: Outcome,
  { decided, options }: { readonly decided: Evaluated | undefined; readonly options: RowOptions },
): Compared {
  if (decided !== undefined) {
    const sides = { before: outcomeOf(decided, listedFindings), after };
    const missing = { before: decided.missing, after: [] };
    return { comparedWith: 'against', ...shown(compared(sides, { missing, pins: decided.pins, options })) };
  }
  if (expected !== undefined) return compareToExpectation(expected, after);
  const { response, origin } = recorded ?? {};
  const before = response === undefined ? admittedOutcome(origin, after) : outcomeOfResponse(response);
  if (before === undefined) return { comparedWith: null, change: null, allowed: after.allowed };
  const missing = { before: [], after: [] };
  return { comparedWith: 'recorded', ...shown(compared({ before, after }, { missing, pins: false, options })) };
}

/** Findings are those of policies of tidewaiter, which other webhooks do not have. */
function compareToExpectation({ allowed, patch }: Expected, after: Outcome): Compared {
  if (allowed === undefined && patch === undefined) return { comparedWith: null, change: null, allowed: after.allowed };
  const differences = [
    ...(allowed === undefined || allowed === after.allowed ? [] : [decisionDifference(after)]),
    ...(patch === undefined || samePatch(patch, after.patch) ? [] : [patchDifference(patch, after)]),
  ];
  const result = { comparedWith: 'expected', change: changeOf(differences), allowed: after.allowed } as const;
  return differences.length === 0 ? result : { ...result, differences };
}

function decisionDifference({ allowed, message }: Outcome): Difference {
  if (allowed) return { kind: 'newly-allowed', text: 'expected to be denied, is allowed' };
  return { kind: 'newly-denied', text: `expected to be allowed, is denied: ${plainText(message ?? '')}` };
}

function patchDifference(expected: readonly unknown[], { patch }: Outcome): Difference {
  return { kind: 'patch', text: `patch was ${JSON.stringify(expected)}, is ${plainText(JSON.stringify(patch))}` };
}

type Sides = ReturnType<typeof compared>;

/** Rows are kept and printed, and the texts are those of another program. */
function shown(sides: Sides): Sides {
  const { before, after, findings } = sides;
  if (before === undefined || after === undefined) return sides;
  return {
    ...sides,
    before: shownTexts(before),
    after: shownTexts(after),
    findings: findings?.map((finding) => ({
      ...finding,
      policy: plainText(finding.policy),
      rule: plainText(finding.rule),
      message: plainText(finding.message),
    })),
  };
}

const MAX_LISTED = 100;

function shownTexts({ allowed, message, warnings, patch }: OutcomeTexts): OutcomeTexts {
  return {
    allowed,
    message: message === null ? null : plainText(message),
    warnings: warnings.slice(0, MAX_LISTED).map(plainText),
    patch: JSON.stringify(patch).length <= MAX_PATCH ? patch : patch.slice(0, 1).map(() => 'a patch that is too long'),
  };
}

const MAX_PATCH = 100_000;
const MAX_TEXT = 4000;

function plainText(text: string): string {
  return cut(text).split('\n').map(escapeUnprintable).join('\n');
}

function cut(text: string): string {
  return text.length <= MAX_TEXT ? text : `${text.slice(0, MAX_TEXT)}…`;
}
