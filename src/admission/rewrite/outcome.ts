/** The outcome for each image that a rewrite matches: the new name, and the finding. */
import { quoteValue } from '../../image/quote.ts';
import { REWRITE } from '../../policy/change-rules.ts';
import type { Finding } from '../../policy/finding.ts';
import type { RewriteFailureAction } from '../../policy/rewrite.ts';
import { undecidedBy } from '../../policy/undecided.ts';
import type { RewrittenImage } from '../mutation.ts';
import type { RewriteState, Stop } from './decide.ts';

export interface RewriteOutcome {
  readonly image: RewrittenImage | undefined;
  readonly finding: Finding | undefined;
}

export function rewriteOutcome(state: RewriteState): RewriteOutcome {
  const { image: changed, name, applied, isSticky, stopped } = state;
  const { container, reference } = changed;
  const policy = (stopped?.step ?? applied)?.policy;
  if (policy === undefined) return NOTHING;
  const to = name === reference ? undefined : name.text;
  const outcome = outcomeName(state);
  const cause = stopped?.why === 'failure' ? stopped.failure.cause : undefined;
  const image = { policy, outcome, cause, container, from: reference.text, to };
  return { image, finding: isSticky || stopped === undefined ? undefined : findingOf(state, stopped) };
}

const NOTHING: RewriteOutcome = { image: undefined, finding: undefined };

function outcomeName({ isSticky, stopped }: RewriteState): RewrittenImage['outcome'] {
  if (isSticky) return 'sticky';
  if (stopped === undefined) return 'rewritten';
  return STOPPED[stopped.why];
}

const STOPPED: Readonly<Record<Stop['why'], RewrittenImage['outcome']>> = {
  failure: 'failed',
  scope: 'failed',
  'only-warns': 'warned',
  'origin-available': 'kept',
};

const ACTIONS: Readonly<Record<RewriteFailureAction, Finding['action']>> = {
  keep: 'audit',
  warn: 'warn',
  deny: 'deny',
};

function findingOf({ image: { container } }: RewriteState, stopped: Stop): Finding | undefined {
  const text = textOf(stopped);
  if (text === undefined) return undefined;
  const { policy } = stopped.step;
  return { policy, rule: REWRITE, existing: false, container, pointer: container.imagePointer, ...text };
}

function textOf(stopped: Stop): Pick<Finding, 'action' | 'outcome' | 'message' | 'remedy' | 'undecided'> | undefined {
  const { step } = stopped;
  const image = `image ${quoteValue(step.from.text)} is not rewritten`;
  const target = step.to.ok ? step.to.reference.text : undefined;
  const toTarget = target === undefined ? '' : ` to ${quoteValue(target)}`;
  if (stopped.why === 'origin-available') return undefined;
  if (stopped.why === 'only-warns') {
    return { action: 'warn', outcome: 'violation', message: `${image}; use ${target ?? ''}`, remedy: undefined };
  }
  if (stopped.why !== 'failure') {
    const message = `${image}${toTarget}: cannot determine whether the policy applies: ${step.scopeUnknown ?? ''}`;
    return { action: 'warn', outcome: 'unknown', message, remedy: undefined, undecided: 'scope' };
  }
  const { cause, message, remedy } = stopped.failure;
  const outcome = stopped.state === 'no' ? 'violation' : 'unknown';
  const action = ACTIONS[step.rewrite.onFailure(cause)];
  const undecided = undecidedBy(stopped.failure);
  return { action, outcome, message: `${image}${toTarget}: ${message}`, remedy, undecided };
}
