/**
 * Asks every rule of every policy that covers an object, and collects all answers. Pure: the same subject always gives
 * the same findings, whichever door it came through.
 */
import { quoteValue } from '../image/quote.ts';
import type { Container } from '../pod/containers.ts';
import { ShapeError } from '../pod/pointer.ts';
import type { Facts } from './fact.ts';
import { type Answer, type Asked, type GuardedAnswers, guardedAnswers, type RuleFailure } from './guard.ts';
import { type Action, type Binding, type Policy, strictness } from './policy.ts';
import type { Check, Problem, Subject } from './rule.ts';
import type { Coverage, ScopeRequest } from './scope.ts';

/** What one rule of one policy says about one place of an object. */
export interface Finding {
  readonly policy: string;
  readonly rule: string;
  /** What happens: deny, warn or audit. */
  readonly action: Action;
  /** `violation`: the rule says no. `unknown`: it could not tell. `error`: the rule itself failed. */
  readonly outcome: 'violation' | 'unknown' | 'error';
  /** How it failed, when the outcome is `error`. */
  readonly failure?: RuleFailure | undefined;
  /** The stored object already had it, so it is no reason to refuse this update. */
  readonly existing: boolean;
  readonly container: Container | undefined;
  /** RFC 6901, from the root of the object. */
  readonly pointer: string;
  /** One line, without the container: `image "x" has no tag, so it means "latest"`. */
  readonly message: string;
  readonly remedy: string | undefined;
}

/** A policy that applies to a request, and what it looks at there. */
export interface Covered {
  readonly policy: Policy;
  readonly coverage: Coverage;
}

export function coveredBy(policies: readonly Policy[], request: ScopeRequest): readonly Covered[] {
  return policies.flatMap((policy) => {
    const coverage = policy.scope.covers(request);
    return coverage === undefined ? [] : [{ policy, coverage }];
  });
}

export interface Judged {
  readonly request: ScopeRequest;
  readonly facts: Facts;
  /** The containers that this request can change at all. */
  readonly concerns: (container: Container) => boolean;
}

/** Throws a ShapeError when a rule finds that the object is not of the shape its kind has. */
export function evaluate(covered: readonly Covered[], judged: Judged): readonly Finding[] {
  const asked = covered.map(({ policy, coverage }) => ({
    policy,
    coverage,
    bindings: policy.bindings,
    subject: subjectOf(coverage, judged),
  }));
  const guarded = guardedAnswers(asked);
  const findings: Finding[] = [];
  for (const one of asked) for (const finding of told(judgeBy(one, guarded))) findings.push(finding);
  return findings;
}

function subjectOf(coverage: Coverage, { request, facts, concerns }: Judged): Subject<keyof Facts> {
  const { operation, namespace, workload } = request;
  const containers = coverage.containers.filter(concerns);
  return { operation, namespace, workload, pods: workload.pods, containers, facts };
}

interface Told {
  readonly finding: Finding;
  readonly problem: Problem | undefined;
}

interface AskedPolicy extends Covered, Asked {}

function judgeBy({ policy, coverage, subject }: AskedPolicy, guarded: GuardedAnswers): readonly Told[] {
  const all: Told[] = [];
  for (const binding of policy.bindings) {
    const { problems, failure } = guarded.get(binding) ?? answerOf(binding.check, subject);
    for (const problem of problems) all.push({ problem, finding: findingOf(policy, binding, problem, coverage) });
    if (failure !== undefined) all.push({ problem: undefined, finding: failed(policy, binding, failure) });
  }
  return all;
}

function answerOf(check: Check, subject: Subject<keyof Facts>): Answer {
  try {
    return { problems: listOf(check.run(subject)), failure: undefined };
  } catch (error) {
    // Of the object, not of the rule: rules read on where the loop over the containers stopped.
    if (error instanceof ShapeError) throw error;
    const problem = quoteValue(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    return { problems: [], failure: { reason: 'threw', problem, file: undefined } };
  }
}

/** A promise, from a rule that the compiler has not seen: nobody waits for it, and its rejection, unheard, would end the server. */
function listOf(answer: unknown): readonly Problem[] {
  if (Array.isArray(answer)) return answer;
  if (answer instanceof Promise) answer.catch(() => undefined);
  throw new TypeError('a rule answers with a list, and at once');
}

function findingOf(policy: Policy, binding: Binding, problem: Problem, coverage: Coverage): Finding {
  const doubt = coverage.doubt(problem.container);
  const unknown = problem.state === 'unknown' || doubt !== undefined;
  const reason = doubt === undefined ? '' : ` (could not tell whether the policy applies: ${doubt})`;
  return {
    policy: policy.name,
    rule: binding.rule,
    action: unknown ? binding.onUnknown : binding.action,
    outcome: unknown ? 'unknown' : 'violation',
    existing: false,
    container: problem.container,
    pointer: problem.pointer,
    message: oneLine(
      `${problem.message}${reason}${binding.message === undefined ? '' : `; ${binding.message.trim()}`}`,
    ),
    remedy: problem.remedy === undefined ? undefined : oneLine(problem.remedy),
  };
}

/** The API server drops a warning with a control character in it, and a line break makes a line of its own in a denial. */
function oneLine(text: string): string {
  return text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** A rule that fails is an error of that rule, so the object's fate follows `onUnknown`. */
function failed(policy: Policy, binding: Binding, failure: RuleFailure): Finding {
  return {
    policy: policy.name,
    rule: binding.rule,
    action: binding.onUnknown,
    outcome: 'error',
    failure,
    existing: false,
    container: undefined,
    pointer: '',
    message: `the rule itself failed, so it could not tell: ${failure.problem}`,
    remedy: 'this is a bug of the rule, not of the object',
  };
}

/** Several rules stumble over one image that cannot be read: the strictest of them speaks, the others are silent. */
function told(all: readonly Told[]): readonly Finding[] {
  if (!all.some(({ problem }) => problem?.unreadable)) return all.map(({ finding }) => finding);
  const speakers = new Map<Container | string, Finding>();
  for (const { finding, problem } of all) {
    if (!problem?.unreadable) continue;
    const before = speakers.get(broken(finding));
    if (before === undefined || strictness(finding.action) < strictness(before.action)) {
      speakers.set(broken(finding), finding);
    }
  }
  return all
    .filter(({ finding, problem }) => !problem?.unreadable || speakers.get(broken(finding)) === finding)
    .map(({ finding }) => finding);
}

/** Not the place: one annotation can hold several images. */
function broken({ container, pointer }: Finding): Container | string {
  return container ?? pointer;
}
