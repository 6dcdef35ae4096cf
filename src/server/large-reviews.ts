/**
 * Runs long tasks one after the other, each followed by a pause of the same length. Other reviews get half of the time, and the
 * turns of the event loop that a short response on a new connection takes.
 */
const TURNS_BETWEEN = 8;

export type Turns = (work: () => void) => void;

export function createTurns(): Turns {
  const waiting: (() => void)[] = [];
  const next = (): void => {
    const work = waiting[0];
    const start = performance.now();
    try {
      work?.();
    } finally {
      waiting.shift();
      if (waiting.length > 0) setTimeout(afterTurns, performance.now() - start, TURNS_BETWEEN, next);
    }
  };
  return (work) => {
    waiting.push(work);
    if (waiting.length === 1) setImmediate(next);
  };
}

function afterTurns(turns: number, next: () => void): void {
  if (turns === 0) next();
  else setImmediate(afterTurns, turns - 1, next);
}
