// Requests at a steady rate, many at once.
import { setTimeout as delay } from 'node:timers/promises';

export interface LoadOptions {
  readonly perSecond: number;
  readonly inProgress: number;
  /** Ends the load. */
  readonly signal: AbortSignal;
}

export interface LoadResult {
  readonly sent: number;
  /** What was reached; less than `perSecond` on a busy machine. */
  readonly perSecond: number;
  /** What `send` returned, and when. */
  readonly failures: readonly string[];
}

/** `send`: gets the number of the request; resolves with what went wrong. */
export async function steadyLoad(
  send: (count: number) => Promise<string | undefined>,
  { perSecond, inProgress, signal }: LoadOptions,
): Promise<LoadResult> {
  const failures: string[] = [];
  let sent = 0;
  const startMs = performance.now();
  const worker = async (): Promise<void> => {
    while (!signal.aborted) {
      const count = sent;
      sent += 1;
      await delay(Math.max(0, startMs + (count * 1000) / perSecond - performance.now()));
      const failure = await send(count).catch(String);
      if (failure !== undefined) failures.push(`after ${Math.round(performance.now() - startMs)} ms: ${failure}`);
    }
  };
  await Promise.all(Array.from({ length: inProgress }, worker));
  return { sent, perSecond: (sent * 1000) / (performance.now() - startMs), failures };
}
