/** The time budget of a review: the `timeout` in the URL of the API server, minus a margin for the response. */
import { Crowded } from '../admission/context.ts';
import { parseDurationMs } from '../go/duration.ts';
import type { Lease } from './pool.ts';

/** The API server's own limit (admissionregistration/v1, timeoutSeconds). */
const MAX_MS = 30_000;
const DEFAULT_MS = 10_000;

/** Returns the milliseconds for a decision; at least 0.1 s and a tenth of the time remain for the response. */
export function budgetMs(timeout: string | undefined): number {
  const given = timeout === undefined ? undefined : parseDurationMs(timeout);
  const total = Math.min(given === undefined || given <= 0 ? DEFAULT_MS : given, MAX_MS);
  return Math.max(1, total - Math.max(100, total / 10));
}

/** A pending decision and its limits. */
export interface WaitLimits {
  /** Contains the timeout in its query. */
  readonly url: string;
  /** Returns undefined if too many decisions of the namespace wait. `turnOut` is called when that is so later. */
  readonly enter: (turnOut: () => void) => Lease | undefined;
}

/** Aborts a pending decision at its deadline, or when too many decisions of its namespace wait; known facts then decide. */
export function limitWait<T>(
  decision: T | Promise<T>,
  controller: AbortController,
  { url, enter }: WaitLimits,
): T | Promise<T> {
  if (!(decision instanceof Promise)) return decision;
  const turnOut = (): void => controller.abort(new Crowded());
  const leave = enter(turnOut);
  if (leave === undefined) turnOut();
  const timer = setTimeout(() => controller.abort(), budgetMs(/[?&]timeout=([^&]*)/.exec(url)?.[1]));
  return decision.finally(() => {
    clearTimeout(timer);
    leave?.();
  });
}
