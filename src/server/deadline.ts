/** How long an answer may take: the `timeout` that the API server puts into the URL, less a margin for the way back. */
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

/** A decision that has to wait, and how long it may. */
export interface WaitingRoom {
  /** The budget is in its query. */
  readonly url: string;
  /** Returns undefined if too many decisions wait already; this one then uses only known facts. */
  readonly enter: () => (() => void) | undefined;
}

/** Aborts a pending decision when its time is used up, or at once if there is no room for it to wait. */
export function limitWait<T>(
  decision: T | Promise<T>,
  controller: AbortController,
  { url, enter }: WaitingRoom,
): T | Promise<T> {
  if (!(decision instanceof Promise)) return decision;
  const leave = enter();
  if (leave === undefined) controller.abort();
  const timer = setTimeout(() => controller.abort(), budgetMs(/[?&]timeout=([^&]*)/.exec(url)?.[1]));
  return decision.finally(() => {
    clearTimeout(timer);
    leave?.();
  });
}
