/** A signal that aborts with the signal of the caller, or when a time without progress has passed. */
export interface TimeLimit {
  readonly signal: AbortSignal;
  /** Starts the time again, with another limit. */
  restart(limitMs: number): void;
  /** Stops the time, while the caller is at work. */
  pause(): void;
  /** Must be called, so that the caller's signal does not keep this limit. */
  end(): void;
}

class TimeLimitError extends Error {
  constructor(limitMs: number) {
    super(`it did not respond within ${limitMs / 1000} s`);
    this.name = 'TimeLimitError';
  }
}

export function startTimeLimit(limitMs: number, outer: AbortSignal | undefined): TimeLimit {
  const controller = new AbortController();
  const start = (ms: number): NodeJS.Timeout => setTimeout(() => controller.abort(new TimeLimitError(ms)), ms);
  let timer = start(limitMs);
  const onAbort = (): void => controller.abort(outer?.reason);
  if (outer?.aborted === true) onAbort();
  outer?.addEventListener('abort', onAbort, { once: true });
  return {
    signal: controller.signal,
    restart(ms) {
      clearTimeout(timer);
      timer = start(ms);
    },
    pause: () => clearTimeout(timer),
    end() {
      clearTimeout(timer);
      outer?.removeEventListener('abort', onAbort);
    },
  };
}
