/**
 * Asks the rules of plugins: what they throw, answer or take in time is their failure, never the gate's. A rule that did not
 * return several times in a row is not asked for a while, since nobody else is answered while it runs: about objects of the
 * namespace where that was, since an object can be made to bring it about, and whoever made it decides nothing for others.
 */
import { quoteValue } from '../image/quote.ts';
import { ShapeError } from '../pod/pointer.ts';
import type { CheckResult, Guard, GuardedCheck, RuleFailure } from '../policy/rule.ts';
import { readAnswer } from './answer.ts';
import { readOnly } from './freeze.ts';
import { createTimeLimit, type TimeLimit } from './time-limit.ts';

const LATE_IN_A_ROW = 3;
const SUSPENDED_MS = 60_000;

export interface GuardOptions {
  readonly timeoutMs: number;
  /** Milliseconds from any beginning. */
  readonly now?: () => number;
}

/** A rule where it is asked. */
interface Watched {
  readonly file: string;
  readonly key: string;
}

interface Lateness {
  readonly inARow: number;
  readonly suspendedUntil: number;
}

/** Beyond it, whoever was late first is forgotten, so that nobody can fill it. */
const MAX_LATE = 1000;

/** `files`: where each rule is from, by its name. */
export function createGuard(
  files: ReadonlyMap<string, string>,
  { timeoutMs, now = () => performance.now() }: GuardOptions,
): Guard {
  const watch: Watch = { limit: createTimeLimit(timeoutMs), now, timeoutMs, lateness: new Map() };
  return (questions) => {
    const asked = questions.map((question) => {
      const { rule, subject } = question;
      const file = files.get(rule);
      if (file === undefined) throw new TypeError(`${rule} is no rule of a plugin`);
      return { watched: { file, key: `${rule}/${subject.namespace ?? ''}` }, question };
    });
    return answersTo(asked, watch);
  };
}

interface AskedRule {
  readonly watched: Watched;
  readonly question: GuardedCheck;
}

interface Watch {
  readonly limit: TimeLimit;
  readonly now: () => number;
  readonly timeoutMs: number;
  /** Of those that did not return the last time. */
  readonly lateness: Map<string, Lateness>;
}

/** As many in one go as the time allows. Who is stopped after most of its time is late; with less of it, it is asked again. */
function answersTo(asked: readonly AskedRule[], watch: Watch): readonly CheckResult[] {
  const answers: CheckResult[] = [];
  for (let next = asked[0]; next !== undefined; next = asked[answers.length]) {
    if (isSuspended(next.watched, watch)) {
      const problem = `it is not asked for now: ${suspension(watch)}`;
      answers.push({ problems: [], failure: failure(next.watched, 'suspended', problem) });
      continue;
    }
    const before = answers.length;
    const { stoppedAfterMs } = askSome(asked.slice(before), watch, answers);
    const stopped = asked[answers.length];
    if (stopped === undefined || stoppedAfterMs === undefined) continue;
    if (answers.length === before || stoppedAfterMs > 0.9 * watch.timeoutMs) answers.push(late(stopped.watched, watch));
  }
  return answers;
}

/** Asks until the first that is suspended. A ShapeError is about the object, and ends the questions about it. */
function askSome(
  asked: readonly AskedRule[],
  watch: Watch,
  answers: CheckResult[],
): { readonly stoppedAfterMs: number | undefined } {
  const { limit, now } = watch;
  const ready: (() => CheckResult | ShapeError)[] = [];
  for (const { watched, question } of asked) {
    if (isSuspended(watched, watch)) break;
    const subject = readOnly(question.subject, question.check.needs);
    ready.push(() => ask(watched, { ...question, subject }, watch));
  }
  let begin = now();
  let misshapen: ShapeError | undefined;
  const ended = limit(() => {
    for (const one of ready) {
      begin = now();
      const answer = one();
      if (answer instanceof ShapeError) {
        misshapen = answer;
        return;
      }
      answers.push(answer);
    }
  });
  if (misshapen !== undefined) throw misshapen;
  return { stoppedAfterMs: ended ? undefined : now() - begin };
}

function isSuspended({ key }: Watched, { lateness, now }: Watch): boolean {
  const { suspendedUntil } = lateness.get(key) ?? {};
  return suspendedUntil !== undefined && suspendedUntil > now();
}

function ask(watched: Watched, { check, subject }: GuardedCheck, { lateness }: Watch): CheckResult | ShapeError {
  try {
    const { problems, fault } = readAnswer(check.run(subject), subject.containers);
    return { problems, failure: fault === undefined ? undefined : failure(watched, 'bad-answer', fault) };
  } catch (error) {
    if (error instanceof ShapeError) return error;
    return { problems: [], failure: failure(watched, 'threw', `it threw ${shownError(error)}`) };
  } finally {
    // Not reached by a rule that is stopped.
    lateness.delete(watched.key);
  }
}

function late(watched: Watched, watch: Watch): CheckResult {
  const { lateness, now } = watch;
  const inARow = (lateness.get(watched.key)?.inARow ?? 0) + 1;
  const suspended = inARow >= LATE_IN_A_ROW;
  lateness.delete(watched.key);
  if (lateness.size >= MAX_LATE) {
    const [oldest = ''] = lateness.keys();
    lateness.delete(oldest);
  }
  lateness.set(watched.key, { inARow, suspendedUntil: suspended ? now() + SUSPENDED_MS : 0 });
  const problem = suspended ? `${suspension(watch)}, so it is not asked for ${SUSPENDED_MS / 1000} s` : noReturn(watch);
  return { problems: [], failure: failure(watched, 'timeout', problem) };
}

function noReturn({ timeoutMs }: Watch): string {
  return `it did not return within ${timeoutMs} ms`;
}

function suspension(watch: Watch): string {
  return `${noReturn(watch)}, ${LATE_IN_A_ROW} times in a row`;
}

function failure({ file }: Watched, reason: RuleFailure['reason'], problem: string): RuleFailure {
  return { reason, problem, file };
}

/** An error is an object of the plugin's too, and may itself throw when it is looked at. */
export function shownError(error: unknown): string {
  try {
    return quoteValue(error instanceof Error ? `${error.name}: ${error.message}` : String(error));
  } catch {
    return 'something that cannot be shown';
  }
}
