/** Many questions, each asked once, a few at a time. */

export interface Asking<Q, A> {
  readonly ask: (question: Q) => Promise<A>;
  readonly concurrency: number;
  /** Nothing new is asked after it. */
  readonly signal: AbortSignal;
  /** After each answer. */
  readonly answered?: (count: number, all: number) => void;
}

/** The answers by the keys of the questions; those that were not asked any more are not there. */
export async function askEach<Q, A>(
  questions: ReadonlyMap<string, Q>,
  { ask, concurrency, signal, answered }: Asking<Q, A>,
): Promise<ReadonlyMap<string, A>> {
  const answers = new Map<string, A>();
  const waiting = questions.entries();
  const work = async (): Promise<void> => {
    // An iterator that several take from: each question goes to one of them.
    for (const [key, question] of waiting) {
      if (signal.aborted) return;
      answers.set(key, await ask(question));
      answered?.(answers.size, questions.size);
    }
  };
  await Promise.all(Array.from({ length: Math.min(concurrency, questions.size) }, work));
  return answers;
}
