/** Evaluates chunks in threads. */
import { Worker } from 'node:worker_threads';
import { type ChunkMemory, createChunkMemory } from '../../files/chunk-memory.ts';
import type { LineChunk } from '../../files/recording-chunks.ts';
import type { Evaluator, EvaluatorSettings } from './evaluator.ts';
import type { ItemChunk } from './items.ts';

export interface ChunkTask extends Omit<LineChunk, 'bytes'> {
  readonly id: number;
  readonly file: string;
  readonly memory: ArrayBuffer;
  /** Of the chunk, at the start of the memory. */
  readonly length: number;
}

export type ChunkResult = Pick<ChunkTask, 'id' | 'memory'> &
  ({ readonly text: string } | { readonly failure: unknown });

export interface ChunkEvaluator {
  /** Chunks to read before the result of the first of them is needed. */
  readonly ahead: number;
  /** Of the chunks: `evaluate` gives it back. */
  readonly memory: ChunkMemory;
  evaluate(file: string, chunk: LineChunk): Promise<ItemChunk>;
  /** Starts the threads before the first chunks are evaluated: there will be many. */
  start(): void;
  close(): Promise<void>;
}

/** Threads cost their start, so the first chunks are evaluated here. */
const FIRST_BYTES = 4 * 1024 * 1024;
/** Chunks that wait for each thread. More are evaluated here, so that this thread never waits for the others. */
const QUEUE = 2;

/** `jobs`: how many threads evaluate, with this one. */
export function chunkEvaluator(evaluator: Evaluator, settings: EvaluatorSettings, jobs: number): ChunkEvaluator {
  const memory = createChunkMemory();
  let bytes = 0;
  let threads: readonly Thread[] = [];
  const start = (): void => {
    if (threads.length === 0) threads = Array.from({ length: jobs - 1 }, () => startThread(settings, memory));
  };
  const idle = (): Thread | undefined => {
    if (bytes > FIRST_BYTES) start();
    const [first, ...others] = threads;
    const least = first && others.reduce((one, other) => (other.tasks.size < one.tasks.size ? other : one), first);
    return least !== undefined && least.tasks.size < QUEUE ? least : undefined;
  };
  const evaluateHere = async (file: string, chunk: LineChunk): Promise<ItemChunk> => {
    const items = await evaluator.chunkItems(file, chunk);
    memory.giveBack(chunk.bytes.buffer);
    return items;
  };
  return {
    ahead: jobs < 2 ? 0 : (QUEUE + 1) * jobs,
    memory,
    evaluate(file, chunk) {
      bytes += chunk.bytes.length;
      return idle()?.evaluate(file, chunk) ?? evaluateHere(file, chunk);
    },
    start,
    async close() {
      await Promise.all(threads.map(async ({ worker }) => worker.terminate()));
    },
  };
}

interface Thread {
  readonly worker: Worker;
  readonly tasks: ReadonlyMap<number, PromiseWithResolvers<string>>;
  evaluate(file: string, chunk: LineChunk): Promise<string>;
}

/** In the bundle, the thread is a file beside the others. */
const FILE = import.meta.url.endsWith('.ts') ? './worker.ts' : './replay-worker.js';
/** With 8, a thread spends a third of its time on garbage. */
const YOUNG_GENERATION_MB = 16;

function startThread(settings: EvaluatorSettings, memory: ChunkMemory): Thread {
  const worker = new Worker(new URL(FILE, import.meta.url), {
    workerData: settings,
    resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
  });
  const tasks = new Map<number, PromiseWithResolvers<string>>();
  let id = 0;
  worker.on('message', (result: ChunkResult) => {
    const task = tasks.get(result.id);
    tasks.delete(result.id);
    memory.giveBack(result.memory);
    if ('text' in result) task?.resolve(result.text);
    else task?.reject(result.failure);
  });
  worker.on('error', (error) => {
    for (const task of tasks.values()) task.reject(error);
    tasks.clear();
  });
  return {
    worker,
    tasks,
    evaluate(file, { bytes, line, isCut }) {
      const task = Promise.withResolvers<string>();
      id += 1;
      tasks.set(id, task);
      const { buffer, length } = bytes;
      worker.postMessage({ id, file, line, isCut, memory: buffer, length } satisfies ChunkTask, [buffer]);
      return task.promise;
    },
  };
}
