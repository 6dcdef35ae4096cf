/** Reports the progress of a slow command on stderr. A quick command reports nothing. */
import type { Terminal } from './terminal.ts';

export interface Progress {
  /** Cheap enough to be called for every item. */
  readonly at: (done: number, total: number) => void;
  readonly stop: () => void;
}

const EVERY_MS = 3000;

/** `what` completes the line: `16 of 50 images looked up`. */
export function progressOn(terminal: Pick<Terminal, 'note'>, what: string, everyMs = EVERY_MS): Progress {
  let position = '';
  const timer = setInterval(() => {
    if (position !== '') terminal.note(`${position} ${what}\n`);
  }, everyMs);
  // The timer must not keep the process running.
  timer.unref();
  return {
    at: (done, total) => {
      position = `${done} of ${total}`;
    },
    stop: () => clearInterval(timer),
  };
}
