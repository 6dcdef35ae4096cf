/** A thread that evaluates chunks of recordings, as this thread sees it. */
import { Worker } from 'node:worker_threads';
import type { ChunkMemory } from '../../files/chunk-memory.ts';
import type { LineChunk } from '../../files/recording-chunks.ts';
import type { EvaluatorSettings } from './evaluator.ts';

export interface ChunkTask extends Omit<LineChunk, 'bytes'> {
  readonly id: number;
  readonly file: string;
  readonly memory: ArrayBuffer;
  /** Of the chunk, at the start of the memory. */
  readonly length: number;
}

/** Reads the lines of type `repeats` of a file. */
export interface RepeatsTask {
  readonly id: number;
  readonly repeatsOf: string;
}

export type Task = ChunkTask | RepeatsTask;

/** `memory`: of the chunk. `text`: of items (items.ts). */
export type TaskResult = Pick<Task, 'id'> & { readonly memory?: ArrayBuffer | undefined } & (
    | { readonly text: string }
    | { readonly failure: unknown }
  );

/** The first task of each thread. Its result says that the thread is ready. */
export const START = 0;

export interface Thread {
  /** How many chunks wait for it; Infinity: chunks would wait for something else as well. */
  load(): number;
  /** Both resolve with the text of items. */
  evaluate(file: string, chunk: LineChunk): Promise<string>;
  repeatsOf(file: string): Promise<string>;
  end(): Promise<void>;
}

/** In the bundle, the thread is a file beside the others. */
const FILE = import.meta.url.endsWith('.ts') ? './worker.ts' : './replay-worker.js';
/** With 8, a thread spends a third of its time on garbage. */
const YOUNG_GENERATION_MB = 16;

interface BegunTask extends PromiseWithResolvers<string> {
  readonly isChunk: boolean;
}

export function startThread(settings: EvaluatorSettings, memory: ChunkMemory): Thread {
  const worker = new Worker(new URL(FILE, import.meta.url), {
    workerData: settings,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  const tasks = new Map<number, BegunTask>();
  let failure: Error | undefined;
  const begin = (id: number, isChunk: boolean): Promise<string> => {
    const task = { ...Promise.withResolvers<string>(), isChunk };
    if (failure === undefined) tasks.set(id, task);
    else task.reject(failure);
    return task.promise;
  };
  worker.on('message', (result: TaskResult) => {
    const task = tasks.get(result.id);
    tasks.delete(result.id);
    if (result.memory !== undefined) memory.giveBack(result.memory);
    if ('text' in result) task?.resolve(result.text);
    else task?.reject(result.failure);
  });
  worker.on('error', (error: Error) => {
    failure = error;
    for (const task of tasks.values()) task.reject(error);
    tasks.clear();
  });
  // Other tasks report its failure.
  begin(START, false).catch(() => undefined);
  let lastId = START;
  return {
    load: () => (failure === undefined && [...tasks.values()].every(({ isChunk }) => isChunk) ? tasks.size : Infinity),
    evaluate(file, { bytes: { buffer, length }, line, isCut }) {
      lastId += 1;
      const evaluated = begin(lastId, true);
      worker.postMessage({ id: lastId, file, line, isCut, memory: buffer, length } satisfies Task, [buffer]);
      return evaluated;
    },
    repeatsOf(file) {
      lastId += 1;
      const read = begin(lastId, false);
      worker.postMessage({ id: lastId, repeatsOf: file } satisfies Task, []);
      return read;
    },
    async end() {
      await worker.terminate();
      // Nobody reads them any more.
      for (const task of tasks.values()) task.resolve('');
    },
  };
}
