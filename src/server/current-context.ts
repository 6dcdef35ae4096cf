/** The context of a running server. It can change at any time; a review uses the context of its start until its end. */
import type { Context } from '../admission/context.ts';

export interface CurrentContext {
  /** Each review reads it once. */
  readonly context: Context;
  /** Applies to reviews that start later. `next` returns a new object, and keeps the members that it does not replace. */
  change(next: (current: Context) => Context): void;
  /** Counts a review that waits for facts; the result ends the wait. */
  wait(context: Context): () => void;
  /** Resolves when no review with an earlier context waits, so that the sources of earlier contexts can be closed. */
  earlierReviews(): Promise<void>;
}

interface Drain {
  readonly contexts: Set<Context>;
  readonly resolve: () => void;
}

export function createCurrentContext(first: Context): CurrentContext {
  let current = first;
  /** The number of waiting reviews of each context that has some. */
  const waiting = new Map<Context, number>();
  const drains = new Set<Drain>();
  const end = (context: Context): void => {
    const left = (waiting.get(context) ?? 0) - 1;
    if (left > 0) {
      waiting.set(context, left);
      return;
    }
    waiting.delete(context);
    for (const drain of drains) {
      if (!drain.contexts.delete(context) || drain.contexts.size > 0) continue;
      drains.delete(drain);
      drain.resolve();
    }
  };
  return {
    get context() {
      return current;
    },
    change(next) {
      current = next(current);
    },
    wait(context) {
      waiting.set(context, (waiting.get(context) ?? 0) + 1);
      return () => end(context);
    },
    async earlierReviews() {
      const contexts = new Set(waiting.keys());
      contexts.delete(current);
      if (contexts.size === 0) return;
      await new Promise<void>((resolve) => drains.add({ contexts, resolve }));
    },
  };
}
