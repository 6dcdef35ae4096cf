/** Says on stderr how far a command is, since silence looks like a hang. A command that is quick says nothing. */
import type { Terminal } from './terminal.ts';

export interface Progress {
  /** Called as often as one likes. */
  at(done: number, total: number): void;
  stop(): void;
}

const EVERY_MS = 3000;

/** `what`: what is counted, and with what it is busy: `objects judged, waiting for registries`. */
export function progressOn(terminal: Pick<Terminal, 'note'>, what: string, everyMs = EVERY_MS): Progress {
  let place = '';
  const timer = setInterval(() => {
    if (place !== '') terminal.note(`${place} ${what}\n`);
  }, everyMs);
  // It must keep nobody waiting.
  timer.unref();
  return {
    at: (done, total) => (place = `${done} of ${total}`),
    stop: () => clearInterval(timer),
  };
}
