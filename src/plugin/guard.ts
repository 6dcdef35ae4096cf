/**
 * Runs the rules of plugins. An exception, an invalid result, or a timeout is a failure of the rule, never of tidewaiter.
 *
 * A rule that timed out several times in a row is suspended, because reviews wait while it runs. The suspension applies to
 * one namespace, because the author of an object can cause the timeout and must not affect other namespaces.
 */
import { quoteValue } from '../image/quote.ts';
import { ShapeError } from '../pod/pointer.ts';
import type { CheckResult, Guard, GuardedCheck, RuleFailure } from '../policy/rule.ts';
import { parseProblems } from './problems.ts';
import { readOnly } from './freeze.ts';
import { createTimeLimit, type TimeLimit } from './time-limit.ts';

const LATE_IN_A_ROW = 3;
const SUSPENDED_MS = 60_000;

export interface GuardOptions {
  readonly timeoutMs: number;
  /** Milliseconds since an arbitrary start. */
  readonly now?: () => number;
}

/** A rule in one namespace. */
interface GuardedRule {
  readonly file: string;
  readonly key: string;
}

interface Lateness {
  readonly inARow: number;
  readonly suspendedUntil: number;
}

/** Limits memory: one more entry replaces the oldest. */
const MAX_LATE = 1000;

/** `files`: the file of each rule, by name. */
export function createGuard(
  files: ReadonlyMap<string, string>,
  { timeoutMs, now = () => performance.now() }: GuardOptions,
): Guard {
  const state: GuardState = { limit: createTimeLimit(timeoutMs), now, timeoutMs, lateness: new Map() };
  return (checks) => {
    const pending = checks.map((check) => {
      const { rule, subject } = check;
      const file = files.get(rule);
      if (file === undefined) throw new TypeError(`${rule} is not a rule of a plugin`);
      return { rule: { file, key: `${rule}/${subject.namespace ?? ''}` }, check };
    });
    return runChecks(pending, state);
  };
}

interface PendingCheck {
  readonly rule: GuardedRule;
  readonly check: GuardedCheck;
}

interface GuardState {
  readonly limit: TimeLimit;
  readonly now: () => number;
  readonly timeoutMs: number;
  /** By `GuardedRule.key`, for rules whose last run timed out. */
  readonly lateness: Map<string, Lateness>;
}

/** A rule that is stopped early, because earlier rules used most of the time, runs again. */
function runChecks(pending: readonly PendingCheck[], state: GuardState): readonly CheckResult[] {
  const results: CheckResult[] = [];
  for (let next = pending[0]; next !== undefined; next = pending[results.length]) {
    if (isSuspended(next.rule, state)) {
      const problem = `the rule is suspended: it ${suspension(state)}`;
      results.push({ problems: [], failure: failure(next.rule, 'suspended', problem) });
      continue;
    }
    const before = results.length;
    const { stoppedAfterMs } = runUntilTimeout(pending.slice(before), state, results);
    const stopped = pending[results.length];
    if (stopped === undefined || stoppedAfterMs === undefined) continue;
    if (results.length === before || stoppedAfterMs > 0.9 * state.timeoutMs)
      results.push(timedOut(stopped.rule, state));
  }
  return results;
}

/** Stops before the first suspended rule. A ShapeError describes the object, so it ends all checks of it. */
function runUntilTimeout(
  pending: readonly PendingCheck[],
  state: GuardState,
  results: CheckResult[],
): { readonly stoppedAfterMs: number | undefined } {
  const { limit, now } = state;
  const ready: (() => CheckResult | ShapeError)[] = [];
  for (const { rule, check } of pending) {
    if (isSuspended(rule, state)) break;
    const subject = readOnly(check.subject, check.check.needs);
    ready.push(() => runCheck(rule, { ...check, subject }, state));
  }
  let begin = now();
  let misshapen: ShapeError | undefined;
  const ended = limit(() => {
    for (const one of ready) {
      begin = now();
      const result = one();
      if (result instanceof ShapeError) {
        misshapen = result;
        return;
      }
      results.push(result);
    }
  });
  if (misshapen !== undefined) throw misshapen;
  return { stoppedAfterMs: ended ? undefined : now() - begin };
}

function isSuspended({ key }: GuardedRule, { lateness, now }: GuardState): boolean {
  const { suspendedUntil } = lateness.get(key) ?? {};
  return suspendedUntil !== undefined && suspendedUntil > now();
}

function runCheck(
  rule: GuardedRule,
  { check, subject }: GuardedCheck,
  { lateness }: GuardState,
): CheckResult | ShapeError {
  try {
    const { problems, fault } = parseProblems(check.run(subject), subject.containers);
    return { problems, failure: fault === undefined ? undefined : failure(rule, 'bad-answer', fault) };
  } catch (error) {
    if (error instanceof ShapeError) return error;
    return { problems: [], failure: failure(rule, 'threw', `the rule threw ${shownError(error)}`) };
  } finally {
    // A rule that is stopped does not reach this line.
    lateness.delete(rule.key);
  }
}

function timedOut(rule: GuardedRule, state: GuardState): CheckResult {
  const { lateness, now } = state;
  const inARow = (lateness.get(rule.key)?.inARow ?? 0) + 1;
  const suspended = inARow >= LATE_IN_A_ROW;
  lateness.delete(rule.key);
  if (lateness.size >= MAX_LATE) {
    const [oldest = ''] = lateness.keys();
    lateness.delete(oldest);
  }
  lateness.set(rule.key, { inARow, suspendedUntil: suspended ? now() + SUSPENDED_MS : 0 });
  const problem = suspended
    ? `the rule ${suspension(state)}, so it is suspended for ${SUSPENDED_MS / 1000} s`
    : `the rule ${noReturn(state)}`;
  return { problems: [], failure: failure(rule, 'timeout', problem) };
}

function noReturn({ timeoutMs }: GuardState): string {
  return `did not return within ${timeoutMs} ms`;
}

function suspension(state: GuardState): string {
  return `${noReturn(state)}, ${LATE_IN_A_ROW} times in a row`;
}

function failure({ file }: GuardedRule, reason: RuleFailure['reason'], problem: string): RuleFailure {
  return { reason, problem, file };
}

/** Reading a thrown value can throw, because it comes from the plugin. */
export function shownError(error: unknown): string {
  try {
    return quoteValue(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  } catch {
    return 'a value that cannot be printed';
  }
}
