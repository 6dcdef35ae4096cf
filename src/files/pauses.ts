/** Lets other work run between parts of long synchronous work, such as reviews while a server loads thousands of policies. */
import { setImmediate } from 'node:timers/promises';

const TURN_MS = 8;

/** Await the result between parts: it ends the turn of the event loop if the turn is long enough already. */
export function createPauses(): () => Promise<void> | undefined {
  let begin = performance.now();
  const nextTurn = async (): Promise<void> => {
    await setImmediate();
    begin = performance.now();
  };
  return () => (performance.now() - begin < TURN_MS ? undefined : nextTurn());
}

/** Pauses between items whose work is long. */
export async function* withPauses<T>(items: Iterable<T>, pause = createPauses()): AsyncGenerator<T> {
  for (const item of items) {
    const turn = pause();
    if (turn !== undefined) await turn;
    yield item;
  }
}
