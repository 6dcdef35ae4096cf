/** How long an answer may take: the `timeout` that the API server puts into the URL, less a margin for the way back. */
import type { Context } from '../admission/context.ts';
import { parseDurationMs } from '../go/duration.ts';

/** The API server's own limit (admissionregistration/v1, timeoutSeconds). */
const MAX_MS = 30_000;
const DEFAULT_MS = 10_000;

/** Milliseconds that a decision may take: at least a tenth of a second and a tenth of the time are kept for the answer. */
export function budgetMs(timeout: string | undefined): number {
  const given = timeout === undefined ? undefined : parseDurationMs(timeout);
  const total = Math.min(given === undefined || given <= 0 ? DEFAULT_MS : given, MAX_MS);
  return Math.max(1, total - Math.max(100, total / 10));
}

const NEVER = new AbortController().signal;
/** To make one costs as much as some verdicts, so the one of a decision that was there at once, which nobody listens to, is kept. */
let spare = freshDeadline();

interface Deadline {
  readonly controller: AbortController;
  readonly signal: AbortSignal;
}

function freshDeadline(): Deadline {
  const controller = new AbortController();
  return { controller, signal: controller.signal };
}

export interface Within {
  readonly context: Context;
  /** The budget stands in its query. */
  readonly url: string;
  /** Called when a decision has to wait; `undefined`: too many do already, so this one is made of what is known. */
  readonly mayWait: () => (() => void) | undefined;
}

/**
 * Runs `decide` with a signal that aborts when its time is used up, or when there is no room for it to wait. Without ports nobody
 * can wait, and what is decided at once needs no clock.
 */
export function withDeadline<T>(
  { context, url, mayWait }: Within,
  decide: (signal: AbortSignal) => T | Promise<T>,
): T | Promise<T> {
  const { namespaces, secrets, serviceAccounts, images, imageDetails } = context;
  if ((namespaces ?? secrets ?? serviceAccounts ?? images ?? imageDetails) === undefined) return decide(NEVER);
  const { controller, signal } = spare;
  const decided = decide(signal);
  if (!(decided instanceof Promise)) return decided;
  spare = freshDeadline();
  const leave = mayWait();
  if (leave === undefined) controller.abort();
  const timer = setTimeout(() => controller.abort(), budgetMs(/[?&]timeout=([^&]*)/.exec(url)?.[1]));
  return decided.finally(() => {
    clearTimeout(timer);
    leave?.();
  });
}
