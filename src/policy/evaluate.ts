/**
 * Asks every rule of every policy that covers an object, and collects all answers. Pure: the same subject always gives
 * the same findings, whichever door it came through.
 */
import { quoteValue } from '../image/quote.ts';
import type { Container } from '../pod/containers.ts';
import { ShapeError } from '../pod/pointer.ts';
import type { Excuses } from './exception-book.ts';
import type { Facts } from './fact.ts';
import { type CheckResult, type RuleFailure } from './rule.ts';
import { type GuardedAnswers, guardedAnswers } from './guard.ts';
import { type Covered, type Covering, havePassed, rememberPassed, type SharedChecks } from './plan.ts';
import { type Action, type Binding, type Policy, strictness } from './policy.ts';
import type { Check, Problem, Subject } from './rule.ts';
import type { ScopeRequest } from './scope-request.ts';
import type { Coverage } from './scope.ts';
import { actionOnUnknown, remedyOf } from './unknown.ts';
import { seenBy } from './compared-values.ts';
import type { Finding } from './finding.ts';

export interface EvaluationInput {
  readonly request: ScopeRequest;
  readonly facts: Facts;
  /** The containers that this request can change at all; `undefined` for all of them. */
  readonly concerns: ((container: Container) => boolean) | undefined;
  /** Not given where there are no exceptions. */
  readonly excuses?: Excuses | undefined;
}

/** More than anybody reads. With all of each of 50,000 containers, one object would take the memory of all. */
export const MAX_FINDINGS = 10_000;

/** Throws a ShapeError when a rule finds that the object is not of the shape its kind has, and when there are too many findings. */
export function evaluate({ policies, shared }: Covering, judged: EvaluationInput): readonly Finding[] {
  const subject = subjectOf(judged, judged.request.workload.containers);
  const answers = shared === undefined ? new Map<Check, CheckResult>() : unlessFine(shared, subject);
  if (answers === undefined) return NOTHING;
  const whole = { subject, answers };
  const asked = policies.map((covered) => {
    const { containers } = covered.coverage;
    const about = containers === undefined ? whole : { subject: subjectOf(judged, containers), answers: new Map() };
    return { ...covered, ...about, bindings: covered.policy.bindings };
  });
  const guarded = guardedAnswers(asked);
  const findings: Finding[] = [];
  const room = { left: MAX_FINDINGS };
  for (const one of asked) {
    for (const finding of told(excused(judgeBy(one, guarded, room), judged.excuses))) findings.push(finding);
  }
  return findings;
}

/** What rules are asked about, and what they have said of it: a check that several policies share answers once. */
interface Asked {
  readonly subject: Subject<keyof Facts>;
  readonly answers: Map<Check, CheckResult>;
}

function subjectOf({ request, facts, concerns }: EvaluationInput, inScope: readonly Container[]): Asked['subject'] {
  const { operation, namespace, workload } = request;
  const containers = concerns === undefined ? inScope : inScope.filter(concerns);
  return { operation, namespace, workload, pods: workload.pods, containers, request, facts };
}

/** Most objects are fine: then there is no need to know which policy asked what. Else the answers so far are kept. */
function unlessFine(shared: SharedChecks, subject: Asked['subject']): Asked['answers'] | undefined {
  const imagesPassed = havePassed(shared, subject.containers);
  const checks = imagesPassed ? shared.others : shared.all;
  let index = 0;
  for (const check of checks) {
    const answer = answerOf(check, subject);
    if (answer !== NO_PROBLEM) {
      return new Map([...checks.slice(0, index).map((passed) => [passed, NO_PROBLEM] as const), [check, answer]]);
    }
    index += 1;
  }
  if (!imagesPassed) rememberPassed(shared, subject.containers);
  return undefined;
}

const NOTHING: readonly never[] = [];
const NO_PROBLEM: CheckResult = { problems: NOTHING, failure: undefined };

interface Told {
  readonly finding: Finding;
  readonly problem: Problem | undefined;
}

interface AskedPolicy extends Covered, Asked {}

interface Room {
  left: number;
}

function judgeBy({ policy, coverage, ...asked }: AskedPolicy, guarded: GuardedAnswers, room: Room): readonly Told[] {
  let all: Told[] | undefined;
  for (const binding of policy.bindings) {
    const { problems, failure } = guarded.get(binding) ?? ask(binding.check, asked);
    room.left -= problems.length;
    if (room.left < 0) throw new ShapeError('', `at most ${MAX_FINDINGS} findings`, 'more');
    for (const problem of problems) {
      const seen = seenBy(binding.check, problem, asked.subject);
      const finding = findingOf(policy, binding, problem, coverage);
      (all ??= []).push({ problem, finding: seen === undefined ? finding : { ...finding, seen } });
    }
    if (failure !== undefined) (all ??= []).push({ problem: undefined, finding: failed(policy, binding, failure) });
  }
  return all ?? NOTHING;
}

