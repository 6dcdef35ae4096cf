/** Reports the progress of a slow command on stderr. A quick command reports nothing. */
import type { Terminal } from './terminal.ts';

export interface Progress {
  /** Cheap enough to be called for every item. Without `total`, the number of items is unknown. */
  readonly at: (done: number, total?: number) => void;
  readonly stop: () => void;
}

const EVERY_MS = 3000;

/** `what` completes the line: `16 of 50 images looked up`. */
export function progressOn(terminal: Pick<Terminal, 'note'>, what: string, everyMs = EVERY_MS): Progress {
  let position = '';
  const stop = noteEvery(terminal, () => (position === '' ? undefined : `${position} ${what}`), everyMs);
  return {
    at: (done, total) => {
      position = total === undefined ? String(done) : `${done} of ${total}`;
    },
    stop,
  };
}

/** Notes a line at intervals, unless there is none yet. Returns what ends that. */
export function noteEvery(
  terminal: Pick<Terminal, 'note'>,
  line: () => string | undefined,
  everyMs = EVERY_MS,
): () => void {
  const report = (): void => {
    const text = line();
    if (text !== undefined) terminal.note(`${text}\n`);
  };
  // The first report comes earlier, and the timers must not keep the process running.
  const first = setTimeout(report, everyMs / 3).unref();
  const timer = setInterval(report, everyMs).unref();
  return () => {
    clearTimeout(first);
    clearInterval(timer);
  };
}
