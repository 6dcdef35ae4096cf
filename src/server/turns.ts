/**
 * Work that takes long, one piece after the other, each followed by a pause as long as it took: whoever else waits, and needs
 * several turns of the event loop for its answer, gets half of the time.
 */
export function createTurns(): (work: () => void) => void {
  const waiting: (() => void)[] = [];
  const next = (): void => {
    const work = waiting[0];
    const start = performance.now();
    try {
      work?.();
    } finally {
      waiting.shift();
      if (waiting.length > 0) setTimeout(next, performance.now() - start);
    }
  };
  return (work) => {
    waiting.push(work);
    if (waiting.length === 1) setImmediate(next);
  };
}
