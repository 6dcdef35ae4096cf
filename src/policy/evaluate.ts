/** Evaluates the policies that cover an object. Pure: the same input always produces the same findings. */
import { quoteValue, withoutCommands } from '../image/quote.ts';
import type { Container } from '../pod/containers.ts';
import { ShapeError } from '../pod/pointer.ts';
import type { Excuses } from './exception-book.ts';
import type { Facts } from './fact.ts';
import { type GuardedResults, runGuarded } from './guard.ts';
import { type Covered, type Covering, havePassed, rememberPassed, type SharedChecks } from './plan.ts';
import { type Action, type Binding, type Policy, strictness } from './policy.ts';
import type { Causer, Check, CheckResult, Problem, RuleFailure, Subject } from './rule.ts';
import type { ScopeRequest } from './scope-request.ts';
import { actionOnUnknown, remedyOf } from './unknown.ts';
import { seenBy } from './compared-values.ts';
import type { Finding } from './finding.ts';

export interface EvaluationInput {
  readonly request: ScopeRequest;
  readonly facts: Facts;
  /** Selects the containers that this request can change; undefined: all of them. */
  readonly canChange: ((container: Container) => boolean) | undefined;
  /** undefined: there are no exceptions. */
  readonly excuses?: Excuses | undefined;
}

/** Without a limit, the findings of one object with 50,000 containers would take all memory. */
export const MAX_FINDINGS = 10_000;

/** Throws a ShapeError if a rule finds that the object is malformed, and if there are too many findings. */
export function evaluate({ policies, shared }: Covering, input: EvaluationInput): readonly Finding[] {
  const whole = {
    subject: subjectOf(input, input.request.workload.containers),
    results: new Map<Check, CheckResult>(),
  };
  if (shared !== undefined && passesAll(shared, whole)) return NOTHING;
  const scopeCauser = scopeCauserIn(input.request);
  const inputs = policies.map((covered) => {
    const { containers } = covered.coverage;
    const part = containers === undefined ? whole : { subject: subjectOf(input, containers), results: new Map() };
    return { ...covered, ...part, scopeCauser, bindings: covered.policy.bindings };
  });
  const guarded = runGuarded(inputs);
  const findings: Finding[] = [];
  const room = { left: MAX_FINDINGS };
  for (const one of inputs) {
    const found = excused(evaluatePolicy(one, guarded, room), input.excuses);
    for (const finding of withoutRepeatedImages(found)) findings.push(finding);
  }
  return findings;
}

/** The input of checks, and their results, because a check that several policies share runs once. */
interface CheckRun {
  readonly subject: Subject<keyof Facts>;
  readonly results: Map<Check, CheckResult>;
}

function subjectOf({ request, facts, canChange }: EvaluationInput, inScope: readonly Container[]): CheckRun['subject'] {
  const { operation, namespace, workload } = request;
  const containers = canChange === undefined ? inScope : inScope.filter(canChange);
  return { operation, namespace, workload, pods: workload.pods, containers, request, facts };
}

/** Reports whether the object passes all checks, as most objects do. Otherwise keeps the results for each policy. */
function passesAll(shared: SharedChecks, { subject, results }: CheckRun): boolean {
  const imagesPassed = havePassed(shared, subject.containers);
  const checks = imagesPassed ? shared.others : shared.all;
  for (const check of checks) {
    const result = runCheck(check, subject);
    if (result === NO_PROBLEM) continue;
    for (const passed of checks.slice(0, checks.indexOf(check))) results.set(passed, NO_PROBLEM);
    results.set(check, result);
    return false;
  }
  if (!imagesPassed) rememberPassed(shared, subject.containers);
  return true;
}

const NOTHING: readonly never[] = [];
const NO_PROBLEM: CheckResult = { problems: NOTHING, failure: undefined };

interface PolicyFinding {
  readonly finding: Finding;
  readonly problem: Problem | undefined;
}

interface PolicyInput extends Covered, CheckRun {
  /** Who causes it if it is unknown whether the policy applies. */
  readonly scopeCauser: Causer;
}

interface Room {
  left: number;
}

function evaluatePolicy(
  { policy, coverage, scopeCauser, subject, results }: PolicyInput,
  guarded: GuardedResults,
  room: Room,
): readonly PolicyFinding[] {
  let all: PolicyFinding[] | undefined;
  for (const binding of policy.bindings) {
    const { check } = binding;
    const { problems, failure } = guarded.get(binding) ?? resultOf(check, { subject, results });
    room.left -= problems.length;
    if (room.left < 0) throw new ShapeError('', `at most ${MAX_FINDINGS} findings`, 'more');
    for (const problem of problems) {
      const seen = seenBy(check, problem, subject);
      const finding = findingOf(policy, binding, problem, { coverage, scopeCauser });
      (all ??= []).push({ problem, finding: seen === undefined ? finding : { ...finding, seen } });
    }
    if (failure !== undefined) (all ??= []).push({ problem: undefined, finding: failed(policy, binding, failure) });
  }
  return all ?? NOTHING;
}

