/** A thread that evaluates chunks of recordings. Its messages are those of pool.ts. */
import { parentPort, workerData } from 'node:worker_threads';
import { createEvaluator, type EvaluatorSettings } from './evaluator.ts';
import { itemText } from './items.ts';
import type { ChunkTask, ChunkResult } from './pool.ts';

async function main(port: NonNullable<typeof parentPort>, settings: EvaluatorSettings): Promise<void> {
  const evaluator = createEvaluator(settings);
  // A failure belongs to the tasks.
  evaluator.catch(() => undefined);
  port.on('message', ({ id, file, chunk }: ChunkTask) => {
    void evaluate(file, chunk).then((result) => port.postMessage({ id, ...result } satisfies ChunkResult));
  });

  type Outcome = { readonly text: string } | { readonly failure: unknown };

  async function evaluate(file: string, chunk: ChunkTask['chunk']): Promise<Outcome> {
    try {
      // A transfer makes a Buffer a Uint8Array.
      const bytes = Buffer.from(chunk.bytes.buffer);
      const items = await (await evaluator).chunkItems(file, { ...chunk, bytes });
      return { text: items.map(itemText).join('') };
    } catch (failure) {
      return { failure };
    }
  }
}

// The pool passes them.
if (parentPort !== null) await main(parentPort, workerData as EvaluatorSettings);
