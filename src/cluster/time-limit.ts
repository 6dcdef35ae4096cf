/** A signal that aborts with one of the caller's signals, or when a time without progress has passed. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  /** Starts the time again, with the same or another limit. */
  restart(limitMs?: number): void;
  /** Stops the time, while the caller is at work. */
  pause(): void;
  /** Must be called, so that the caller's signals do not keep this limit. */
  end(): void;
}

class TimeLimitError extends Error {
  constructor(limitMs: number) {
    super(`it did not respond within ${limitMs / 1000} s`);
    this.name = 'TimeLimitError';
  }
}

export function startTimeLimit(limitMs: number, signals: readonly AbortSignal[]): TimeLimit {
  const controller = new AbortController();
  const start = (ms: number): NodeJS.Timeout => setTimeout(() => controller.abort(new TimeLimitError(ms)), ms);
  let lastMs = limitMs;
  let timer = start(limitMs);
  const onAbort = (): void => controller.abort(signals.find(({ aborted }) => aborted)?.reason);
  if (signals.some(({ aborted }) => aborted)) onAbort();
  for (const signal of signals) signal.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    restart(ms = lastMs) {
      clearTimeout(timer);
      lastMs = ms;
      timer = start(ms);
    },
    pause: () => clearTimeout(timer),
    end() {
      clearTimeout(timer);
      for (const signal of signals) signal.removeEventListener('abort', onAbort);
    },
  };
}