function excused(all: readonly Told[], excuses: Excuses | undefined): readonly Told[] {
  return excuses === undefined ? all : all.map((one) => ({ ...one, finding: excuses.applied(one.finding) }));
}

function ask(check: Check, { subject, answers }: Asked): CheckResult {
  let answer = answers.get(check);
  if (answer === undefined) answers.set(check, (answer = answerOf(check, subject)));
  return answer;
}

function answerOf(check: Check, subject: Asked['subject']): CheckResult {
  try {
    const problems = listOf(check.run(subject));
    return problems.length === 0 ? NO_PROBLEM : { problems, failure: undefined };
  } catch (error) {
    // Of the object, not of the rule: rules read on where the loop over the containers stopped.
    if (error instanceof ShapeError) throw error;
    const problem = quoteValue(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    return { problems: NOTHING, failure: { reason: 'threw', problem, file: undefined } };
  }
}

/** A promise, from a rule that the compiler has not seen: nobody waits for it, and its rejection, unheard, would end the server. */
function listOf(answer: unknown): readonly Problem[] {
  if (Array.isArray(answer)) return answer;
  if (answer instanceof Promise) answer.catch(() => undefined);
  throw new TypeError('a rule answers with a list, and at once');
}

function findingOf(policy: Policy, binding: Binding, problem: Problem, coverage: Coverage): Finding {
  const doubt = coverage.unknownReason(problem.container);
  const unknown = problem.state === 'unknown' || doubt !== undefined;
  const remedy = remedyOf(policy, problem);
  const reason = doubt === undefined ? '' : ` (could not tell whether the policy applies: ${doubt})`;
  return {
    policy: policy.name,
    rule: binding.rule,
    action: unknown ? unknownAction(policy, binding, { problem, doubt }) : violationAction(binding, problem),
    outcome: unknown ? 'unknown' : 'violation',
    existing: false,
    container: problem.container,
    pointer: problem.pointer,
    message: oneLine(
      `${problem.message}${reason}${binding.message === undefined ? '' : `; ${binding.message.trim()}`}`,
    ),
    remedy: remedy === undefined ? undefined : oneLine(remedy),
    ...(problem.beyond === undefined ? {} : { beyond: problem.beyond }),
  };
}

/** Whether a policy applies is never for the author of an object to hide. */
function unknownAction(
  policy: Policy,
  binding: Binding,
  { problem, doubt }: { readonly problem: Problem; readonly doubt: string | undefined },
): Action {
  return actionOnUnknown(policy, binding, doubt === undefined ? problem : { ...problem, causedBy: 'world' });
}

function violationAction({ action }: Binding, { harmless }: Problem): Action {
  return harmless === true && action === 'deny' ? 'warn' : action;
}

/** The API server drops a warning with a control character in it, and a line break makes a line of its own in a denial. */
function oneLine(text: string): string {
  return /^[ -~]*$/.test(text) ? text : text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
}

/** A rule that fails is an error of that rule, and an object can be made to bring it about: its fate follows `onUnknown`. */
function failed(policy: Policy, binding: Binding, failure: RuleFailure): Finding {
  return {
    policy: policy.name,
    rule: binding.rule,
    action: binding.onUnknown ?? binding.action,
    outcome: 'error',
    failure,
    existing: false,
    container: undefined,
    pointer: '',
    message: `the rule itself failed, so it could not tell: ${failure.problem}`,
    remedy: 'this is a bug of the rule, not of the object',
  };
}

/**
 * Several rules stumble over one image that cannot be read: the strictest of them speaks, the others are silent. An excused
 * one never speaks for others, since its exception is not about them.
 */
function told(all: readonly Told[]): readonly Finding[] {
  if (all.length === 0) return NOTHING;
  if (!all.some(({ problem }) => problem?.unreadable)) return all.map(({ finding }) => finding);
  const speakers = new Map<Container | string, { readonly finding: Finding; readonly strict: number }>();
  for (const { finding, problem } of all) {
    if (!problem?.unreadable || finding.action === 'excused') continue;
    const before = speakers.get(broken(finding));
    const strict = strictness(finding.action);
    if (before === undefined || strict < before.strict) speakers.set(broken(finding), { finding, strict });
  }
  const speaks = ({ finding, problem }: Told): boolean =>
    !problem?.unreadable || finding.action === 'excused' || speakers.get(broken(finding))?.finding === finding;
  return all.filter(speaks).map(({ finding }) => finding);
}

/** Not the place: one annotation can hold several images. */
function broken({ container, pointer }: Finding): Container | string {
  return container ?? pointer;
}
