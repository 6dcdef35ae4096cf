/**
 * Work that takes long, one piece after the other, each followed by a pause as long as it took: other work gets half of
 * the time, and the turns of the event loop that a short answer takes on a new connection.
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
