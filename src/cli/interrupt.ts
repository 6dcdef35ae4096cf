/**
 * A terminal sends SIGINT to all programs of a pipeline, and npm, which waits for ours, passes it on. Both are one Ctrl-C.
 * https://github.com/npm/run-script/blob/main/lib/signal-manager.js
 */
const SAME_MS = 250;

/** Runs work that the first Ctrl-C aborts through a signal; a second Ctrl-C ends the process. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const stop = new AbortController();
  let first: number | undefined;
  const onSignal = (signal: NodeJS.Signals): void => {
    first ??= performance.now();
    stop.abort();
    if (performance.now() - first < SAME_MS) return;
    off();
    process.kill(process.pid, signal);
  };
  const off = (): void => void process.off('SIGINT', onSignal).off('SIGTERM', onSignal);
  process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
  try {
    return await work(stop.signal);
  } finally {
    off();
  }
}
