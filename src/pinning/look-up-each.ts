/** Runs many lookups, each once and a few at a time. */

interface LookUpOptions<L, F> {
  readonly lookUp: (lookup: L) => Promise<F>;
  readonly concurrency: number;
  /** No lookup begins after it is aborted. */
  readonly signal: AbortSignal;
  readonly onProgress?: (done: number, total: number) => void;
}

/** Returns the facts by the keys of the lookups, without those that did not begin before `signal` was aborted. */
export async function lookUpEach<L, F>(
  lookups: ReadonlyMap<string, L>,
  { lookUp, concurrency, signal, onProgress }: LookUpOptions<L, F>,
): Promise<ReadonlyMap<string, F>> {
  const facts = new Map<string, F>();
  const waiting = lookups.entries();
  const work = async (): Promise<void> => {
    // The workers share one iterator, so each lookup goes to one of them.
    for (const [key, lookup] of waiting) {
      if (signal.aborted) return;
      facts.set(key, await lookUp(lookup));
      onProgress?.(facts.size, lookups.size);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, lookups.size) }, work));
  return facts;
}