function resultOf(check: Check, { subject, results }: CheckRun): CheckResult {
  const result = results.get(check) ?? runCheck(check, subject);
  results.set(check, result);
  return result;
}

function excused(all: readonly PolicyFinding[], excuses: Excuses | undefined): readonly PolicyFinding[] {
  return excuses === undefined ? all : all.map((one) => ({ ...one, finding: excuses.applied(one.finding) }));
}

function runCheck(check: Check, subject: CheckRun['subject']): CheckResult {
  try {
    const problems = listOf(check.run(subject));
    return problems.length === 0 ? NO_PROBLEM : { problems, failure: undefined };
  } catch (error) {
    // The object is malformed; the rule did not fail.
    if (error instanceof ShapeError) throw error;
    const problem = quoteValue(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
    return { problems: NOTHING, failure: { reason: 'threw', problem, file: undefined } };
  }
}

/** An untyped rule can return a promise. It is not awaited, and its unhandled rejection would end the server. */
function listOf(result: unknown): readonly Problem[] {
  if (Array.isArray(result)) return result;
  if (result instanceof Promise) result.catch(() => undefined);
  throw new TypeError('a rule must return a list synchronously');
}

type Reach = Pick<PolicyInput, 'coverage' | 'scopeCauser'>;

function findingOf(policy: Policy, binding: Binding, problem: Problem, { coverage, scopeCauser }: Reach): Finding {
  const scopeUnknown = coverage.unknownReason(problem.container);
  const unknown = problem.state === 'unknown' || scopeUnknown !== undefined;
  const caused = scopeUnknown === undefined ? problem : { ...problem, causedBy: scopeCauser };
  const remedy = remedyOf(policy, problem);
  const reason = scopeUnknown === undefined ? '' : ` (cannot determine whether the policy applies: ${scopeUnknown})`;
  return {
    policy: policy.name,
    rule: binding.rule,
    action: unknown ? actionOnUnknown(policy, binding, caused) : violationAction(binding, problem),
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

/**
 * If it is unknown whether the policy applies, the rule does not say who is the cause. The author is the cause if the author can make
 * the labels of the namespace unknown.
 */
function scopeCauserIn({ namespaceLabels }: ScopeRequest): Causer {
  return (namespaceLabels.state === 'unknown' ? namespaceLabels.causedBy : undefined) ?? 'world';
}

function violationAction({ action }: Binding, { harmless }: Problem): Action {
  return harmless === true && action === 'deny' ? 'warn' : action;
}

/**
 * Removes control characters and line breaks: the API server drops warnings that contain them, and they would split a denial. A
 * policy can be a file of the same author as the objects.
 */
function oneLine(text: string): string {
  const line = /^[ -~]*$/.test(text) ? text : text.replace(/[\p{Cc}\p{Zl}\p{Zp}]+/gu, ' ');
  return withoutCommands(line);
}

/** The action is `onUnknown`, because the author of an object can cause a rule to fail. */
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
    message: `the rule failed: ${failure.problem}`,
    remedy: 'report it to the author of the rule; the object is not at fault',
  };
}

/**
 * Keeps only the strictest of the findings that several rules have about one invalid image. Excused findings are all kept,
 * because their exceptions do not excuse the other rules.
 */
function withoutRepeatedImages(all: readonly PolicyFinding[]): readonly Finding[] {
  if (all.length === 0) return NOTHING;
  if (!all.some(({ problem }) => problem?.unreadable)) return all.map(({ finding }) => finding);
  const strictest = new Map<Container | string, { readonly finding: Finding; readonly strict: number }>();
  for (const { finding, problem } of all) {
    if (!problem?.unreadable || finding.action === 'excused') continue;
    const before = strictest.get(invalidImageKey(finding));
    const strict = strictness(finding.action);
    if (before === undefined || strict < before.strict) strictest.set(invalidImageKey(finding), { finding, strict });
  }
  const isKept = ({ finding, problem }: PolicyFinding): boolean =>
    !problem?.unreadable ||
    finding.action === 'excused' ||
    strictest.get(invalidImageKey(finding))?.finding === finding;
  return all.filter(isKept).map(({ finding }) => finding);
}

/** Returns the container or, without one, the pointer: one annotation can contain several images. */
function invalidImageKey({ container, pointer }: Finding): Container | string {
  return container ?? pointer;
}
