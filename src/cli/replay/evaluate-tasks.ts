/** Evaluates chunks of recordings in a thread. Its messages are those of thread.ts. */
import type { MessagePort } from 'node:worker_threads';
import { createEvaluator, type EvaluatorSettings } from './evaluator.ts';
import { itemText } from './items.ts';
import { ownRepeats } from './shard-lines.ts';
import { type ChunkTask, START, type Task, type TaskResult } from './thread.ts';

export function evaluateTasks(port: MessagePort, settings: EvaluatorSettings): void {
  const evaluator = createEvaluator(settings);
  const send = (result: TaskResult): void =>
    port.postMessage(result, result.memory === undefined ? [] : [result.memory]);
  // A failure belongs to the tasks.
  const start = (): void => send({ id: START, text: '' });
  evaluator.then(start, start);
  port.on('message', (task: Task) => {
    const { id } = task;
    const [memory, text] = 'memory' in task ? [task.memory, evaluate(task)] : [undefined, repeatsText(task.repeatsOf)];
    text.then(
      (items) => send({ id, memory, text: items }),
      (failure: unknown) => send({ id, memory, failure }),
    );
  });

  async function evaluate({ file, memory, length, line, isCut }: ChunkTask): Promise<string> {
    const chunk = { bytes: Buffer.from(memory, 0, length), line, isCut };
    const items = await (await evaluator).chunkItems(file, chunk);
    return items.map(itemText).join('');
  }

  async function repeatsText(file: string): Promise<string> {
    const texts: string[] = [];
    for await (const { of, count, first, last } of ownRepeats(file, settings.shard))
      texts.push(itemText({ repeats: { of, count, first, last } }));
    return texts.join('');
  }
}
