/** Evaluates chunks of recordings in a thread. Its messages are those of pool.ts. */
import type { MessagePort } from 'node:worker_threads';
import { createEvaluator, type EvaluatorSettings } from './evaluator.ts';
import { itemText } from './items.ts';
import type { ChunkTask, ChunkResult } from './pool.ts';

export function evaluateTasks(port: MessagePort, settings: EvaluatorSettings): void {
  const evaluator = createEvaluator(settings);
  // A failure belongs to the tasks.
  evaluator.catch(() => undefined);
  port.on('message', (task: ChunkTask) => {
    const { id, memory } = task;
    void evaluate(task).then((result) => port.postMessage({ id, memory, ...result } satisfies ChunkResult, [memory]));
  });

  type Outcome = { readonly text: string } | { readonly failure: unknown };

  async function evaluate({ file, memory, length, line, isCut }: ChunkTask): Promise<Outcome> {
    try {
      const chunk = { bytes: Buffer.from(memory, 0, length), line, isCut };
      const items = await (await evaluator).chunkItems(file, chunk);
      return { text: items.map(itemText).join('') };
    } catch (failure) {
      return { failure };
    }
  }
}
