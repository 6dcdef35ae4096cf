/** Bounds how many reviews are sent per second, and at the same time. */
import { setTimeout as delay } from 'node:timers/promises';

export interface Pace {
  /** Resolves when the next review can be sent. Rejects when the signal aborts. */
  begin(): Promise<void>;
  end(): void;
}

interface PaceOptions {
  readonly perSecond: number;
  readonly atOnce: number;
  readonly signal: AbortSignal;
  readonly now?: () => number;
  readonly wait?: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** `begin` must not be called again before it has resolved. */
export function createPace({
  perSecond,
  atOnce,
  signal,
  now = () => performance.now(),
  wait = waitFor,
}: PaceOptions): Pace {
  let running = 0;
  let next = 0;
  let freed: (() => void) | undefined;
  return {
    async begin() {
      if (running >= atOnce) {
        const { promise, resolve } = Promise.withResolvers<void>();
        freed = resolve;
        await promise;
      }
      const early = next - now();
      if (early > 0) await wait(early, signal);
      signal.throwIfAborted();
      next = Math.max(next, now()) + 1000 / perSecond;
      running += 1;
    },
    end() {
      running -= 1;
      freed?.();
    },
  };
}

async function waitFor(ms: number, signal: AbortSignal): Promise<void> {
  await delay(ms, undefined, { signal });
}
